"""What the module says of torch modules, against torch's own numbers in Float64: python -m unittest discover Tests/python

The program is the one that the package finds, or $LANDSCAPE.
"""
import copy
import os
import pathlib
import signal
import sys
import tempfile
import threading
import unittest

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

try:
    import landscape_sharpness as landscape
except ImportError:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources/Python"))
    import landscape_sharpness as landscape


def curvature(model, loss, vector):
    """By torch: the loss, the largest eigenvalue of the dense Hessian (of fewer than 1500 parameters), and Hv of a unit vector."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    with sdpa_kernel(SDPBackend.MATH):  # The other kernels have no second derivatives.
        value = loss()
        first = torch.autograd.grad(value, parameters, create_graph=True, allow_unused=True, materialize_grads=True)
        flat = torch.cat([g.reshape(-1) for g in first])

        def product(vector):
            second = torch.autograd.grad(flat @ vector, parameters, retain_graph=True, allow_unused=True, materialize_grads=True)
            return torch.cat([g.reshape(-1) for g in second])

        names = [name for name, p in model.named_parameters() if p.requires_grad]
        along = product(torch.cat([torch.from_numpy(np.array(vector[name])).reshape(-1) for name in names]))
        if flat.numel() >= 1500:
            return value.item(), None, along
        hessian = torch.stack([product(row) for row in torch.eye(flat.numel(), dtype=flat.dtype)])
        return value.item(), torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1].item(), along


class Encoder(nn.Module):
    """A transformer over 13 tokens, 5 long: causal, or with a mask of padding."""

    def __init__(self, causal, width=8):
        super().__init__()
        self.causal = causal
        self.embedding = nn.Embedding(13, width)
        self.position = nn.Parameter(torch.randn(1, 5, width) * 0.1)
        self.layer = nn.TransformerEncoderLayer(width, 2, 12, batch_first=True, dropout=0.1)
        self.head = nn.Linear(width, 13, bias=False)
        if causal:
            self.head.weight = self.embedding.weight

    def forward(self, tokens, mask=None):
        hidden = self.embedding(tokens) + self.position
        if self.causal:
            future = torch.triu(torch.full((5, 5), float("-inf"), dtype=hidden.dtype), 1)
            return self.head(self.layer(hidden, src_mask=future))
        hidden = self.layer(hidden, src_key_padding_mask=mask)
        kept = (~mask).unsqueeze(-1)
        return self.head((hidden * kept).sum(1) / kept.sum(1))


class Adapted(nn.Module):
    """A frozen layer with a low-rank adapter (arXiv 2106.09685)."""

    def __init__(self, base):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Parameter(torch.randn(2, base.in_features) * 0.3)
        self.lora_B = nn.Parameter(torch.randn(base.out_features, 2) * 0.3)

    def forward(self, x):
        return self.base(x) + 2 * x @ self.lora_A.T @ self.lora_B.T


class VAE(nn.Module):
    """A variational autoencoder (arXiv 1312.6114) whose noise comes with the data."""

    def __init__(self):
        super().__init__()
        self.encoder, self.mean, self.log_variance, self.decoder = nn.Linear(6, 8), nn.Linear(8, 2), nn.Linear(8, 2), nn.Linear(2, 6)

    def forward(self, x, noise):
        hidden = torch.tanh(self.encoder(x))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        return self.decoder(mean + noise * (log_variance / 2).exp()), mean, log_variance


class Elementary(nn.Module):
    """Weight normalisation (arXiv 1602.07868) by elementary operations: torch's own has a wrong second derivative (2.15)."""

    def __init__(self, normalized):
        super().__init__()
        self.normalized = normalized

    def forward(self, x):
        parametrization = self.normalized.parametrizations.weight
        v = parametrization.original1
        return F.linear(x, v * (parametrization.original0 / v.norm(dim=1, keepdim=True)), self.normalized.bias)


