"""Negative log-likelihood of an output that is log p, by nn.LogSoftmax. Some labels are −100."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    rng, x = inputs(35)
    labels = np.digitize(x[:, 0] * x[:, 1] + 0.4 * rng.standard_normal(30), [-0.3, 0.3])
    labels[::6] = -100
    return Problem(
        network(3, ending=nn.LogSoftmax(1)), {"x": x, "labels": labels}, ["x"], ["log_probabilities"], "--loss nll",
        lambda found, data: nn.functional.nll_loss(found[0], data["labels"]), lambda found: found[0],
        lambda z, data: nn.functional.cross_entropy(z, data["labels"]))


if __name__ == "__main__":
    make(__file__, problem)
