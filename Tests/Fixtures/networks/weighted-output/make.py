"""A graph that gives each example's loss, the Gaussian's −log p with a variance of its own, and a weight for each: Σ w·ℓ by Σ w."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Gaussian(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))

    def forward(self, x, t):
        mean, log_variance = self.body(x).unbind(1)
        return 0.5 * (log_variance + (t - mean) ** 2 * torch.exp(-log_variance))


def problem():
    rng = np.random.default_rng(31)
    x = coarse(rng.standard_normal((26, 3)))
    t = coarse(np.sin(x[:, 0]) + 0.3 * np.abs(x[:, 1]) * rng.standard_normal(26))
    weight = coarse(rng.gamma(1.0, 1.0, 26))
    weight[::6] = 0
    return Problem(
        Gaussian(), {"x": x, "t": t, "weight": weight}, ["x", "t"], ["losses"], "--loss output",
        lambda found, data: (data["weight"] * found[0]).sum() / data["weight"].sum())


if __name__ == "__main__":
    make(__file__, problem)
