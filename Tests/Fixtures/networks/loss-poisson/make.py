"""Poisson: the mean of exp(f) − y·f, with counts y and the logarithm of the rate f."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    rng, x = inputs(36)
    y = rng.poisson(np.exp(0.5 * x[:, :2] + 0.3 * x[:, 2:])).astype(np.float64)
    return with_prediction(
        network(2), {"x": x, "y": y}, ["x"], "--loss poisson",
        lambda z, data: nn.functional.poisson_nll_loss(z, data["y"]), output="log_rate")


if __name__ == "__main__":
    make(__file__, problem)
