"""A small training for test_tracker.py: `python tracked_training.py FOLDER STEPS [PAUSE]` tracks it."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Python"))
import torch
from torch import nn

import landscape_sharpness as landscape


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, 3))


def data():
    torch.manual_seed(1)
    return torch.randn(48, 6), torch.randint(0, 3, (48,))


def problem(model, **settings):
    return landscape.Problem(model, data(), loss="cross-entropy", progress=False, **settings)


def steps(model, count, after=lambda step, loss: None, optimizer=None):
    """Plain training; the same weights whatever comes after a step."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    X, y = data()
    for step in range(1, count + 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
        after(step, loss)


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0
    model = network()
    tracker = landscape.Tracker(problem(model), every=2, measures=["evaluate", "hessian"], folder=folder, model=model)
    print("ready", flush=True)
    steps(model, count, lambda step, loss: (tracker.step(step, loss=loss), time.sleep(pause)))
    tracker.finish()
