"""Binary cross-entropy of one logit of shape [n, 1], targets 0 or 1 of shape [n]."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    rng, x = inputs(34)
    y = (x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * rng.standard_normal(30) > 0).astype(np.float64)
    return with_prediction(
        network(1), {"x": x, "y": y}, ["x"], "--loss bce",
        lambda z, data: nn.functional.binary_cross_entropy_with_logits(z.squeeze(1), data["y"]), output="logits")


if __name__ == "__main__":
    make(__file__, problem)
