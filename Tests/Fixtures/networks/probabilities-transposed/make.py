"""A classifier that computes K×N probabilities and transposes them back."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from probabilities import *


class Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(5, 8), nn.Parameter(0.3 * torch.randn(3, 8))
        self.bias = nn.Parameter(torch.zeros(3, 1))

    def forward(self, x):
        z = self.out @ torch.tanh(self.hidden(x)).T + self.bias
        return torch.softmax(z, 0).T


def problem():
    return variant(None, module=Transposed())


if __name__ == "__main__":
    make(__file__, problem)
