"""Regression with a weight for each element of the targets: Σ w·(f − y)² by Σ w. Some weights are 0."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def weighted(z, data):
    return (data["weight"] * (z - data["y"]) ** 2).sum() / data["weight"].sum()


def problem():
    rng = np.random.default_rng(12)
    x = coarse(rng.standard_normal((30, 4)))
    y = coarse(np.stack([np.sin(x[:, 0]), x[:, 1] * x[:, 2]], 1) + 0.3 * rng.standard_normal((30, 2)))
    weight = coarse(rng.gamma(1.0, 1.0, (30, 2)))
    weight[rng.random((30, 2)) < 0.2] = 0
    return with_prediction(
        nn.Sequential(nn.Linear(4, 10), nn.SiLU(), nn.Linear(10, 2)), {"x": x, "y": y, "weight": weight}, ["x"], "--loss mse", weighted)


if __name__ == "__main__":
    make(__file__, problem)