class AgainstTorch(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.x = torch.randn(60, 6, dtype=torch.float64)
        self.y = torch.randint(0, 3, (60,))

    def check(self, model, data, loss, by_torch, **settings):
        model.double().train()
        model_state = {name: value.clone() for name, value in model.state_dict().items()}
        next(iter(model.children()), model).eval()  # A mode of its own for one part.
        modes = [part.training for part in model.modules()]
        problem = landscape.Problem(model, data, loss, progress=False, **settings)
        self.assertEqual(modes, [part.training for part in model.modules()])
        for name, value in model.state_dict().items():
            self.assertTrue(torch.equal(value, model_state[name]), name)
        wanted = {name for name, p in model.named_parameters() if p.requires_grad}
        self.assertEqual(set(problem.shapes), wanted)
        model.eval()
        found = problem.hessian(top=1, tolerance=1e-6, save_vectors=True)
        vector = found.eigenvectors[0]
        value, largest, along = curvature(model, by_torch, vector)
        self.assertLess(abs(found.loss - value), 1e-12 * max(1, abs(value)))
        if largest is None:
            # An eigenvalue of H lies within the residual of λ.
            flat = torch.cat([torch.from_numpy(np.array(vector[name])).reshape(-1) for name in vector])
            self.assertLess(abs((flat @ along).item() - found.eigenvalues[0]), 1e-8 * found.eigenvalues[0])
            self.assertLess((along - found.eigenvalues[0] * flat).norm().item(), 1e-5 * found.eigenvalues[0])
        else:
            self.assertLess(abs(found.eigenvalues[0] - largest), 1e-8 * abs(largest))
        return problem

    def test_mlp(self):
        model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))
        self.check(model, (self.x, self.y), "cross-entropy", lambda: F.cross_entropy(model(self.x), self.y))

    def test_losses_of_torch(self):
        model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
        weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3], dtype=torch.float64), label_smoothing=0.1, ignore_index=2)
        numbers = torch.randn(60, 3, dtype=torch.float64)
        for loss, target in [
            (weighted, self.y), (nn.MSELoss(), numbers), (nn.HuberLoss(delta=0.5), numbers), (nn.SmoothL1Loss(beta=0.7), numbers),
            (nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2, 3], dtype=torch.float64)), (numbers > 0).double()),
        ]:
            with self.subTest(type(loss).__name__):
                self.check(model, (self.x, target), loss, lambda: loss(model(self.x), target))

    def test_batch_norm(self):
        model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 4)).double()
        images, labels = torch.randn(20, 1, 8, 8, dtype=torch.float64), torch.randint(0, 4, (20,))
        for _ in range(3):
            model(images)
        problem = self.check(model, (images, labels), "cross-entropy", lambda: F.cross_entropy(model(images), labels))
        roles = {tensor["name"]: tensor["role"] for tensor in problem.info["tensors"]}
        self.assertEqual(roles["1.running_mean"], "buffer")

    def test_resnet(self):
        from torchvision.models.resnet import BasicBlock, ResNet

        model = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=4).double()
        images, labels = torch.randn(8, 3, 16, 16, dtype=torch.float64), torch.randint(0, 4, (8,))
        for _ in range(2):
            model(images)
        self.check(model, (images, labels), "cross-entropy", lambda: F.cross_entropy(model(images), labels))

    def test_causal_transformer(self):
        model = Encoder(causal=True)
        tokens, labels = torch.randint(0, 13, (12, 5)), torch.randint(0, 13, (12, 5))
        labels[:, -1] = -100
        self.check(model, (tokens, labels), "cross-entropy", lambda: F.cross_entropy(model(tokens).transpose(1, 2), labels))

    def test_encoder_with_a_mask(self):
        model = Encoder(causal=False)
        tokens, labels = torch.randint(0, 13, (12, 5)), torch.randint(0, 13, (12,))
        mask = torch.arange(5)[None] >= torch.randint(2, 6, (12,))[:, None]
        data = {"tokens": tokens, "mask": mask, "labels": labels}
        self.check(model, data, "cross-entropy", lambda: F.cross_entropy(model(tokens, mask), labels))

    def test_vae(self):
        model, noise = VAE(), torch.randn(60, 2, dtype=torch.float64)

        def loss(model, batch):
            output, mean, log_variance = model(*batch)
            return ((output - batch[0]) ** 2).sum(1) - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1)

        self.check(model, (self.x, noise), loss, lambda: loss(model, (self.x, noise)).mean())
        with self.assertRaisesRegex(landscape.LandscapeError, "random numbers"):
            landscape.Problem(model, self.x, lambda m, x: loss(m, (x, torch.randn(len(x), 2, dtype=x.dtype))), progress=False)

    def test_contrastive(self):
        model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))
        other = self.x + 0.1 * torch.randn_like(self.x)

        def loss(model, batch):
            a, b = (F.normalize(model(part), dim=1) for part in batch)
            return F.cross_entropy(a @ b.T / 0.5, torch.arange(a.shape[0]))

        self.check(
            model, (self.x, other), loss,
            lambda: sum(loss(model, (self.x[i : i + 20], other[i : i + 20])) for i in (0, 20, 40)) / 3, batch_size=20)

    def test_adapters(self):
        model = nn.Sequential(Adapted(nn.Linear(6, 16)), nn.GELU(), Adapted(nn.Linear(16, 3)))
        problem = self.check(model, (self.x, self.y), "cross-entropy", lambda: F.cross_entropy(model(self.x), self.y))
        self.assertEqual(list(problem.shapes), ["0.lora_A", "0.lora_B", "2.lora_A", "2.lora_B"])

    def test_weight_and_spectral_norm(self):
        parametrizations = nn.utils.parametrizations
        model = nn.Sequential(
            parametrizations.weight_norm(nn.Linear(6, 8)), nn.Tanh(), parametrizations.spectral_norm(nn.Linear(8, 3))).double()
        spelled = nn.Sequential(Elementary(model[0]), *model[1:])
        self.check(model, (self.x, self.y), "cross-entropy", lambda: F.cross_entropy(spelled(self.x), self.y))

    def test_derivatives_inside(self):
        model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        points = torch.linspace(0, 1, 40, dtype=torch.float64).reshape(-1, 1)

        def loss(model, x):
            x = x.clone().requires_grad_()
            u = model(x)
            (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
            (bend,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
            return ((bend + 9 * torch.sin(3 * x)) ** 2).mean(1)

        self.check(model, points, loss, lambda: loss(model, points).mean())


class Data(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
        self.x, self.y = torch.randn(50, 6), torch.randint(0, 3, (50,))
        self.loss = F.cross_entropy(self.model(self.x), self.y).item()

    def loss_of(self, data, loss="cross-entropy"):
        return landscape.Problem(self.model, data, loss, progress=False).evaluate(precision="double").loss

    def test_kinds(self):
        dataset = torch.utils.data.TensorDataset(self.x, self.y)
        loader = torch.utils.data.DataLoader(dataset, 16, shuffle=True)
        for data in [
            (self.x, self.y), (self.x.double().numpy(), self.y.numpy().astype("int32")), {"input": self.x, "labels": self.y}, dataset,
            loader,
        ]:
            with self.subTest(type(data).__name__):
                self.assertAlmostEqual(self.loss_of(data), self.loss, places=6)
        self.assertAlmostEqual(
            self.loss_of({"a": self.x, "b": self.y}, lambda m, b: F.cross_entropy(m(b["a"]), b["b"])), self.loss, places=6)

    def test_refusals(self):
        for data, words in [
            ((self.x, self.y[:40]), "different numbers of examples"), (self.x, "inputs and a target"),
            ((["a"] * 50, self.y), "found str"), ({"input": self.x}, "no target"), ((self.x[:0], self.y[:0]), "no example"),
        ]:
            with self.subTest(words), self.assertRaisesRegex((TypeError, ValueError), words):
                landscape.Problem(self.model, data, "cross-entropy", progress=False)

    def test_place_of_a_branch(self):
        class Branching(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(6, 3)

            def forward(self, x):
                return self.layer(x) if x.sum() > 0 else -self.layer(x)

        with self.assertRaisesRegex(landscape.LandscapeError, r"test_problem\.py:\d+ .*torch\.where") as caught:
            landscape.Problem(Branching(), (self.x, self.y), "cross-entropy", progress=False)
        self.assertNotIn("\n", str(caught.exception))

    def test_another_loss_than_torch_is_refused(self):
        from landscape_sharpness import _export

        wrong = dict(_export._LOSSES, mse=lambda a, b: 2 * F.mse_loss(a, b))
        original, _export._LOSSES = _export._LOSSES, wrong
        try:
            with self.assertRaisesRegex(landscape.LandscapeError, "by torch"):
                landscape.Problem(nn.Linear(6, 1), (self.x, self.x[:, :1]), "mse", progress=False)
        finally:
            _export._LOSSES = original


class Results(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.manual_seed(0)
        cls.model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3)).double()
        cls.x, cls.y = torch.randn(80, 6, dtype=torch.float64), torch.randint(0, 3, (80,))
        cls.problem = landscape.Problem(
            cls.model, (cls.x, cls.y), "cross-entropy", test=(cls.x[:30], cls.y[:30]), progress=False, remarks=False)
        cls.model.eval()

    def test_vectors(self):
        found = self.problem.hessian(top=2, save_vectors=True)
        first, second = found.eigenvectors
        self.assertEqual({name: value.shape for name, value in first.items()}, {n: tuple(p.shape) for n, p in self.model.named_parameters()})
        along = self.problem.hessian(along=first, save_product=True)
        for name, value in along.product.items():
            np.testing.assert_allclose(value, found.eigenvalues[0] * first[name], atol=1e-3)
        self.assertAlmostEqual(along.along.quadratic_form, found.eigenvalues[0], places=8)
        along_plane = self.problem.slice(dims=2, points=5, directions=[first, second])
        self.assertAlmostEqual(along_plane.curvature_hvp, found.eigenvalues[0], places=6)
        for name, value in along_plane.directions[0].items():
            np.testing.assert_array_equal(value, first[name])
        size = sum(value.size for value in first.values())
        diagonal = self.problem.hessian(top=0, trace=True, diagonal=True, save_diagonal=True, probes=size)
        total = sum(value.sum() for value in diagonal.diagonal_by_parameter.values())
        self.assertAlmostEqual(total, diagonal.trace.value, places=9)
        norms = self.problem.gradient(by_example=True, save_norms=True)
        self.assertEqual(norms.example_norms.shape, (80,))
        self.assertAlmostEqual(float((np.asarray(norms.example_norms) ** 2).mean()), norms.by_example.mean_square, places=12)
        rates = self.problem.sharpness(measure=["critical", "directional"])
        self.assertAlmostEqual(rates.critical.value * rates.critical.rate, 2)
        loss = F.cross_entropy(self.model(self.x), self.y)
        for value, expected in zip(self.problem.gradient().gradient.values(), torch.autograd.grad(loss, list(self.model.parameters()))):
            np.testing.assert_allclose(value, expected, atol=1e-13)
        with self.assertRaisesRegex(ValueError, "nothing for"):
            self.problem.hessian(along={name: value for name, value in first.items() if name != "0.bias"})

    def test_slice(self):
        plane = self.problem.slice(dims=2, points=(5, 3), x_range=(-1, 1))
        self.assertEqual(plane.loss.shape, (3, 5))
        self.assertEqual((len(plane.alpha), len(plane.beta)), (5, 3))
        self.assertEqual(plane.loss[1, 2], plane.center)
        # The point at the end of both axes, by torch.
        state = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p += torch.from_numpy(plane.alpha[-1] * plane.directions[0][name] + plane.beta[-1] * plane.directions[1][name])
            there = F.cross_entropy(self.model(self.x), self.y).item()
            for name, p in self.model.named_parameters():
                p.copy_(state[name])
        self.assertAlmostEqual(plane.loss[-1, -1], there, places=12)

    def test_between_networks(self):
        """A shuffled copy is aligned to the bit, the mean of both is the network, and topology takes a slice as it is."""
        torch.manual_seed(1)
        plain = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
        other = copy.deepcopy(plain)
        order = torch.randperm(8)
        with torch.no_grad():
            other[0].weight.copy_(plain[0].weight[order])
            other[0].bias.copy_(plain[0].bias[order])
            other[2].weight.copy_(plain[2].weight[:, order])
        first, second = (
            landscape.Problem(model, (self.x, self.y), "cross-entropy", progress=False, remarks=False) for model in (plain, other))
        aligned = landscape.align(first, second)
        self.assertEqual(aligned.evaluate(precision="double").loss, first.evaluate().loss)
        self.assertEqual(aligned.found.distance, 0)
        # A second one leaves the first as it is.
        self.assertNotEqual(landscape.align(second, first).path, aligned.path)
        with tempfile.TemporaryDirectory() as folder:
            mean = landscape.average(first, aligned, o=f"{folder}/mean.bin")
            self.assertEqual(mean.evaluate(precision="double").loss, first.evaluate().loss)
            self.assertEqual(len(mean.found.parts), 2)
            compared = landscape.compare(aligned, mean, measures="lambda_max", points=3)
            self.assertEqual(compared.checkpoints[0].lambda_max, compared.checkpoints[1].lambda_max)
        surface = first.slice(dims=2, points=9)
        shape = landscape.topology(surface, error=0)
        self.assertEqual(shape.lowest, surface.loss.min())
        with tempfile.TemporaryDirectory() as folder:
            surface.save(f"{folder}/s.npz")
            self.assertEqual(landscape.topology(f"{folder}/s.npz", error=0).lowest, surface.loss.min())
            self.assertTrue(pathlib.Path(shape.save(f"{folder}/t.png")).stat().st_size > 1000)

    def test_saddle(self):
        """x²y-like by one hidden unit: θ = 0 is a saddle of its loss, and Float64 by default."""
        torch.manual_seed(2)
        model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Tanh(), nn.Linear(1, 1, bias=False))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(0.01)
        x = torch.randn(40, 1)
        problem = landscape.Problem(model, (x, torch.tanh(x)), "mse", progress=False, remarks=False)
        with tempfile.TemporaryDirectory() as folder:
            found = problem.saddle(save=f"{folder}/saddle.bin").saddle
            self.assertEqual((found.verdict, found.index), ("saddle", 1))
            self.assertLess(found.gradient_norm, 1e-9)
            saved = landscape.open(f"{folder}/saddle.bin", progress=False, remarks=False)
            self.assertEqual(saved.evaluate(precision="double").loss, found.loss)

    def test_radii(self):
        found = self.problem.sharpness(rho=[0.01, 0.05], measure="all", samples=5, box_repeats=1)
        self.assertEqual(found.worst_case.lower_bound.shape, (2,))
        self.assertLess(*found.worst_case.lower_bound)
        self.assertEqual(found.average_case.value.shape, (2,))
        self.assertGreater(found.keskar.value, 0)

    def test_pictures(self):
        found = self.problem.slice(points=5, width="3.25in")
        with tempfile.TemporaryDirectory() as folder:
            for suffix, start in [(".pdf", b"%PDF"), (".png", b"\x89PNG"), (".json", b"{"), (".npz", b"PK")]:
                path = found.save(f"{folder}/picture{suffix}")
                self.assertTrue(pathlib.Path(path).read_bytes().startswith(start))
        self.assertIn("<svg", found._repr_svg_())
        self.assertIn("curvature_hvp", found._repr_html_())
        self.assertIn("<table", self.problem.evaluate()._repr_html_())

    def test_update(self):
        before = self.problem.evaluate().loss
        with torch.no_grad():
            for p in self.model.parameters():
                p *= 1.25
            self.model[1].running_mean += 0.1
        try:
            expected = F.cross_entropy(self.model(self.x), self.y).item()
            self.assertAlmostEqual(self.problem.update(self.model).evaluate().loss, expected, places=12)
            self.assertNotAlmostEqual(before, expected, places=3)
            with tempfile.TemporaryDirectory() as folder:
                saved = self.problem.save(f"{folder}/saved.bin")
                self.assertAlmostEqual(landscape.open(saved, remarks=False).evaluate(precision="double").loss, expected, places=12)
        finally:
            with torch.no_grad():
                for p in self.model.parameters():
                    p /= 1.25
                self.model[1].running_mean -= 0.1
            self.problem.update(self.model)

    def test_measure(self):
        found = self.problem.measure(["hessian", "sharpness"])
        flat = found.to_dict()
        self.assertEqual(flat["hessian.eigenvalues.0"], found.hessian.eigenvalues[0])
        self.assertEqual(found.hessian.eigenvalues[0], self.problem.hessian().eigenvalues[0])
        self.assertEqual(found.sharpness.worst_case.lower_bound, self.problem.sharpness().worst_case.lower_bound)
        self.assertTrue(all(value is None or isinstance(value, (int, float)) for value in flat.values()))

    def test_interruption(self):
        def kept():
            return [name for name in os.listdir(os.path.dirname(self.problem.path)) if name.endswith(".unfinished")]

        # On a busy machine a run may end before the signal, or not have begun: then once more, with a longer one.
        for points in (201, 401, 601, 801):
            whole = self.problem.slice(dims=2, points=points)
            timer = threading.Timer(0.3 * whole.seconds + 0.1, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            try:
                self.problem.slice(dims=2, points=points)
            except landscape.LandscapeInterrupted as interrupted:
                if kept():
                    self.assertIn("resume=True", str(interrupted))
                    break
            finally:
                timer.cancel()
        else:
            self.fail("no run was interrupted")
        self.assertEqual(len(kept()), 1)
        np.testing.assert_array_equal(self.problem.slice(dims=2, points=points, resume=True).loss, whole.loss)

    def test_refusals(self):
        with self.assertRaisesRegex(TypeError, "did you mean top"):
            self.problem._analysis("hessian", {"tip": 3})
        with self.assertRaisesRegex(landscape.LandscapeError, "tolerance -1.0: expected") as caught:
            self.problem.hessian(tolerance=-1)
        self.assertNotIn("\n", str(caught.exception))
        with self.assertRaises(FileNotFoundError):
            landscape.open("missing.bin")


if __name__ == "__main__":
    unittest.main()
