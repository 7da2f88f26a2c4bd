"""interpolate and trajectory: barriers, planes, curves, principal components.

Barrier: Entezari et al. 2021, arXiv 2110.06296. Bezier curve: Garipov et al. 2018, arXiv 1802.10026. Principal
components around the last point: Li et al. 2018, arXiv 1712.09913, section 7.
"""

import math
import os
import shutil

import numpy as np
import torch

from measures import common
from networks import MODELS, Case
from slices import surface


def barrier(values, t):
    """The largest rise over the straight line between the ends, at least 0, and where."""
    rise = np.array(values) - ((1 - t) * values[0] + t * values[-1])
    i = int(np.argmax(rise))
    return (float(rise[i]), t[i]) if rise[i] > 0 else (0.0, None)


class Blend:
    """A case whose θ and buffers can be moved together between checkpoints."""

    def __init__(self, cases):
        self.cases, self.case = cases, cases[0]

    def evaluate(self, weights):
        """Loss and accuracy at Σ w θ with buffers Σ w b; variances must not be extrapolated, so there w ≥ 0 of
        sum 1.
        """
        kept, inside = self.case.buffers, np.maximum(weights, 0) / np.maximum(weights, 0).sum()
        self.case.buffers = {k: sum(w * c.buffers[k] for w, c in zip(inside, self.cases)) for k in kept}
        theta = sum(w * c.theta for w, c in zip(weights, self.cases))
        result = self.case.value(theta), self.case.accuracy(theta)
        self.case.buffers = kept
        return result


def check(program, table, case):
    network = case.network
    for name, options in (("b.bin", ["--seed", 1]), ("c.bin", ["--seed", 2, "--optimizer", "adam", "--lr", 0.01])):
        start = MODELS[network] if network != "cnn" else ["--start", "graph.bin"]
        program.json(
            "train", *start, "--data", "npz:data.npz", "--epochs", 10, "--batch-size", 20, *options, "-o", name
        )
    a, b, c = case, Case(program, network, "b.bin"), Case(program, network, "c.bin")
    line(program, table, a, b)
    plane(program, table, a, b, c)
    curve(program, table, a, b)


def line(program, table, a, b):
    command = "interpolate A B"
    r = program.json("interpolate", a.checkpoint, b.checkpoint, "--points", 7)
    common(table, command, r, a)
    t = np.linspace(0, 1, 7)
    blend = Blend([a, b])
    at = [blend.evaluate([1 - x, x]) for x in t]
    table.equal(command, "alpha", r["alpha"], t)
    table.equal(command, "values", r["values"], [v for v, _ in at])
    table.equal(command, "accuracies", r["accuracies"], [v for _, v in at])
    table.equal(command, "distance", r["distance"], torch.linalg.norm(a.theta - b.theta))
    height, place = barrier([v for v, _ in at], t)
    table.equal(command, "barrier", r["barrier"], height)
    if height > 0:
        table.equal(command, "barrier_at", r["barrier_at"], place)


