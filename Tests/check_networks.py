"""Computes the numbers of Tests/Fixtures/networks again with PyTorch, from the weights in each graph, and compares them.

    pip install torch onnx onnxscript numpy
    python3 Tests/check_networks.py [KIND…]

Numbers must agree to 1e-12 of themselves.
"""

import json
import pathlib
import sys

NETWORKS = pathlib.Path(__file__).resolve().parent / "Fixtures/networks"
sys.path.insert(0, str(NETWORKS))

import common  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

NUMBERS = ("loss", "gradient_norm", "gHg", "gGg", "lambda_max", "lambda_min", "accuracy", "loss_test", "parameters")


def differences(folder):
    """What is wrong with one folder, one line each."""
    problem = common.sibling(folder.name).problem()
    problem.module.double().eval()
    path = str(folder / "model.onnx")
    wrong = [f"{name} is in one of data.npz and make.py only" for name in common.load_data(problem, folder / "data.npz")]
    if wrong:
        return wrong
    common.load_weights(problem, path)
    common.check_graph(problem, path)
    numbers, gradient = common.reference_numbers(problem, path)
    expected = json.loads((folder / "expected.json").read_text())
    if expected["commands"] != common.commands(problem):
        wrong.append(f"commands: found {expected['commands']}, expected {common.commands(problem)}")
    if expected["parameter_names"] != list(common.parameters(problem, path)):
        wrong.append("parameter_names differ")
    for name in NUMBERS:
        if (name in numbers) != (name in expected):
            wrong.append(f"{name} is in one of expected.json and make.py only")
        elif name in numbers and not abs(numbers[name] - expected[name]) <= 1e-12 * abs(expected[name]) + 1e-15:
            wrong.append(f"{name}: found {numbers[name]!r}, expected {expected[name]!r}")
    stored = np.load(folder / "gradient.npy")
    if stored.shape != gradient.shape or not np.abs(stored - gradient).max() <= 1e-12 * max(1, np.abs(stored).max()):
        wrong.append("gradient.npy differs")
    return wrong


def main():
    folders = [NETWORKS / name for name in sys.argv[1:]] or sorted(p.parent for p in NETWORKS.glob("*/make.py"))
    wrong = 0
    for folder in folders:
        torch.manual_seed(1)
        found = differences(folder)
        wrong += len(found)
        print(f"{folder.name}: {'as expected' if not found else ''}")
        for line in found:
            print(f"  {line}")
    print(f"{len(folders)} networks, {wrong} differences")
    return 1 if wrong or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
