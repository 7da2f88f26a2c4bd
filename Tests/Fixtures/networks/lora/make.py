"""A frozen network of two layers with low-rank adapters (LoRA), which alone are θ."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Adapted(nn.Module):
    def __init__(self, inputs, out, rank, alpha=4):
        super().__init__()
        self.base = nn.Linear(inputs, out).requires_grad_(False)
        self.lora_A, self.lora_B = nn.Linear(inputs, rank, bias=False), nn.Linear(rank, out, bias=False)
        nn.init.zeros_(self.lora_B.weight)
        self.scaling = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * self.lora_B(self.lora_A(x))


def problem():
    rng = np.random.default_rng(11)
    x = coarse(rng.standard_normal((32, 6)))
    labels = np.digitize(x[:, 0] * x[:, 1] + 0.5 * x[:, 2] + 0.3 * rng.standard_normal(32), [-0.5, 0.5])
    module = nn.Sequential(Adapted(6, 16, 2), nn.Tanh(), Adapted(16, 3, 2))
    return classes(module, {"x": x, "labels": labels}, ["x"], "--parameters '*lora*'", steps=40)


if __name__ == "__main__":
    make(__file__, problem)