def plane(program, table, a, b, c):
    command = "interpolate A B C"
    r = program.json("interpolate", a.checkpoint, b.checkpoint, c.checkpoint, "--points", 5, "-o", "p.npz")
    z, blend = program.array("p.npz"), Blend([a, b, c])
    u, v = (b.theta - a.theta).numpy(), (c.theta - a.theta).numpy()
    d1 = u / np.linalg.norm(u)
    rest = v - (v @ d1) * d1
    d2 = rest / np.linalg.norm(rest)
    ends = [min(r["alpha"]), max(r["alpha"]), min(r["beta"]), max(r["beta"])]
    table.holds(
        command,
        "beta",
        len(r["beta"]),
        "the axes hold A, B and C",
        ends[0] <= 0 and ends[1] >= max(u @ d1, v @ d1) and ends[2] <= 0 and ends[3] >= v @ d2,
    )
    corners = [[0, 0], [u @ d1, 0], [v @ d1, v @ d2]]
    table.equal(command, "direction_1", z["direction_1"], d1, 1e-6, 1e-9)
    table.equal(command, "direction_2", z["direction_2"], d2, 1e-6, 1e-9)
    table.equal(command, "checkpoints.coordinates", [x["coordinates"] for x in r["checkpoints"]], corners, 1e-7, 1e-9)

    def place(x, y):  # the weights of A, B and C at a point of the plane; buffers are those of the same combination
        w = y / corners[2][1]
        s = (x - w * corners[2][0]) / corners[1][0]
        return [1 - s - w, s, w]

    values = [[blend.evaluate(place(x, y))[0] for x in r["alpha"]] for y in r["beta"]]
    table.equal(command, "values", r["values"], values, 1e-6)
    if not a.buffers:
        surface(table, command, r, z, a)
    # Barriers of the sides are those of the lines between two checkpoints.
    for key, pair in (("ab", (0, 1)), ("ac", (0, 2)), ("bc", (1, 2))):
        names = [(a, b, c)[i].checkpoint for i in pair]
        expected = barrier_of_line(blend, pair, 5)
        table.equal(command, f"barriers.{key}", r["barriers"][key], expected[0], 1e-6, 1e-9)
        side = program.json("interpolate", *names, "--points", 5)
        table.equal(command, f"barriers.{key}", r["barriers"][key], side["barrier"], 1e-9)
    table.equal(command, "barrier", r["barrier"], max(r["barriers"].values()))


def barrier_of_line(blend, pair, points=51):
    t = np.linspace(0, 1, points)
    values = []
    for x in t:
        weights = [0.0, 0.0, 0.0]
        weights[pair[0]] += 1 - x
        weights[pair[1]] += x
        values.append(blend.evaluate(weights)[0])
    return barrier(values, t)


def curve(program, table, a, b):
    """Σ w_k(t) θ_k with the trained points, saved as curve_points: Bernstein's polynomials, or pieces between curve_t."""
    if a.buffers:
        return  # statistics are measured at every point: `statistics` in measures.py checks how
    for kind, bends in ("bezier", 1), ("bezier", 2), ("polygon", 2), ("neb", 2):
        command = f"interpolate --curve {kind} --bends {bends}"
        r = program.json(
            "interpolate",
            a.checkpoint,
            b.checkpoint,
            "--points",
            5,
            "--curve",
            kind,
            "--bends",
            bends,
            "--steps",
            50,
            "-o",
            "c.npz",
        )
        saved, t = program.array("c.npz"), np.linspace(0, 1, 5)
        points, places = saved["curve_points"], saved["curve_t"]
        table.equal(command, "curve_points (ends)", points[[0, -1]], [a.theta.numpy(), b.theta.numpy()], 1e-12)
        n = len(points) - 1
        table.equal(command, "curve.bends", r["curve"]["bends"], n - 1)

        def weight(k, x):
            if kind == "bezier":
                return math.comb(n, k) * x**k * (1 - x) ** (n - k)
            return np.interp(x, places, np.eye(n + 1)[k])

        at = [sum(weight(k, x) * points[k] for k in range(n + 1)) for x in t]
        values = [a.value(p) for p in at]
        table.equal(command, "curve.values", r["curve"]["values"], values)
        table.equal(command, "curve.accuracies", r["curve"]["accuracies"], [a.accuracy(p) for p in at])
        height, place = barrier(values, t)
        table.equal(command, "curve.barrier", r["curve"]["barrier"], height)
        if height > 0:
            table.equal(command, "curve.barrier_at", r["curve"]["barrier_at"], place)
        table.equal(command, "curve.steps", r["curve"]["steps"], 50)
        highest = r["curve"]["highest"]
        top = sum(weight(k, highest["t"]) * points[k] for k in range(n + 1))
        table.equal(command, "curve.highest.loss", highest["loss"], a.value(top))
        with torch.no_grad():
            losses = a.element(a.outputs(torch.as_tensor(top)), a.y).numpy()
        table.equal(command, "curve.highest.standard_error", highest["standard_error"], losses.std(ddof=1) / len(losses) ** 0.5, 1e-4)
        fine = np.linspace(0, 1, 2001)
        at = np.array([sum(weight(k, x) * points[k] for k in range(n + 1)) for x in fine])
        found = max(a.value(p) for p in at[::20])
        table.holds(command, "curve.highest.error", found, "≤ loss + error", found <= highest["loss"] + highest["error"] + 1e-6)
        length = np.linalg.norm(np.diff(at, axis=0), axis=1).sum() / np.linalg.norm(at[-1] - at[0])
        table.equal(command, "curve.relative_length", r["curve"]["relative_length"], length, 1e-3)


