"""A 3-D convolutional network: N×C×D×H×W to classes, with maximum and average pooling."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Volume(nn.Module):
    def __init__(self, norm, bias=True):
        super().__init__()
        self.conv1 = nn.Conv3d(2, 3, 3, padding=1, bias=bias)
        self.norm1 = nn.BatchNorm3d(3) if norm else nn.Identity()
        self.conv2 = nn.Conv3d(3, 4, (2, 3, 3), stride=(1, 1, 2), padding=(0, 1, 1), bias=bias)
        self.norm2 = nn.BatchNorm3d(4) if norm else nn.Identity()
        self.head = nn.Linear(4 * 1 * 3, 3)

    def forward(self, x):
        h = nn.functional.max_pool3d(torch.relu(self.norm1(self.conv1(x))), (2, 1, 2))
        h = nn.functional.avg_pool3d(torch.tanh(self.norm2(self.conv2(h))), (1, 2, 2), padding=(0, 1, 0))
        return self.head(h.flatten(1))


def problem(norm=False, bias=True):
    rng = np.random.default_rng(8)
    x = coarse(rng.standard_normal((24, 2, 4, 5, 8)), 1 / 4)
    x[:, 0] += rng.integers(-1, 2, (24, 1, 1, 1)) * np.linspace(-0.5, 0.5, 5)[:, None]
    labels = np.digitize(x[:, 0, :, 3:].mean((1, 2, 3)) + 0.2 * x[:, 1].mean((1, 2, 3)), [-0.1, 0.1])
    return classes(Volume(norm, bias), {"x": x, "labels": labels}, ["x"], steps=25)


if __name__ == "__main__":
    make(__file__, problem)
