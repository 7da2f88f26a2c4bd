"""Smooth L1 with β = 0.25: r²/(2β) below β, |r| − β/2 above."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    return with_prediction(
        network(2), two_real_targets(30), ["x"], "--loss smooth-l1:0.25",
        lambda z, data: nn.functional.smooth_l1_loss(z, data["y"], beta=0.25))


if __name__ == "__main__":
    make(__file__, problem)
