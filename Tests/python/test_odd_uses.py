"""Odd uses of the module: each is right, or refused in words: python -m unittest discover Tests/python"""
import pathlib
import sys
import unittest

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import IterableDataset

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


class Examples(IterableDataset):
    def __iter__(self):
        return iter(zip(X, Y))


class Data(unittest.TestCase):
    def test_iterable_of_examples(self):
        model = network()
        self.assertAlmostEqual(problem(model, Examples()).evaluate().loss, F.cross_entropy(model(X), Y).item(), places=6)

    def test_lists(self):
        model = network()
        self.assertAlmostEqual(problem(model, (X.tolist(), Y.tolist())).evaluate().loss, F.cross_entropy(model(X), Y).item(), places=6)
        with self.assertRaisesRegex(TypeError, "DataLoader"):
            problem(model, list(zip(X, Y)))


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


if __name__ == "__main__":
    unittest.main()
