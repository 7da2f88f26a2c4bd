"""A classifier of two classes with one logit: its output is [1 − p, p]."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


def columns(z):
    p = torch.sigmoid(z)
    return torch.cat([1 - p, p], 1)


def problem():
    return variant(columns, k=1)


if __name__ == "__main__":
    make(__file__, problem)
