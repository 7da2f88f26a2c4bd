"""Binary cross-entropy of three logits each (several labels an example), targets 0 or 1."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    rng, x = inputs(33)
    y = (x[:, :3] + x[:, 1:] * x[:, :1] + 0.5 * rng.standard_normal((30, 3)) > 0).astype(np.float64)
    return with_prediction(
        network(3), {"x": x, "y": y}, ["x"], "--loss bce",
        lambda z, data: nn.functional.binary_cross_entropy_with_logits(z, data["y"]), output="logits")


if __name__ == "__main__":
    make(__file__, problem)
