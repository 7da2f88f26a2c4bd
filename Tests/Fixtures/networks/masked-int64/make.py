"""The network of ../masked with its mask as integers, 1 and 0."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


masked = sibling("masked")


class Encoder(masked.Encoder):
    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids, attention_mask.bool())


def problem():
    found = masked.problem()
    found.module = Encoder()
    for arrays in (found.arrays, found.test):
        arrays["attention_mask"] = arrays["attention_mask"].astype(np.int64)
    return found


if __name__ == "__main__":
    make(__file__, problem)
