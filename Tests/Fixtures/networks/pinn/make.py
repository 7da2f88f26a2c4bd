"""The residual of a physics-informed network u(x) with layers 1-16-16-1 for u'' − u³ = f(x): the second derivative is written
out in the graph. Outputs are each point's squared residual, which is its loss, and the residual."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Residual(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.layer1, self.layer2, self.layer3 = nn.Linear(1, width), nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, x):
        # Each layer's value, first and second derivative by x.
        u, du, ddu = x, torch.ones_like(x), torch.zeros_like(x)
        for layer in (self.layer1, self.layer2):
            a, da, dda = layer(u), du @ layer.weight.T, ddu @ layer.weight.T
            u = torch.tanh(a)
            slope = 1 - u ** 2
            du, ddu = slope * da, slope * dda - 2 * u * slope * da ** 2
        u, ddu = self.layer3(u), ddu @ self.layer3.weight.T
        source = -9 * torch.sin(3 * x) - torch.sin(3 * x) ** 3  # of u = sin 3x
        residual = (ddu - u ** 3 - source).squeeze(1)
        return residual ** 2, residual


def problem():
    x = coarse(np.linspace(-1, 1, 33)[:, None], 1 / 64)
    return Problem(
        Residual(), {"x": x}, ["x"], ["loss", "residual"], "--loss output:loss --prediction residual",
        lambda found, data: found[0].mean(), prediction=lambda found: found[1], loss_of_prediction=lambda z, data: (z ** 2).mean(), steps=200)


if __name__ == "__main__":
    make(__file__, problem)
