"""A classifier of two classes whose output is p of class 1, of shape [n]."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


def logarithms(p):
    """log p of both classes."""
    return torch.stack([torch.log1p(-p), torch.log(p)], 1)


def problem():
    return variant(lambda z: torch.sigmoid(z).squeeze(1), k=1, logarithms=logarithms, options="--loss bce")


if __name__ == "__main__":
    make(__file__, problem)
