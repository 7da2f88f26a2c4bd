"""Prints the numbers of 'landscape topology' beside those of LBNL's Landscaper, of the same values, in one run.

    pip install landscaper numpy
    python3 examples/compare-landscaper.py --landscape PATH [SLICE.npz …]

Without files it takes four wells, a rotated Rastrigin function and a sum of waves. Landscaper's SMAD is read from a contour tree;
docs/definitions.md says where the two differ. Its time grows fast: 41 × 41 points take half a minute.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time
import types
import warnings

import numpy as np

warnings.filterwarnings("ignore")
try:
    import torch  # noqa: F401
except ImportError:
    # Landscaper imports PyTorch for curvature, which is not asked for here.
    class Missing(types.ModuleType):
        Tensor = type("Tensor", (), {})

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

    for name in ("torch", "torch.nn", "torch.autograd"):
        sys.modules[name] = Missing(name)
    sys.modules["torch"].nn, sys.modules["torch"].autograd = sys.modules["torch.nn"], sys.modules["torch.autograd"]
try:
    from landscaper import LossLandscape
    from landscaper.tda import saddle_minima_pairs
except ImportError as error:
    print(f"skipped: {error}; 'pip install landscaper' makes the comparison run")
    sys.exit(0)


def functions():
    def plane(reach, count):
        axis = np.linspace(-reach, reach, count)
        return (axis, *np.meshgrid(axis, axis))

    axis, x, y = plane(2, 41)
    yield "four wells", axis, axis, (x * x - 1) ** 2 + (y * y - 1) ** 2 + 0.1 * x + 0.05 * y
    axis, x, y = plane(3.3, 41)
    u, v = math.cos(0.4) * x - math.sin(0.4) * y, math.sin(0.4) * x + math.cos(0.4) * y
    yield "rotated Rastrigin", axis, axis, 20 + u * u + v * v - 10 * np.cos(2 * np.pi * u) - 10 * np.cos(2 * np.pi * v)
    axis, x, y = plane(2, 31)
    waves = np.random.default_rng(1).normal(size=(8, 4))
    yield "waves", axis, axis, sum(a * np.sin(1.5 * (b * x + c * y) + d) for a, b, c, d in waves)


def ours(program, alpha, beta, values):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "slice.json"
        path.write_text(json.dumps({
            "command": "slice", "model": "function", "data": "none", "examples": 1, "surface": {},
            "alpha": list(alpha), "beta": list(beta), "values": values.tolist()}))
        command = [program, "topology", str(path), "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--landscape", required=True)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    grids = functions()
    if options.files:
        loaded = [(name, np.load(name)) for name in options.files]
        grids = [(name, file["alpha"], file["beta"], file["loss"]) for name, file in loaded]
    print(f"{'':24}{'minima':>8}{'SMAD':>12}{'normalized':>12}{'weighted':>12}{'range':>12}{'seconds':>9}")
    for name, alpha, beta, values in grids:
        begin = time.perf_counter()
        result = ours(options.landscape, alpha, beta, values)
        smad, middle = result["smad"], time.perf_counter()
        print(f"{name[-23:]:24}{result['minima']:8}{smad['value']:12.6g}{smad['normalized'] or math.nan:12.6g}"
              f"{smad['weighted']:12.6g}{result['persistence_range'] or math.nan:12.6g}{middle - begin:9.2f}")
        theirs = LossLandscape(values, [alpha, beta])
        tree = theirs.get_contour_tree()
        pairs = saddle_minima_pairs(tree, theirs.get_topological_indices(tree))
        numbers = theirs.smad(), theirs.smad(normalize=True), theirs.smad(weighted=True), theirs.persistence_range()
        print(f"{'  Landscaper':24}{len(pairs):8}" + "".join(f"{number:12.6g}" for number in numbers)
              + f"{time.perf_counter() - middle:9.2f}")


if __name__ == "__main__":
    main()
