"""slice: directions and their normalisation, values, the audit's curvatures, planes of several seeds, adaptive
slices.

Filter normalisation: Li et al. 2018, arXiv 1712.09913.
"""

import numpy as np

from measures import common
from networks import Case


def normalized(d, case, kind, one_dimensional):
    """d scaled to the weights, group by group; tensors of one dimension are one group, and 0 unless asked for."""
    d, theta = d.copy(), case.theta.numpy()
    if kind == "none":
        return d
    for s, shape in zip(case.slices(), case.shapes):
        if len(shape) == 1 and not one_dimensional:
            d[s] = 0
            continue
        if kind == "weight":
            d[s] *= np.abs(theta[s])
        else:
            groups = shape[0] if kind == "filter" and len(shape) > 1 else 1
            a, w = d[s].reshape(groups, -1), theta[s].reshape(groups, -1)
            d[s] = (a * np.linalg.norm(w, axis=1, keepdims=True) / np.linalg.norm(a, axis=1, keepdims=True)).ravel()
    return d


def second(r, first, case, kind, one_dimensional):
    """Normalise, make orthogonal, give the norms back: those of groups, or for `weight` the whole direction's."""
    d = normalized(r, case, kind, one_dimensional)
    norm = np.linalg.norm(d)
    d = d - first * (first @ d) / (first @ first)
    if kind in ("filter", "layer"):
        return normalized(d, case, kind, one_dimensional)
    return d * norm / np.linalg.norm(d) if kind == "weight" else d


def raw(program, case, seed=0):
    """The two draws from N(0, I) as the program makes them: not normalised, not made orthogonal."""
    program.json(
        "slice",
        case.checkpoint,
        "--points",
        "3x3",
        "--normalization",
        "none",
        "--include-1d",
        "--no-orthogonalize",
        "--seed",
        seed,
        "-o",
        "raw.npz",
    )
    z = program.array("raw.npz")
    return z["direction_1"], z["direction_2"]


def check(program, table, case):
    r1, r2 = raw(program, case)
    table.within(
        "slice --normalization none",
        "directions are N(0, I): mean",
        np.mean(np.r_[r1, r2]),
        0,
        1 / np.sqrt(2 * len(r1)),
        5,
    )
    table.within(
        "slice --normalization none",
        "directions are N(0, I): square",
        np.mean(np.r_[r1, r2] ** 2),
        1,
        1 / np.sqrt(len(r1)),
        5,
    )
    table.within(
        "slice --normalization none",
        "directions are N(0, I): cosine",
        r1 @ r2 / np.linalg.norm(r1) / np.linalg.norm(r2),
        0,
        len(r1) ** -0.5,
        5,
    )
    for kind in "filter", "layer", "weight", "none":
        for extra in [], ["--include-1d"], ["--no-orthogonalize"]:
            options = ["--normalization", kind, *extra]
            command, one = " ".join(["slice", *options]), "--include-1d" in extra
            r = program.json(
                "slice",
                case.checkpoint,
                "--points",
                "4x3",
                "--x-range",
                "-0.2:0.5",
                "--range",
                0.1,
                *options,
                "-o",
                "s.npz",
            )
            z = program.array("s.npz")
            d1, d2 = z["direction_1"], z["direction_2"]
            first = normalized(r1, case, kind, one)
            other = (
                normalized(r2, case, kind, one) if "--no-orthogonalize" in extra else second(r2, first, case, kind, one)
            )
            table.equal(command, "direction_1", d1, first, 1e-6, 1e-9)
            table.equal(command, "direction_2", d2, other, 1e-6, 1e-9)
            surface(table, command, r, z, case)
    lines(program, table, case)


