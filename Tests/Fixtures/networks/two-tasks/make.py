"""Two heads on one trunk: the graph takes the targets of both as inputs, and its output is each example's loss, the cross-entropy
of the first head and 0.3 times the squared error of the second."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


BALANCE = 0.3  # the exporter rounds it to Float32; what is meant is 0.3, and the numbers are those of 0.3


class TwoTasks(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 10), nn.Tanh())
        self.head_a, self.head_b = nn.Linear(10, 4), nn.Linear(10, 1)

    def forward(self, x, labels_a, target_b):
        h = self.trunk(x)
        first = nn.functional.cross_entropy(self.head_a(h), labels_a, reduction="none")
        second = (self.head_b(h).squeeze(1) - target_b) ** 2
        return first + BALANCE * second


def problem():
    rng = np.random.default_rng(7)
    x = coarse(rng.standard_normal((40, 6)))
    labels = 2 * (x[:, 0] + 0.3 * rng.standard_normal(40) > 0).astype(np.int64) + (x[:, 1] > 0)
    target = coarse(x[:, 2] * x[:, 3] + 0.3 * rng.standard_normal(40))
    arrays = {"x": x, "labels_a": labels, "target_b": target}
    return Problem(
        TwoTasks(), arrays, ["x", "labels_a", "target_b"], ["loss"], "--loss output:loss", lambda found, data: found[0].mean(),
        shapes_noted=False, tolerance=1e-7)


if __name__ == "__main__":
    make(__file__, problem)
