"""SAM and ASAM of landscape_sharpness.torch: the same steps as `landscape train`, and what users expect of an optimizer of torch.

    LANDSCAPE=PROGRAM PYTHONPATH=Sources/Python python -m unittest discover Tests/python
"""
import copy
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Python"))
try:
    import torch
    from torch import nn
except ImportError:
    raise unittest.SkipTest("torch is not installed")

from landscape_sharpness import program
from landscape_sharpness.torch import ASAM, SAM, disable_running_stats, enable_running_stats


def network(dtype=torch.float64):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 3)).to(dtype)


def data(dtype=torch.float64):
    torch.manual_seed(2)
    return torch.randn(40, 6, dtype=dtype), torch.randint(0, 3, (40,))


def closure_of(model, optimizer, X, y):
    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X), y)
        loss.backward()
        return loss
    return closure


def flat(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


class SameAsTheProgram(unittest.TestCase):
    """Step by step from the same weights, in Float64."""

    STEPS = 8

    def train(self, folder, *words):
        X, y = data()
        np.savez(folder / "data.npz", x=X.numpy(), y=y.numpy())
        subprocess.run(
            [program(), "train", "--model", "mlp:6-9-3", "--activation", "tanh", "--data", "npz:data.npz", "--precision", "double",
             "--batch-size", "40", "--epochs", str(self.STEPS), "--save-every", "1", "--schedule", "constant", "--lr", "0.1",
             "--momentum", "0.9", "--weight-decay", "0.01", "--seed", "3", "--quiet", *words, "-o", "c.bin"],
            cwd=folder, check=True, capture_output=True)
        series = []
        for step in range(self.STEPS + 1):
            subprocess.run(
                [program(), "export", f"c.epoch{step:03d}.bin", "-o", "w.npz", "--quiet"], cwd=folder, check=True, capture_output=True)
            with np.load(folder / "w.npz") as file:
                series.append([torch.from_numpy(file[name]) for name in ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")])
        return series

    def deviation(self, optimizer, words, **settings):
        with tempfile.TemporaryDirectory() as folder:
            series = self.train(pathlib.Path(folder), *words)
        model, (X, y) = network(), data()
        with torch.no_grad():
            for p, start in zip(model.parameters(), series[0]):
                self.assertEqual(start.dtype, torch.float64)
                p.copy_(start)
        own = optimizer(model.parameters(), torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=0.01, **settings)
        largest = 0.0
        for step in range(1, self.STEPS + 1):
            own.step(closure_of(model, own, X, y))
            largest = max(largest, *(float((p - q).abs().max()) for p, q in zip(model.parameters(), series[step])))
        moved = max(float((p - q).abs().max()) for p, q in zip(series[0], series[-1]))
        self.assertGreater(moved, 0.1)
        return largest

    def test_every_rule(self):
        for optimizer, words, settings in [
            (SAM, ["--optimizer", "sam"], {}),
            (SAM, ["--optimizer", "sam", "--rho", "0.3"], {"rho": 0.3}),
            (SAM, ["--optimizer", "sam", "--rho", "0.3", "--decay-in-ascent"], {"rho": 0.3, "decay_in_ascent": True}),
            (ASAM, ["--optimizer", "asam"], {}),
            (ASAM, ["--optimizer", "asam", "--rho", "1", "--eta", "0.1"], {"rho": 1.0, "eta": 0.1}),
            (ASAM, ["--optimizer", "asam", "--decay-in-ascent"], {"decay_in_ascent": True}),
        ]:
            with self.subTest(words=words):
                found = self.deviation(optimizer, words, **settings)
                print(f"{' '.join(words)}: largest deviation of {self.STEPS} steps {found:.1e}")
                self.assertLess(found, 1e-12)

    def test_the_comparison_can_fail(self):
        self.assertGreater(self.deviation(SAM, ["--optimizer", "sam", "--rho", "0.05"], rho=0.0501), 1e-8)
        self.assertGreater(self.deviation(ASAM, ["--optimizer", "asam", "--eta", "0.01"], eta=0.0101), 1e-8)


class AsTorch(unittest.TestCase):
    def test_two_halves_are_a_step(self):
        X, y = data()
        for kind in (SAM, ASAM):
            a, b = network(), network()
            one, two = (kind(m.parameters(), torch.optim.SGD, rho=0.2, lr=0.1, momentum=0.9) for m in (a, b))
            for _ in range(3):
                loss = one.step(closure_of(a, one, X, y))
                at = nn.functional.cross_entropy(b(X), y)
                self.assertEqual(loss.item(), at.item())
                two.zero_grad()
                at.backward()
                before = flat(b)
                two.first_step(zero_grad=True)
                self.assertTrue(all(p.grad is None for p in b.parameters()))
                climbed = flat(b) - before
                if kind is SAM:
                    self.assertAlmostEqual(float(climbed.norm()), 0.2, places=10)
                nn.functional.cross_entropy(b(X), y).backward()
                two.second_step(zero_grad=True)
                self.assertTrue(torch.equal(flat(a), flat(b)))

    def test_a_backward_pass_before_step_does_not_count(self):
        X, y = data()
        a, b = network(), network()
        one, two = (SAM(m.parameters(), lr=0.1) for m in (a, b))
        for _ in range(2):
            one.step(closure_of(a, one, X, y))
            nn.functional.cross_entropy(b(X), y).backward()
            two.step(closure_of(b, two, X, y))
        self.assertTrue(torch.equal(flat(a), flat(b)))

    def test_no_radius_is_the_base_optimizer(self):
        X, y = data()
        for base, settings in [(torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}), (torch.optim.AdamW, {"lr": 0.01})]:
            a, b = network(), network()
            one, two = SAM(a.parameters(), base, rho=0, **settings), base(b.parameters(), **settings)
            for _ in range(3):
                one.step(closure_of(a, one, X, y))
                closure_of(b, two, X, y)()
                two.step()
            self.assertTrue(torch.equal(flat(a), flat(b)))

    def test_groups(self):
        """Each group has its own ρ and learning rate; the norm is over all of them."""
        X, y = data()
        model = network()
        optimizer = SAM([
            {"params": model[0].parameters(), "rho": 0.1, "lr": 0.5}, {"params": [model[2].weight]}], rho=0.3, lr=0.1)
        optimizer.add_param_group({"params": [model[2].bias], "rho": 0.0})
        closure_of(model, optimizer, X, y)()
        total = torch.cat([p.grad.reshape(-1) for p in model.parameters()]).norm()
        before = [p.detach().clone() for p in model.parameters()]
        optimizer.first_step()
        for p, old, rho in zip(model.parameters(), before, (0.1, 0.1, 0.3, 0.0)):
            torch.testing.assert_close(p.detach() - old, rho * p.grad / total, rtol=1e-9, atol=1e-13)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), y).backward()
        optimizer.second_step()
        for p, old, lr in zip(model.parameters(), before, (0.5, 0.5, 0.1, 0.1)):
            torch.testing.assert_close(p.detach(), old - lr * p.grad)

    def test_frozen_and_absent_gradients(self):
        X, y = data()
        model = network()
        model[0].weight.requires_grad_(False)
        unused = nn.Parameter(torch.ones(2, dtype=torch.float64))
        optimizer = ASAM([*model.parameters(), unused], rho=0.5, lr=0.1)
        before = model[0].weight.clone()
        optimizer.step(closure_of(model, optimizer, X, y))
        self.assertTrue(torch.equal(model[0].weight, before) and torch.equal(unused, torch.ones(2, dtype=torch.float64)))
        # A gradient at θ alone: back to θ all the same.
        gate = [1.0]
        p, q = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
        optimizer = SAM([p, q], lr=0.1)

        def closure():
            loss = (p**2).sum() + ((q**2).sum() if gate[0] else 0)
            loss.backward()
            gate[0] = 0
            return loss

        optimizer.step(closure)
        self.assertTrue(torch.equal(q, torch.ones(3)) and not torch.equal(p, torch.ones(3)))

    def test_sparse_gradients(self):
        words = torch.tensor([1, 4, 1])
        for kind in (SAM, ASAM):
            found = []
            for sparse in (False, True):
                torch.manual_seed(0)
                table = nn.Embedding(6, 3, sparse=sparse, dtype=torch.float64)
                optimizer = kind(table.parameters(), torch.optim.SGD, rho=0.5, lr=0.1)

                def closure():
                    loss = (table(words) ** 3).sum()
                    loss.backward()
                    return loss

                for _ in range(3):
                    optimizer.step(closure)
                self.assertEqual(table.weight.grad.is_sparse, sparse)
                found.append(table.weight.detach().clone())
            torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)

    def test_state_dict(self):
        """Restored, it goes on to the same bits, with momentum, ρ and the learning rate of a schedule."""
        X, y = data()
        a = network()
        one = ASAM(a.parameters(), torch.optim.SGD, rho=0.4, eta=0.02, lr=0.1, momentum=0.9)
        for _ in range(3):
            one.step(closure_of(a, one, X, y))
        one.param_groups[0]["lr"] = 0.03
        b = copy.deepcopy(a)
        two = ASAM(b.parameters(), torch.optim.SGD, lr=0.5, momentum=0.1)
        two.load_state_dict(copy.deepcopy(one.state_dict()))
        self.assertEqual(two.param_groups[0]["rho"], 0.4)
        self.assertIs(two.param_groups, two.base_optimizer.param_groups)
        for _ in range(3):
            one.step(closure_of(a, one, X, y))
            two.step(closure_of(b, two, X, y))
        self.assertTrue(torch.equal(flat(a), flat(b)))

    def test_schedulers(self):
        X, y = data()
        model = network()
        optimizer = SAM(model.parameters(), torch.optim.SGD, lr=1.0, momentum=0.9)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
            for _ in range(3):
                closure_of(model, optimizer, X, y)()
                optimizer.first_step(zero_grad=True)
                nn.functional.cross_entropy(model(X), y).backward()
                optimizer.second_step()
                schedule.step()
            torch.optim.lr_scheduler.OneCycleLR(SAM(model.parameters(), lr=1.0, momentum=0.9), 0.1, total_steps=5)
        self.assertEqual(optimizer.base_optimizer.param_groups[0]["lr"], 0.125)

    def test_running_statistics(self):
        torch.manual_seed(0)
        X, y = data()
        for given in (True, False):
            model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)).double()
            optimizer = SAM(model.parameters(), rho=1.0, lr=0.1, model=model if given else None)
            h = model[0](X).detach()
            optimizer.step(closure_of(model, optimizer, X, y))
            expected = 0.1 * h.mean(0)
            self.assertEqual(torch.allclose(model[1].running_mean, expected, atol=1e-12), given)
            self.assertEqual(int(model[1].num_batches_tracked), 1 if given else 2)
            self.assertTrue(model[1].track_running_stats)
        disable_running_stats(model)
        before = model[1].running_var.clone()
        output = model(X)
        self.assertTrue(torch.equal(before, model[1].running_var))
        enable_running_stats(model)
        self.assertTrue(torch.equal(output, model(X)) and not torch.equal(before, model[1].running_var))

    def test_refusals(self):
        X, y = data()
        model = network()
        optimizer = SAM(model.parameters(), lr=0.1)
        with self.assertRaisesRegex(TypeError, "found no closure"):
            optimizer.step()
        with self.assertRaisesRegex(ValueError, "rho: found -1"):
            SAM(model.parameters(), rho=-1, lr=0.1)
        with self.assertRaisesRegex(ValueError, "eta: found -1"):
            ASAM([{"params": model.parameters(), "eta": -1}], lr=0.1)
        closure_of(model, optimizer, X, y)()
        before = flat(model)
        optimizer.first_step()
        with self.assertRaisesRegex(RuntimeError, "already"):
            optimizer.first_step()
        with self.assertRaisesRegex(RuntimeError, "second_step or restore"):
            optimizer.state_dict()
        optimizer.restore()
        self.assertTrue(torch.equal(flat(model), before))
        calls = []

        def closure():
            calls.append(1)
            if len(calls) == 2:
                raise KeyError("in the second pass")
            loss = nn.functional.cross_entropy(model(X), y)
            loss.backward()
            return loss

        with self.assertRaises(KeyError):
            optimizer.step(closure)
        self.assertTrue(torch.equal(flat(model), before))

    def test_scaled_losses(self):
        """The recipe for float16 with a GradScaler: ε does not depend on the loss's scale, and a step with overflow is left out."""
        X, y = data(torch.float32)
        a, b = network(torch.float32), network(torch.float32)
        one, two = (SAM(m.parameters(), rho=0.1, lr=0.1, momentum=0.9) for m in (a, b))
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        for step in range(4):
            before = flat(b)
            loss = nn.functional.cross_entropy(b(X), y) * (float("inf") if step == 2 else 1)
            two.zero_grad()
            scaler.scale(loss).backward()
            two.first_step(zero_grad=True)
            scaler.scale(nn.functional.cross_entropy(b(X), y)).backward()
            two.restore()
            scaler.step(two.base_optimizer)
            scaler.update()
            if step == 2:
                self.assertTrue(torch.equal(flat(b), before))
            else:
                one.step(closure_of(a, one, X, y))
        torch.testing.assert_close(flat(a), flat(b), rtol=1e-5, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