def surface(table, command, r, z, case, decay=0.0):
    """Everything printed about a plane, from its own two directions."""
    d1, d2, theta = z["direction_1"], z["direction_2"], case.theta.numpy()
    a, b = np.array(r["alpha"]), np.array(r["beta"])
    points = [[theta + x * d1 + y * d2 for x in a] for y in b]
    values = [[case.value(p) + decay * p @ p / 2 for p in row] for row in points]
    common(table, command, r, case, decay)
    table.equal(command, "values", r["values"], values)
    table.equal(command, "accuracies", r["accuracies"], [[case.accuracy(p) for p in row] for row in points])
    center = case.value() + decay * theta @ theta / 2
    table.equal(command, "center", r["center"], center)
    for key, axis in (("alpha", a), ("beta", b)):
        table.holds(
            command,
            key,
            len(axis),
            "ascending, with 0 if the range has it",
            bool(np.all(np.diff(axis) > 0)) and 0 in axis,
        )
    at_zero = np.array(r["values"])[list(b).index(0), list(a).index(0)]
    table.holds(
        command,
        "surface.center_exact",
        r["surface"]["center_exact"],
        "the grid has the bits",
        r["surface"]["center_exact"] == (at_zero == r["center"]),
    )
    table.equal(command, "cosine", r["cosine"], d1 @ d2 / np.linalg.norm(d1) / np.linalg.norm(d2), 1e-7, 1e-12)
    for key, d, axis, along in (
        ("", d1, a, np.array(values)[list(b).index(0)]),
        ("_2", d2, b, np.array(values)[:, list(a).index(0)]),
    ):
        table.equal(
            command, "curvature_hvp" + key, r["curvature_hvp" + key], d @ case.product(d) + decay * d @ d, 1e-6, 1e-10
        )
        table.equal(
            command, "curvature_grid" + key, r["curvature_grid" + key], second_difference(axis, along), 1e-6, 1e-8
        )
    reach = [np.abs(x).max() * np.linalg.norm(d) / np.linalg.norm(theta) for x, d in ((a, d1), (b, d2))]
    table.equal(command, "surface.relative_reach", r["surface"]["relative_reach"], reach)
    least(table, command, r, np.array(values), a, b)


def least(table, command, r, values, a, b):
    i = np.unravel_index(np.argmin(values), values.shape)
    place = [a[i[-1]], b[i[0]] if len(b) else 0.0]
    table.equal(command, "surface.minimum", r["surface"]["minimum"], values.min())
    table.equal(command, "surface.minimum_at", r["surface"]["minimum_at"], place)
    table.equal(command, "nonfinite", r["nonfinite"], np.sum(~np.isfinite(values)))
    if "adaptive" not in r:
        table.equal(command, "evaluations", r["evaluations"], values.size)


def second_difference(axis, values):
    """The second derivative at 0 of the parabola through 0 and its neighbours; null at an end of the axis.

    With two equally spaced neighbours on each side, of the polynomial of degree 4 through all five.
    """
    i = list(axis).index(0)
    if i in (0, len(axis) - 1):
        return None
    h, k = axis[i] - axis[i - 1], axis[i + 1] - axis[i]
    near = axis[i - 2 : i + 3] if i > 1 else []
    if len(near) == 5 and np.allclose(np.diff(near), h, rtol=1e-9):
        return np.dot([-1, 16, -30, 16, -1], values[i - 2 : i + 3]) / 12 / h**2
    return 2 * (h * values[i + 1] + k * values[i - 1] - (h + k) * values[i]) / (h * k * (h + k))


def lines(program, table, case):
    """A line, its axis, the other split, and the weight decay's term along it."""
    for extra, decay in ([], 0.0), (["--include-weight-decay", "--weight-decay", 0.3], 0.3):
        command = " ".join(map(str, ["slice --points 6", *extra]))
        r = program.json(
            "slice", case.checkpoint, "--points", 6, "--x-range", "-0.3:1", "--both-splits", *extra, "-o", "s.npz"
        )
        z = program.array("s.npz")
        d, theta, a = z["direction_1"], case.theta.numpy(), np.array(r["alpha"])
        table.holds(
            command,
            "alpha",
            float(a[0]),
            "from -0.3 to 1 with 0 among them",
            a[0] == -0.3 and a[-1] == 1 and 0 in a and len(a) == 6,
        )
        table.equal(command, "beta", r["beta"], [])
        table.equal(command, "cosine", r["cosine"], None)
        points = [theta + x * d for x in a]
        values = np.array([case.value(p) + decay * p @ p / 2 for p in points])
        table.equal(command, "values", r["values"], values)
        table.equal(command, "accuracies", r["accuracies"], [case.accuracy(p) for p in points])
        table.equal(command, "center", r["center"], case.value() + decay * theta @ theta / 2)
        table.equal(command, "curvature_hvp", r["curvature_hvp"], d @ case.product(d) + decay * d @ d, 1e-6, 1e-10)
        table.equal(command, "curvature_grid", r["curvature_grid"], second_difference(a, values), 1e-6, 1e-8)
        table.equal(
            command,
            "surface.relative_reach",
            r["surface"]["relative_reach"],
            [np.linalg.norm(d) / np.linalg.norm(theta)],
        )
        least(table, command, r, values, a, [])
        test = Case(program, case.network, case.checkpoint, "test")
        key = "other_values" if "other_values" in r else "other.values"
        table.equal(command, key, r[key], [test.value(p) + decay * p @ p / 2 for p in points])
        table.equal(command, "other_accuracies", r["other_accuracies"], [test.accuracy(p) for p in points])
        table.holds(command, "other_split", r["other_split"], "test", r["other_split"] == "test")
