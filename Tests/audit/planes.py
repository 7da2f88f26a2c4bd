"""slice: directions of other kinds, planes of several seeds, adaptive slices."""

import os

import numpy as np

from networks import Case
from slices import normalized, raw, second, surface


def check(program, table, case):
    special(program, table, case)
    planes(program, table, case)
    adaptive(program, table, case)


def special(program, table, case):
    """Gradient, eigenvectors, another checkpoint, files."""
    program.json(
        "train", "--start", case.checkpoint, "--steps", 3, "--lr", 0.1, "-o", "other.bin", "--data", "npz:data.npz"
    )
    program.json(
        "train",
        "--start",
        case.checkpoint,
        "--steps",
        3,
        "--lr",
        0.1,
        "--optimizer",
        "adam",
        "-o",
        "third.bin",
        "--data",
        "npz:data.npz",
    )
    theta = case.theta.numpy()
    to = [Case(program, case.network, c).theta.numpy() - theta for c in ("other.bin", "third.bin")]
    files = np.random.default_rng(9).normal(size=(2, len(theta)))
    for i in range(2):
        np.save(os.path.join(program.folder, f"d{i}.npy"), files[i])
    values, vectors = np.linalg.eigh(case.hessian)
    for name, raws, default in (
        ("gradient", [case.g], "filter"),
        ("eigen", [vectors[:, -1], vectors[:, -2]], "none"),
        ("to:other.bin", to[:1], "none"),
        ("to:other.bin,third.bin", to, "none"),
        ("file:d0.npy,d1.npy", list(files), "none"),
    ):
        for extra in [], ["--normalization", "layer"], ["--include-1d"]:
            options = ["--directions", name, *extra]
            command = " ".join(["slice", *options])
            one = "--include-1d" in extra or not (default == "filter" or "--normalization" in extra)
            kind = "layer" if "--normalization" in extra else default
            size = "3x3" if len(raws) == 2 else 3
            r = program.json("slice", case.checkpoint, "--points", size, "--range", 0.2, *options, "-o", "s.npz")
            z = program.array("s.npz")
            first = normalized(raws[0], case, kind, one)
            sign = np.sign(first @ z["direction_1"]) if name == "eigen" else 1
            table.equal(
                command,
                "direction_1",
                sign * z["direction_1"],
                first,
                1e-3,
                0.01 * np.abs(first).max() if name == "eigen" else 1e-9,
            )
            if len(raws) == 2:
                # Axes through given points and files stay as given (docs/commands.md).
                other = (
                    second(raws[1], first, case, kind, one) if name == "eigen" else normalized(raws[1], case, kind, one)
                )
                sign = np.sign(other @ z["direction_2"]) if name == "eigen" else 1
                table.equal(
                    command,
                    "direction_2",
                    sign * z["direction_2"],
                    other,
                    1e-3,
                    0.01 * np.abs(other).max() if name == "eigen" else 1e-9,
                )
                surface(table, command, r, z, case)
    r1, r2 = raw(program, case)
    r = program.json(
        "slice", case.checkpoint, "--points", "3x3", "--range", 0.2, "--directions", "gradient", "-o", "s.npz"
    )
    z, first = program.array("s.npz"), normalized(case.g, case, "filter", False)
    table.equal("slice --directions gradient --points 3x3", "direction_1", z["direction_1"], first, 1e-6, 1e-9)
    table.equal(
        "slice --directions gradient --points 3x3",
        "direction_2",
        z["direction_2"],
        second(r2, first, case, "filter", False),
        1e-6,
        1e-9,
    )
    # One eigenvector along d₁ of norm 1: its curvature is the eigenvalue.
    r = program.json("slice", case.checkpoint, "--points", "3x3", "--directions", "eigen")
    table.equal("slice --directions eigen", "curvature_hvp", r["curvature_hvp"], values[-1], 1e-4)
    table.equal("slice --directions eigen", "curvature_hvp_2", r["curvature_hvp_2"], values[-2], 1e-4)


def planes(program, table, case):
    for size in 5, "3x3":
        command = f"slice --planes 3 --points {size}"
        r = program.json("slice", case.checkpoint, "--planes", 3, "--points", size, "--range", 0.3)
        each = []
        for i, p in enumerate(r["planes"]):
            single = program.json("slice", case.checkpoint, "--points", size, "--range", 0.3, "--seed", p["seed"])
            table.equal(command, "planes.seed", p["seed"], i)
            table.equal(command, "planes.values", p["values"], single["values"], 1e-12)
            table.equal(command, "planes.cosine", p["cosine"], single["cosine"], 1e-9)
            curvatures = [single["curvature_hvp"]] + ([single["curvature_hvp_2"]] if size == "3x3" else [])
            table.equal(command, "planes.curvature_hvp", p["curvature_hvp"], curvatures, 1e-9)
            table.equal(command, "planes.nonfinite", p["nonfinite"], 0)
            table.equal(command, "planes.evaluations", p["evaluations"], np.size(p["values"]))
            each.append(p["values"])
        for key, f in (("mean", np.mean), ("lowest", np.min), ("highest", np.max)):
            table.equal(command, f"band.{key}", r["band"][key], f(each, axis=0))


def adaptive(program, table, case):
    """Evaluated points have the full grid's bits; 95 % of the others lie within the tolerance of the range
    (Wilks: 0.95⁵⁹ < 0.05).
    """
    options, tolerance = ["--points", "31x31", "--range", 1.0], 0.02
    full = program.json("slice", case.checkpoint, *options)
    r = program.json("slice", case.checkpoint, *options, "--adaptive", tolerance, "-o", "s.npz")
    command, z = "slice --adaptive 0.02", program.array("s.npz")
    ours, truth, known = np.array(r["values"]), np.array(full["values"]), z["evaluated"].astype(bool)
    table.equal(command, "evaluations", r["evaluations"], known.sum())
    table.holds(
        command,
        "values",
        int(known.sum()),
        "evaluated ones have the full grid's bits",
        bool(np.all(ours[known] == truth[known])),
    )
    error = np.abs(ours - truth)[~known] / np.ptp(ours)
    share = float(np.mean(error <= tolerance)) if len(error) else 1.0
    table.holds(
        command,
        "adaptive.coverage",
        r["adaptive"]["coverage"],
        f"share within the tolerance is {share:.4f}",
        share >= r["adaptive"]["coverage"] - 1e-12,
    )
    held = r["adaptive"]["held_out"]
    expected = 1.0 if known.all() else 0.05 ** (1 / held) if held else None
    table.equal(command, "adaptive.coverage", r["adaptive"]["coverage"], expected, 0, 0.01)
    table.equal(command, "adaptive.tolerance", r["adaptive"]["tolerance"], tolerance)
    table.holds(
        command,
        "adaptive.estimated_error",
        r["adaptive"]["estimated_error"],
        "<= tolerance",
        r["adaptive"]["estimated_error"] <= tolerance,
    )
