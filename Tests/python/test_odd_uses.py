"""Odd uses of the module: each is right, or refused in words: python -m unittest discover Tests/python"""
import contextlib
import copy
import io
import multiprocessing
import os
import pathlib
import sys
import tempfile
import threading
import unittest

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

try:
    import landscape_sharpness as landscape
except ImportError:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources/Python"))
    import landscape_sharpness as landscape

X, Y = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 3


def network(scale=1.0):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    with torch.no_grad():
        model[0].weight *= scale
    return model


def problem(model=None, data=(X, Y), loss="cross-entropy", **settings):
    return landscape.Problem(network() if model is None else model, data, loss, **{"progress": False, "remarks": False, **settings})


class Buffered(nn.Module):
    """A layer with buffers that it reads, and one that it counts with."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.register_buffer("order", torch.arange(6))
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        self.seen = self.seen + 1
        return self.layer(x[:, self.order])


class Detaching(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        with torch.no_grad():
            hidden = torch.tanh(self.first(x))
        return self.last(hidden)


class Examples(IterableDataset):
    def __iter__(self):
        return iter(zip(X, Y))


class OtherData(unittest.TestCase):
    def check(self, found, model, x=X[:9], y=Y[:9]):
        self.assertAlmostEqual(found.loss, F.cross_entropy(model(x), y).item(), places=6)

    def test_kinds(self):
        model = network()
        x, y = X[:9], Y[:9]
        named = problem(model)
        own = problem(model, loss=lambda model, batch: F.cross_entropy(model(batch[0]), batch[1], reduction="none"))
        for p in (named, own):
            for data in ((x, y), (x.double().numpy(), y.int()), TensorDataset(x, y), DataLoader(TensorDataset(x, y), 4)):
                self.check(p.evaluate(data=data), model)
        p = problem(model, {"input": X, "class": Y}, target="class")
        self.check(p.evaluate(data={"class": y, "input": x}), model)
        for data in ({"input": x}, (x, y), {"input": x[:, :5], "class": y}):
            with self.assertRaisesRegex(ValueError, "data: "):
                p.evaluate(data=data)

    def test_several_inputs_and_pixels(self):
        class Two(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(6, 3)

            def forward(self, pixels, scale):
                return self.layer(pixels.float() / 255) * scale

        model, pixels, scale = Two(), torch.randint(0, 255, (50, 6), dtype=torch.uint8), torch.rand(50, 3)
        p = problem(model, ((pixels, scale), Y))
        found = p.evaluate(data=((pixels[:9], scale[:9]), Y[:9]))
        self.assertAlmostEqual(found.loss, F.cross_entropy(model(pixels[:9], scale[:9]), Y[:9]).item(), places=6)


class Data(unittest.TestCase):
    def test_iterable_of_examples(self):
        model = network()
        self.assertAlmostEqual(problem(model, Examples()).evaluate().loss, F.cross_entropy(model(X), Y).item(), places=6)

    def test_lists(self):
        model = network()
        self.assertAlmostEqual(problem(model, (X.tolist(), Y.tolist())).evaluate().loss, F.cross_entropy(model(X), Y).item(), places=6)
        with self.assertRaisesRegex(TypeError, "DataLoader"):
            problem(model, list(zip(X, Y)))


class Losses(unittest.TestCase):
    def test_refusals(self):
        for loss, words in [(F.cross_entropy, "cross_entropy"), (nn.CrossEntropyLoss, "CrossEntropyLoss()"), (5, "found 5")]:
            with self.assertRaises(TypeError) as caught:
                problem(loss=loss)
            self.assertIn(words, str(caught.exception))
        with self.assertRaisesRegex(landscape.LandscapeError, "no derivatives"):
            problem(loss=lambda model, batch: model(batch[0]).argmax(1))

    def test_other_derivatives_than_torch_are_told(self):
        for model, told in [(Detaching(), True), (network(), False)]:
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                problem(model, remarks=True)
            self.assertEqual("differs from torch's" in said.getvalue(), told, said.getvalue())
        model, said = network(), io.StringIO()
        with contextlib.redirect_stderr(said), torch.inference_mode():
            problem(model, remarks=True)
            problem(network(), remarks=True)
        self.assertNotIn("differs", said.getvalue())


    def test_yes_or_no_targets(self):
        model, expected = network(), F.binary_cross_entropy_with_logits(network()(X), (X[:, :3] > 0).float()).item()
        for target in (X[:, :3] > 0, (X[:, :3] > 0).int(), (X[:, :3] > 0).float()):
            self.assertAlmostEqual(problem(model, (X, target), nn.BCEWithLogitsLoss()).evaluate().loss, expected, places=6)


class State(unittest.TestCase):
    def test_buffers_are_as_before(self):
        model = Buffered()
        problem(model)
        self.assertEqual((model.calls.item(), model.seen.item()), (0, 0))

    def test_update_refuses_changed_constants(self):
        model = Buffered()
        p = problem(model)
        p.update(model)
        model.order.copy_(model.order.flip(0))
        for other in (model, model.state_dict()):
            with self.assertRaisesRegex(landscape.LandscapeError, "order has changed"):
                p.update(other)
        with self.assertRaisesRegex(TypeError, "found list"):
            p.update(list(model.parameters()))


class Files(unittest.TestCase):
    def test_copies_do_not_mix(self):
        one = problem()
        other = copy.deepcopy(one)
        found = one.hessian(save_vectors=True)
        gradient = other.gradient().gradient
        vector = found.eigenvectors[0]
        self.assertFalse(np.array_equal(vector["0.weight"], gradient["0.weight"]))
        del other
        self.assertAlmostEqual(one.hessian(along=vector).along.quadratic_form, found.eigenvalues[0], places=4)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_forked_processes(self):
        p = problem()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found = pool.map(_Radius(p), [0.01, 0.02, 0.03, 0.04])
        self.assertEqual(found, [0.01, 0.02, 0.03, 0.04])
        process = os.fork()
        if process == 0:
            p._folder = None  # The last reference in the child.
            os._exit(0)
        os.waitpid(process, 0)
        self.assertTrue(os.path.exists(p.path))

    def test_one_folder_for_two_problems(self):
        with tempfile.TemporaryDirectory() as folder:
            first = problem(folder=folder)
            second = problem(network(3), folder=folder)
            second.evaluate()
            for action in (first.evaluate, lambda: first.save(folder + "/saved.bin"), lambda: landscape.interpolate(first, second)):
                with self.assertRaisesRegex(landscape.LandscapeError, "another problem"):
                    action()

    def test_relative_folder(self):
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                p = problem(folder="a b,c")
            finally:
                os.chdir(before)
            p.evaluate()
            path = os.path.join(folder, "v,1.npy")
            found = p.hessian(save_vectors=path)
            for directions in (path, pathlib.Path(path), [path]):
                self.assertAlmostEqual(p.slice(points=3, directions=directions).curvature_hvp, found.eigenvalues[0], places=4)

    def test_names_of_files(self):
        with tempfile.TemporaryDirectory() as folder:
            p = problem()
            with self.assertRaisesRegex(ValueError, "its data go to that name"):
                p.save(folder + "/saved.npz")
            with self.assertRaisesRegex(ValueError, "json"):
                p.hessian().save(folder + "/hessian.npz")

    def test_threads(self):
        found, stdout = {}, sys.stdout
        # Made here: the seed of torch's random numbers is one for all threads.
        networks = {scale: network(scale) for scale in (1, 2, 3)}

        def run(scale):
            found[scale] = problem(networks[scale]).evaluate().loss

        threads = [threading.Thread(target=run, args=(scale,)) for scale in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIs(sys.stdout, stdout)
        for scale in (1, 2, 3):
            self.assertAlmostEqual(found[scale], F.cross_entropy(networks[scale](X), Y).item(), places=6)


class _Radius:
    def __init__(self, p):
        self.p = p

    def __call__(self, rho):
        return self.p.sharpness(rho=rho).rho


class Options(unittest.TestCase):
    def test_numbers_of_any_kind(self):
        p = problem()
        expected = p.sharpness(rho=[0.25, 0.5]).worst_case.lower_bound
        for rho in (torch.tensor([0.25, 0.5]), [torch.tensor(0.25), np.float32(0.5)], np.array([0.25, 0.5])):
            np.testing.assert_array_equal(p.sharpness(rho=rho).worst_case.lower_bound, expected)
        self.assertEqual(p.sharpness(rho=np.array(0.25)).worst_case.lower_bound, expected[0])
        for points in (5, np.int64(5), torch.tensor(5), 5.0):
            self.assertEqual(len(p.slice(points=points, x_range=torch.tensor([-1.0, 1.0])).loss), 5)

    def test_refusals(self):
        p = problem()
        for options in ({"points": 5.5}, {"points": (3.5, 4)}, {"x_range": 1}, {"x_range": (1, 2, 3)}, {"include_1d": "no"}):
            with self.assertRaisesRegex(TypeError, next(iter(options))):
                p.slice(**options)


class Tracked(unittest.TestCase):
    def test_measures_with_other_options(self):
        model = network()
        p = problem(model)
        with tempfile.TemporaryDirectory() as folder:
            with landscape.Tracker(p, every=1, folder=folder, model=model, measures={"sharpness": {"rho": 0.05}}) as tracker:
                tracker.step()
            found = landscape.Trajectory(folder)
            column = "sharpness.worst_case.lower_bound"
            before = found.table[column][0]
            found.measure({"sharpness": {"rho": 0.1}}, progress=False)
            self.assertAlmostEqual(found.table[column][0], p.sharpness(rho=0.1).worst_case.lower_bound, places=6)
            lines = pathlib.Path(folder, "measures.csv").read_text()
            found.measure({"sharpness": {"rho": 0.1}}, progress=False)
            self.assertEqual(pathlib.Path(folder, "measures.csv").read_text(), lines)
            found.measure({"sharpness": {"rho": [0.1, 0.2]}}, progress=False)
            self.assertTrue(np.isnan(found.table[column][0]))
            found.measure(progress=False)
            self.assertAlmostEqual(found.table[column][0], before, places=6)  # By another number of threads.


if __name__ == "__main__":
    unittest.main()
