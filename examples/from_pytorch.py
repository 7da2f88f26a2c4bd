#!/usr/bin/env python3
"""A network of PyTorch's in Landscape, and the numbers back in Python.

    python examples/from_pytorch.py [FOLDER]        (default: ./from_pytorch)

Trains a small network on two features, saves its weights and its data, lets `landscape` measure a slice, the largest eigenvalues and
the sharpness, reads the results with NumPy, and draws them with matplotlib, if that is there. Needs torch and numpy, and
`landscape` on the PATH or built in .build/release.
"""
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import torch
from torch import nn

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "from_pytorch")
folder.mkdir(parents=True, exist_ok=True)
built = pathlib.Path(__file__).resolve().parent.parent / ".build/release/landscape"
landscape = shutil.which("landscape") or str(built)


def run(*words):
    """One command of landscape in the folder; gives its JSON."""
    print("+ landscape", *words)
    result = subprocess.run([landscape, *words, "--json"], cwd=folder, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(result.stdout)


# 1. Train in PyTorch: three noisy arms of a spiral.
torch.manual_seed(0)
generator = np.random.default_rng(0)
labels = np.arange(900) % 3
radius = generator.uniform(0.1, 1, labels.size)
angle = 4 * radius + labels * 2 * np.pi / 3 + generator.normal(0, 0.15, labels.size)
x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)

model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
inputs, targets = torch.from_numpy(x), torch.from_numpy(labels)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(300):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(inputs), targets).backward()
    optimizer.step()

# 2. Two lines: save weights and data, import them.
torch.save(model.state_dict(), folder / "model.pt")
np.savez(folder / "data.npz", x=x, y=labels)
run("import", "model.pt", "--model", "mlp:2-32-32-3", "--data", "npz:data.npz", "-o", "ckpt.bin")

# 3. Measure. The loss is PyTorch's own.
evaluation = run("evaluate", "--precision", "double")
with torch.no_grad():
    own = nn.functional.cross_entropy(model.double()(inputs.double()), targets).item()
print(f"loss by landscape {evaluation['loss']:.15g}, by PyTorch {own:.15g}")
assert abs(evaluation["loss"] - own) < 1e-10
run("slice", "--points", "41x31", "-o", "slice.npz", "-o", "slice.vti")
spectrum = run("hessian", "--top", "5", "--bottom", "1", "--trace")
sharpness = run("sharpness", "--rho", "0.05")
print("largest eigenvalues", np.array(spectrum["eigenvalues"]).round(3), "residuals", spectrum["residuals"])
print("worst case within 0.05: the loss rises by at least", sharpness["worst_case"]["lower_bound"])

# 4. Back in NumPy: the first axis is beta, the second alpha.
result = np.load(folder / "slice.npz")
loss, alpha, beta = result["loss"], result["alpha"], result["beta"]
row, column = np.unravel_index(loss.argmin(), loss.shape)
print(f"lowest point of the slice {loss[row, column]:.6g} at alpha {alpha[column]:.3g}, beta {beta[row]:.3g}")

# The same direction in PyTorch: parameters in the order of the state dictionary.
shifted = torch.from_numpy(result["direction_1"]) * alpha[-1]
with torch.no_grad():
    start = 0
    for parameter in model.parameters():
        parameter += shifted[start : start + parameter.numel()].reshape(parameter.shape)
        start += parameter.numel()
    there = nn.functional.cross_entropy(model(inputs.double()), targets).item()
middle = int(np.abs(beta).argmin())
print(f"at alpha = 1: {loss[middle, -1]:.6g} by landscape, {there:.6g} by PyTorch")
assert abs(loss[middle, -1] - there) < 1e-4 * there

# 5. And the weights back into PyTorch.
run("export", "-o", "weights.npz")
weights = np.load(folder / "weights.npz")
saved = torch.load(folder / "model.pt")
for (name, tensor), own_name in zip(saved.items(), weights.files):
    assert np.array_equal(weights[own_name], tensor.numpy()), name

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
except ImportError:
    print("matplotlib is not there: no picture")
else:
    contours = pyplot.contourf(alpha, beta, np.log10(loss), levels=30, cmap="viridis")
    pyplot.colorbar(contours, label="log10 loss")
    pyplot.xlabel("alpha")
    pyplot.ylabel("beta")
    pyplot.title("A network trained in PyTorch")
    pyplot.savefig(folder / "slice.png", dpi=120)
    print("drawn:", folder / "slice.png")
