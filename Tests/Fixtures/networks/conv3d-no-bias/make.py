"""The network of ../conv3d-batch-norm whose convolutions have no bias, as is usual before batch normalisation. PyTorch exports each
with a bias of zeros of shape [C, 2], which is no valid ONNX: a bias has shape [C]. The module's numbers are those without a bias."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def without_bias(model):
    for node in model.graph.node:
        if node.op_type == "Conv":
            del node.input[2]


def problem():
    found = sibling("conv3d").problem(norm=True, bias=False)
    found.mend = without_bias
    return found


if __name__ == "__main__":
    make(__file__, problem)
