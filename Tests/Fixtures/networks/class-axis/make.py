"""Logits N×T×V with as many places as classes, T = V: only an option says which axis is the classes. Some labels are −100."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def problem():
    rng = np.random.default_rng(21)
    tokens = rng.integers(0, 5, (24, 5))
    labels = (tokens + np.roll(tokens, 1, axis=1)) % 5
    labels[rng.random(labels.shape) < np.linspace(0, 0.7, 24)[:, None]] = -100
    module = nn.Sequential(nn.Embedding(5, 6), nn.Conv1d(5, 5, 3, padding=1), nn.Tanh(), nn.Linear(6, 5))
    return classes(
        module, {"tokens": tokens, "labels": labels}, ["tokens"], "--class-axis 2", logits=lambda z: z.transpose(1, 2))


if __name__ == "__main__":
    make(__file__, problem)
