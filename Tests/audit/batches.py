"""--batchnorm batch and recalibrate, along paths and in matrices, and weights of examples, on the network that has
them.

Ioffe & Szegedy 2015, arXiv 1502.03167.
"""

import os

import numpy as np
import torch

from networks import FIXTURE, Case, cross_entropy
from variants import consistent, shares


def check(program, table, case):
    if case.buffers:
        batches(program, table, case)
        weighted_examples(program, table, case)


def batches(program, table, case):
    """--batchnorm batch: every batch by its own statistics, weighted by its size. recalibrate: fixed once, at
    the checkpoint.
    """
    n = len(case.x)
    for size in 60, 25:
        rows = [slice(i, min(i + size, n)) for i in range(0, n, size)]
        own = lambda t: sum(case.loss(t, True, b) * ((b.stop - b.start) / n) for b in rows)
        consistent(
            program,
            table,
            case,
            case.checkpoint,
            ["--batchnorm", "batch", "--batch-size", size],
            own,
            f"--batchnorm batch --batch-size {size}",
        )
        matrices_of_batches(program, table, case, rows, size)
    fixed = recalibrated(case, rows)
    kept, case.buffers = case.buffers, fixed
    consistent(
        program,
        table,
        case,
        case.checkpoint,
        ["--batchnorm", "recalibrate", "--batch-size", 25],
        case.loss,
        "--batchnorm recalibrate",
    )
    case.buffers = kept
    along_paths(program, table, case, rows)


def matrices_of_batches(program, table, case, rows, size):
    """Jᵀ(diag p − ppᵀ)J/n and Σ g_i g_iᵀ/n, with J through the batch's statistics."""
    n, ggn, empirical = len(case.x), 0, 0
    for b in rows:
        theta = case.theta.clone().requires_grad_()
        z = case.outputs(theta, batch=True, x=case.x[b])
        j = np.array([torch.autograd.grad(v, theta, retain_graph=True)[0].numpy() for v in z.flatten()]).reshape(
            *z.shape, -1
        )
        p = torch.softmax(z, 1).detach().numpy()
        h = np.einsum("nk,kl->nkl", p, np.eye(p.shape[1])) - np.einsum("nk,nl->nkl", p, p)
        scores = np.einsum("nk,nkp->np", p - np.eye(p.shape[1])[case.y[b].numpy()], j)
        ggn, empirical = (
            ggn + np.einsum("nkp,nkl,nlq->pq", j, h, j, optimize=True) / n,
            empirical + scores.T @ scores / n,
        )
    for operator, matrix in ("ggn", ggn), ("empirical-fisher", empirical):
        r = program.json(
            "hessian",
            case.checkpoint,
            "--operator",
            operator,
            "--batchnorm",
            "batch",
            "--batch-size",
            size,
            "--top",
            3,
            "--tolerance",
            1e-6,
        )
        table.equal(
            f"hessian --operator {operator} --batchnorm batch --batch-size {size}",
            "eigenvalues",
            r["eigenvalues"],
            np.linalg.eigvalsh(matrix)[::-1][:3],
            1e-5,
        )


def along_paths(program, table, case, rows):
    """Between networks, statistics are measured at every point (Garipov et al. 2018, arXiv 1802.10026, appendix
    A.2).
    """

    def at(theta):
        kept, case.buffers = case.buffers, recalibrated(case, rows, theta)
        result = case.value(theta), case.accuracy(theta)
        case.buffers = kept
        return result

    options, t = ["--batchnorm", "recalibrate", "--batch-size", 25, "--points", 5], np.linspace(0, 1, 5)
    start = ["--start", "graph.bin", "--data", "npz:data.npz", "--epochs", 10, "--batch-size", 20, "--seed", 1]
    program.json("train", *start, "-o", "b.bin")
    other = Case(program, case.network, "b.bin")
    r = program.json("interpolate", case.checkpoint, "b.bin", *options)
    values = [at((1 - x) * case.theta + x * other.theta) for x in t]
    table.equal("interpolate --batchnorm recalibrate", "values", r["values"], [v for v, _ in values])
    table.equal("interpolate --batchnorm recalibrate", "accuracies", r["accuracies"], [v for _, v in values])
    c = program.json(
        "interpolate", case.checkpoint, "b.bin", *options, "--curve", "bezier", "--steps", 30, "-o", "c.npz"
    )
    points = [torch.tensor(p) for p in program.array("c.npz")["curve_points"]]
    values = [at((1 - x) ** 2 * points[0] + 2 * x * (1 - x) * points[1] + x * x * points[2]) for x in t]
    table.equal(
        "interpolate --batchnorm recalibrate --curve bezier",
        "curve.values",
        c["curve"]["values"],
        [v for v, _ in values],
    )
    table.equal(
        "interpolate --batchnorm recalibrate --curve bezier",
        "curve.accuracies",
        c["curve"]["accuracies"],
        [v for _, v in values],
    )


def recalibrated(case, rows, theta=None):
    """Every batch's mean and unbiased variance in a pass through the network in training mode, averaged by size."""
    n, result = len(case.x), {}
    with torch.no_grad():
        for b in rows:
            seen = {}
            case.outputs(theta, batch=seen, x=case.x[b])
            for layer, pair in seen.items():
                for key, value in zip((".running_mean", ".running_var"), pair):
                    result[layer + key] = result.get(layer + key, 0) + value * ((b.stop - b.start) / n)
    return result


def weighted_examples(program, table, case):
    """An array `weight` beside inputs and labels: L = Σ w ℓ / Σ w."""
    arrays, w = program.array("data.npz"), np.random.default_rng(8).uniform(0, 3, len(case.x))
    np.savez(os.path.join(program.folder, "weights_of.npz"), x=arrays["x_train"], labels=arrays["y_train"], weight=w)
    program.run("export", case.checkpoint, "-o", "w.npz", "--quiet")
    program.run(
        "import",
        "w.npz",
        "--model",
        os.path.join(FIXTURE, "graph_ts17.onnx"),
        "--data",
        "npz:weights_of.npz",
        "-o",
        "weighed.bin",
        "--quiet",
    )
    v = torch.tensor(w)
    loss = lambda t: (v * cross_entropy(case.outputs(t), case.y)).sum() / v.sum()
    consistent(program, table, case, "weighed.bin", ["--batch-size", 25], loss, "(weights of examples)")
    shares(program, table, case, "weighed.bin", w, "(weights of examples)")
