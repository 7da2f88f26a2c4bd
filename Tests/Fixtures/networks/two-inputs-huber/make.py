"""Regression from two inputs with Huber's loss, δ = 0.5. Residuals lie on both sides of δ."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right, self.out = nn.Linear(5, 6), nn.Linear(3, 4), nn.Linear(10, 2)

    def forward(self, a, b):
        return self.out(torch.tanh(torch.cat([self.left(a), self.right(b)], 1)))


def huber(z, data):
    return nn.functional.huber_loss(z, data["y"], delta=0.5)


def problem():
    rng = np.random.default_rng(4)
    a, b = coarse(rng.standard_normal((30, 5))), coarse(rng.standard_normal((30, 3)))
    y = coarse(np.stack([a[:, 0] * b[:, 1], np.sin(a[:, 1]) + b[:, 2]], 1) + rng.standard_normal((30, 2)))
    return with_prediction(TwoInputs(), {"a": a, "b": b, "y": y}, ["a", "b"], "--loss huber:0.5", huber, steps=40)


if __name__ == "__main__":
    make(__file__, problem)
