"""A classifier whose probabilities are clipped at 2⁻²⁰, which none of them reaches."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


def problem():
    return variant(lambda z: torch.clamp(torch.softmax(z, 1), 2.0 ** -20, 1 - 2.0 ** -20))


if __name__ == "__main__":
    make(__file__, problem)
