"""The mean of |r|. Its Hessian is that of the network alone, and its Gauss–Newton matrix is 0."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    return with_prediction(
        network(2), two_real_targets(31), ["x"], "--loss l1", lambda z, data: nn.functional.l1_loss(z, data["y"]))


if __name__ == "__main__":
    make(__file__, problem)
