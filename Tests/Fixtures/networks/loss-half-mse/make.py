"""Half the mean of r²."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    return with_prediction(
        network(2), two_real_targets(32), ["x"], "--loss half-mse", lambda z, data: 0.5 * nn.functional.mse_loss(z, data["y"]))


if __name__ == "__main__":
    make(__file__, problem)
