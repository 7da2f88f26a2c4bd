"""Cross-entropy with a weight for each example: Σ w·ℓ by Σ w."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def weighted(z, data):
    losses = nn.functional.cross_entropy(z, data["labels"], reduction="none")
    return (data["weight"] * losses).sum() / data["weight"].sum()


def problem():
    rng = np.random.default_rng(22)
    x = coarse(rng.standard_normal((30, 4)))
    labels = np.digitize(x[:, 0] + x[:, 1] ** 2 + 0.4 * rng.standard_normal(30), [0.3, 1.3])
    weight = coarse(rng.gamma(1.0, 1.0, 30))
    weight[::7] = 0
    return with_prediction(
        nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)), {"x": x, "labels": labels, "weight": weight}, ["x"], "", weighted,
        output="logits")


if __name__ == "__main__":
    make(__file__, problem)
