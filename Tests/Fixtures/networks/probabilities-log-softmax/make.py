"""A classifier with log-softmax written out: its output is log p."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


def problem():
    return variant(lambda z: z - torch.log(torch.exp(z).sum(1, keepdim=True)), logarithms=lambda p: p, output="log_probabilities")


if __name__ == "__main__":
    make(__file__, problem)
