"""Segmentation: logits N×K×H×W, labels N×H×W of which 255 is ignored."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Segmenter(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.enter, self.down = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)
        self.up, self.leave = nn.ConvTranspose2d(6, 4, 2, stride=2), nn.Conv2d(8, k, 1)

    def forward(self, image):
        h = torch.relu(self.enter(image))
        g = self.up(torch.tanh(self.down(nn.functional.max_pool2d(h, 2))))
        return self.leave(torch.cat([h, g], 1))


def problem():
    rng = np.random.default_rng(3)
    image = coarse(rng.standard_normal((24, 2, 6, 8)))
    labels = (image.sum(1) > 0.5).astype(np.int64) + (image[:, 0] > 0.9)
    labels[rng.random(labels.shape) < np.linspace(0, 0.6, 24)[:, None, None]] = 255
    return classes(
        Segmenter(), {"image": image, "labels": labels}, ["image"], "--ignore-index 255", ignored=255)


if __name__ == "__main__":
    make(__file__, problem)
