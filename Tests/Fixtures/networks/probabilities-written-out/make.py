"""A classifier with softmax written out: exponentials by their sum."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


def softmax(z):
    e = torch.exp(z - z.max(1, keepdim=True).values)
    return e / e.sum(1, keepdim=True)


def problem():
    return variant(softmax)


if __name__ == "__main__":
    make(__file__, problem)
