"""A network in half precision: the graph computes in Float16 throughout. The numbers are of its Float16 weights, computed in
Float64."""
import copy, pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def rounded(module):
    with torch.no_grad():
        for value in module.parameters():
            value.copy_(value.half())


def export_half(problem, path):
    export(problem, path, copy.deepcopy(problem.module).half(), torch.float16)


def problem():
    rng = np.random.default_rng(24)
    x = coarse(rng.standard_normal((32, 2, 4, 4)), 1 / 4)
    labels = np.digitize(x[:, 0].mean((1, 2)) - x[:, 1, :2].mean((1, 2)), [-0.2, 0.2])
    module = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3))
    found = classes(module, {"x": x.astype(np.float32), "labels": labels}, ["x"], "--precision double", tolerance=0.01, steps=10)
    found.rounding, found.export = rounded, export_half
    return found


if __name__ == "__main__":
    make(__file__, problem)