def trajectory(program, table, case):
    command, folder = "trajectory", os.path.join(program.folder, "run")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    start = MODELS[case.network]
    program.json(
        "train",
        *start,
        "--data",
        "npz:data.npz",
        "--epochs",
        8,
        "--save-every",
        2,
        "--batch-size",
        20,
        "-o",
        "run/t.bin",
    )
    os.remove(os.path.join(folder, "t.bin"))
    r = program.json("trajectory", "run", "--points", "4x3", "-o", "t.npz")
    z = program.array("t.npz")
    names = sorted(f"run/{f}" for f in os.listdir(folder) if f.endswith(".bin"))
    cases = [Case(program, case.network, n) for n in names]
    table.holds(
        command,
        "points.checkpoint",
        len(r["points"]),
        "in the order of steps",
        [p["checkpoint"] for p in r["points"]] == names,
    )
    last = cases[-1]
    offsets = np.array([(c.theta - last.theta).numpy() for c in cases])
    square = (offsets**2).sum()
    u, s, vt = np.linalg.svd(offsets, full_matrices=False)
    explained = np.array(r["explained_variance"])
    table.equal(command, "explained_variance", explained[:2], s[:2] ** 2 / square, 1e-6)
    table.equal(command, "explained_variance", explained, (s**2 / square)[: len(explained)], 1e-6, 1e-9)
    signs = np.sign([z["direction_1"] @ vt[0], z["direction_2"] @ vt[1]])
    axes = signs[:, None] * vt[:2]
    table.equal(command, "direction_1", z["direction_1"], axes[0], 1e-5, 1e-7)
    table.equal(command, "direction_2", z["direction_2"], axes[1], 1e-5, 1e-7)
    coordinates = offsets @ axes.T
    table.equal(command, "points.coordinates", [p["coordinates"] for p in r["points"]], coordinates, 1e-6, 1e-8)
    table.equal(
        command, "points.distance", [p["distance"] for p in r["points"]], np.linalg.norm(offsets, axis=1), 1e-7, 1e-10
    )
    away = np.linalg.norm(offsets - coordinates @ axes, axis=1)
    table.equal(command, "points.distance_to_plane", [p["distance_to_plane"] for p in r["points"]], away, 1e-5, 1e-7)
    table.equal(command, "points.loss", [p["loss"] for p in r["points"]], [c.value() for c in cases])
    table.equal(command, "points.accuracy", [p["accuracy"] for p in r["points"]], [c.accuracy() for c in cases])
    shadow = [last.value(last.theta.numpy() + c @ axes) for c in coordinates]
    table.equal(command, "points.plane_loss", [p["plane_loss"] for p in r["points"]], shadow, 1e-6)
    table.equal(command, "points.step", [p["step"] for p in r["points"]], 6 * np.arange(len(cases)))
    table.equal(command, "points.epoch", [p["epoch"] for p in r["points"]], 2 * np.arange(len(cases)))
    surface(table, command, r, z, last)
    # slice --directions pca: the same axes, each as long as the path along it.
    p = program.json("slice", names[-1], "--directions", "pca:run", "--points", "3x3", "-o", "s.npz")
    d = program.array("s.npz")
    for i in range(2):
        direction = d[f"direction_{i + 1}"]
        table.equal(
            "slice --directions pca:run",
            f"direction_{i + 1}",
            np.abs(direction @ axes[i]),
            np.abs(coordinates[:, i]).max(),
            1e-6,
        )
        table.equal(
            "slice --directions pca:run",
            f"direction_{i + 1}",
            np.linalg.norm(direction),
            np.abs(coordinates[:, i]).max(),
            1e-6,
        )
    surface(table, "slice --directions pca:run", p, d, last)
