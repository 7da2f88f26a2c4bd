"""A classifier whose softmax is over channels of N×K×1×1, squeezed afterwards."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


def problem():
    return variant(lambda z: torch.softmax(z[:, :, None, None], 1).squeeze(-1).squeeze(-1))


if __name__ == "__main__":
    make(__file__, problem)
