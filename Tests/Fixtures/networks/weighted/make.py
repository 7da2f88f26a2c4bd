"""Regression with a weight for each element of the targets: Σ w·(f − y)² by Σ w. Some weights are 0."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def weighted(z, data):
    return (data["weight"] * (z - data["y"]) ** 2).sum() / data["weight"].sum()


def data(seed, count):
    rng = np.random.default_rng(seed)
    x = coarse(rng.standard_normal((count, 4)))
    y = coarse(np.stack([np.sin(x[:, 0]), x[:, 1] * x[:, 2]], 1) + 0.3 * rng.standard_normal((count, 2)))
    weight = coarse(rng.gamma(1.0, 1.0, (count, 2)))
    weight[rng.random((count, 2)) < 0.2] = 0
    return {"x": x, "y": y, "weight": weight}


def problem():
    module = nn.Sequential(nn.Linear(4, 10), nn.SiLU(), nn.Linear(10, 2))
    return with_prediction(module, data(12, 30), ["x"], "--loss mse", weighted, test=data(112, 12))


if __name__ == "__main__":
    make(__file__, problem)
