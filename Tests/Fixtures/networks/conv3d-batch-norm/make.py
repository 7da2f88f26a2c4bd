"""The network of ../conv3d with batch normalisation, which keeps its running statistics: exported in eval mode, unfolded."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def problem():
    found = sibling("conv3d").problem(norm=True)
    with torch.no_grad():
        for layer in (found.module.norm1, found.module.norm2):
            layer.running_mean.copy_(0.3 * torch.randn(layer.num_features))
            layer.running_var.copy_(0.5 + torch.rand(layer.num_features))
    return found


if __name__ == "__main__":
    make(__file__, problem)
