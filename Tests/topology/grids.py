"""Compares 'landscape topology' with GUDHI's cubical complexes on random grids of one to three axes.

    pip install gudhi numpy
    python3 Tests/topology/grids.py --landscape PATH [--large N]

Diagrams of components and of holes, and Betti numbers of every dimension, must be equal to the last bit: with ties, with values
that are not finite, and on grids of one point along an axis. Ends with code 0 and says so where GUDHI cannot be had.
--large N also takes N × N points of smooth and of random values, and prints how long both take.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

try:
    import gudhi
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}; 'pip install gudhi numpy' makes the comparison run")
    sys.exit(0)

SHAPES = [(9,), (40,), (1, 7), (2, 2), (5, 6), (12, 9), (23, 17), (2, 3, 4), (5, 4, 6), (7, 8, 6), (1, 5, 5)]
AXES = ("alpha", "beta", "gamma")


def write(path, values):
    """A slice as 'landscape slice -o X.json' writes it, with no more than the program needs."""
    rows = np.where(np.isfinite(values), values, np.nan)
    lists = json.loads(json.dumps(rows.tolist()).replace("NaN", "null"))
    slice_ = {"command": "slice", "model": "random", "data": "grid", "examples": 1, "beta": [], "values": lists, "surface": {}}
    for name, count in zip(AXES, reversed(values.shape)):
        slice_[name] = list(range(count))
    path.write_text(json.dumps(slice_))


def run(program, path, *options):
    command = [program, "topology", str(path), "--json", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def diagrams(values):
    """GUDHI's, for each dimension sorted pairs of birth and death; what never enters has no pair."""
    complex_ = gudhi.CubicalComplex(vertices=np.where(np.isfinite(values), values, np.inf))
    pairs = complex_.persistence(homology_coeff_field=2, min_persistence=0)
    # An axis of one point adds no dimension to GUDHI's complex.
    found = [[] for _ in range(max(values.ndim, 1))]
    for dimension, (birth, death) in pairs:
        if math.isfinite(birth):
            found[dimension].append((birth, death))
    return [sorted(pairs) for pairs in found]


def number(value):
    return math.inf if value is None else value


def compare(program, folder, values, label):
    path = folder / "slice.json"
    write(path, values)
    expected = diagrams(values)
    finite = np.unique(values[np.isfinite(values)])
    levels = [finite[0] - 1, *finite[:: max(1, len(finite) // 40)], finite[-1], finite[-1] + 1]
    # A list that begins with a minus sign needs an equals sign.
    result = run(program, path, "--error", "0", "--levels=" + ",".join(repr(float(level)) for level in levels))
    wrong = []
    found = sorted((pair["birth"], number(pair["death"])) for pair in result["pairs"])
    if found != expected[0]:
        wrong.append(f"components: found {found[:5]}, expected {expected[0][:5]}")
    if values.ndim > 1:
        found = sorted((hole["birth"], number(hole["death"])) for hole in result["holes"])
        if found != expected[-1]:
            wrong.append(f"holes: found {found[:5]}, expected {expected[-1][:5]}")
    for dimension, pairs in enumerate(expected):
        alive = [sum(birth <= level < death for birth, death in pairs) for level in result["betti"]["levels"]]
        if result["betti"][f"b{dimension}"] != alive:
            wrong.append(f"b{dimension} differs")
    return [f"{label}: {line}" for line in wrong]


def large(program, folder, count):
    axis = np.linspace(-3, 3, count)
    x, y = np.meshgrid(axis, axis)
    smooth = x * x + y * y - 3 * np.cos(2 * np.pi * x) - 3 * np.cos(2 * np.pi * y)
    for name, values in (("smooth", smooth), ("random", np.random.default_rng(5).normal(size=(count, count)))):
        path = folder / "large.json"
        write(path, values)
        begin = time.perf_counter()
        result = run(program, path)
        ours = time.perf_counter() - begin
        begin = time.perf_counter()
        components = diagrams(values)[0]
        theirs = time.perf_counter() - begin
        assert result["minima"] == len(components), (result["minima"], len(components))
        print(f"{name}, {count} × {count}: {result['minima']} minima; the program with reading {ours:.2f} s, GUDHI {theirs:.2f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--landscape", required=True)
    parser.add_argument("--large", type=int)
    options = parser.parse_args()
    generator = np.random.default_rng(1)
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for shape in SHAPES:
            for kind in ("different", "ties", "not finite", "smooth"):
                values = generator.normal(size=shape)
                if kind == "ties":
                    values = np.round(2 * values)
                if kind == "smooth":
                    places = np.meshgrid(*(np.linspace(0, 6, n) for n in shape), indexing="ij")
                    values = sum(np.sin(place + i) * (1 + i) for i, place in enumerate(places)) + 0.05 * values
                if kind == "not finite":
                    values = np.where(generator.random(shape) < 0.2, np.nan, values)
                    if not np.isfinite(values).any():
                        continue
                wrong += compare(options.landscape, folder, values, f"{shape}, {kind}")
                count += 1
        if options.large:
            large(options.landscape, folder, options.large)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{count} grids compared with GUDHI {gudhi.__version__}: {len(wrong)} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
