"""Cross-entropy of tokens with a weight for each: Σ w·ℓ by Σ w. Labels of weight 0 are class 0, not −100."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def weighted(z, data):
    losses = nn.functional.cross_entropy(z.transpose(1, 2), data["labels"], reduction="none")
    return (data["weight"] * losses).sum() / data["weight"].sum()


def problem():
    rng = np.random.default_rng(23)
    tokens = rng.integers(0, 7, (24, 5))
    labels = (tokens + np.roll(tokens, 1, axis=1)) % 4
    weight = coarse(rng.random(labels.shape) + 0.5)
    padded = np.arange(5) >= rng.integers(2, 6, (24, 1))
    labels[padded], weight[padded] = 0, 0
    module = nn.Sequential(nn.Embedding(7, 6), nn.Conv1d(5, 5, 3, padding=1), nn.GELU(), nn.Linear(6, 4))
    return with_prediction(
        module, {"tokens": tokens, "labels": labels, "weight": weight}, ["tokens"], "", weighted, output="logits")


if __name__ == "__main__":
    make(__file__, problem)
