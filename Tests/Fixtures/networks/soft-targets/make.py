"""Cross-entropy whose targets are rows of probabilities."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def problem():
    rng = np.random.default_rng(10)
    x = coarse(rng.standard_normal((32, 5)))
    logits = x @ rng.standard_normal((5, 4)) + rng.standard_normal((32, 4))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p[:8] = np.eye(4)[logits[:8].argmax(1)]  # some are certain
    return with_prediction(
        nn.Sequential(nn.Linear(5, 8), nn.GELU(approximate="tanh"), nn.Linear(8, 4)), {"x": x, "targets": p}, ["x"],
        "--loss cross-entropy", lambda z, data: nn.functional.cross_entropy(z, data["targets"]), output="logits")


if __name__ == "__main__":
    make(__file__, problem)
