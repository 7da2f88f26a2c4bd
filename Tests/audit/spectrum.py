"""hessian: eigenvalues, residuals, traces, norms, blocks, spectral density, products, of all four operators.

Hutch++: Meyer et al. 2021, arXiv 2010.09649. Lanczos quadrature: Ghorbani et al. 2019, arXiv 1901.10159.
Gauss–Newton and Fisher matrices: Martens 2014, arXiv 1412.1193; Kunstner et al. 2019, arXiv 1905.12558.
"""

import os

import numpy as np
import torch

from measures import common


def matrices(case):
    """H; Jᵀ(diag p − ppᵀ)J/n; E_{y∼p}[∇ℓ∇ℓᵀ], summed over all labels; Σ g_i g_iᵀ/n at the labels."""
    n, p = len(case.x), torch.softmax(case.outputs(), 1).detach().numpy()
    k = p.shape[1]
    curvature = np.einsum("nk,kl->nkl", p, np.eye(k)) - np.einsum("nk,nl->nkl", p, p)
    ggn = np.zeros((len(case.theta),) * 2)
    fisher, empirical = ggn.copy(), ggn.copy()
    for i in range(n):
        j = case.jacobian[i]
        ggn += j.T @ curvature[i] @ j / n
        scores = (p[i] - np.eye(k)) @ j  # a row for each label that the model could draw
        fisher += scores.T @ (p[i][:, None] * scores) / n
        empirical += np.outer(scores[case.y[i]], scores[case.y[i]]) / n
    return {"hessian": case.hessian, "ggn": ggn, "fisher": fisher, "empirical-fisher": empirical}


def check(program, table, case):
    for operator, matrix in matrices(case).items():
        spectrum(program, table, case, operator, matrix)
    name = case.checkpoint
    power = program.json("hessian", name, "--method", "power", "--iterations", 20000)
    scale = max(power["residuals"][0], 1e-9)
    nearest = case.eigenvalues[np.argmin(abs(case.eigenvalues - power["eigenvalues"][0]))]
    table.equal("hessian --method power", "eigenvalues", power["eigenvalues"], [nearest], 0, scale)
    if power["converged"]:
        table.equal("hessian --method power", "eigenvalues", power["eigenvalues"], [case.eigenvalues[-1]], 1e-4)
    decayed = program.json(
        "hessian",
        name,
        "--include-weight-decay",
        "--weight-decay",
        0.3,
        "--tolerance",
        1e-6,
        "--trace",
        "--layers",
        "--frobenius",
    )
    common(table, "hessian --include-weight-decay", decayed, case, 0.3)
    table.equal(
        "hessian --include-weight-decay", "eigenvalues", decayed["eigenvalues"], [case.eigenvalues[-1] + 0.3], 1e-6
    )
    table.within(
        "hessian --include-weight-decay",
        "trace.value",
        decayed["trace"]["value"],
        np.trace(case.hessian) + 0.3 * len(case.theta),
        decayed["trace"]["standard_error"],
    )
    ggn = program.json(
        "hessian", name, "--include-weight-decay", "--weight-decay", 0.3, "--operator", "ggn", "--tolerance", 1e-6
    )
    table.equal(
        "hessian --operator ggn --include-weight-decay",
        "eigenvalues",
        ggn["eigenvalues"],
        [np.linalg.eigvalsh(matrices_of(case)["ggn"])[-1] + 0.3],
        1e-6,
    )


def matrices_of(case):
    if not hasattr(case, "matrices"):
        case.matrices = matrices(case)
    return case.matrices


def spectrum(program, table, case, operator, matrix):
    command = f"hessian --operator {operator}"
    name, values = case.checkpoint, np.linalg.eigvalsh(matrix)
    v = np.random.default_rng(1).normal(size=len(matrix))
    np.save(os.path.join(program.folder, "v.npy"), v)
    r = program.json(
        "hessian",
        name,
        "--operator",
        operator,
        "--top",
        4,
        "--bottom",
        2,
        "--tolerance",
        1e-5,
        "--iterations",
        4000,
        "--trace",
        "--frobenius",
        "--layers",
        "--density",
        "--along",
        "v.npy",
        "--save-product",
        "hv.npy",
        "--save-vectors",
        "V.npy",
    )
    common(table, command, r, case)
    table.equal(command, "eigenvalues", r["eigenvalues"], values[::-1][:4], 1e-6, 1e-9)
    # A Krylov space holds one vector of a repeated eigenvalue, such as the 0 of matrices of rank n(K − 1).
    distinct = (
        values if operator == "hessian" else values[np.concatenate([[True], np.diff(values) > 1e-9 * values[-1]])]
    )
    many = 2 if operator == "hessian" else 1  # beyond the first 0 of many, ranks are not proved
    # An eigenvalue near 0 is held to 1e-4 of the spread times the tolerance, 0.1 of it if none is negative.
    spread = values[-1] - values[0]
    floor = 1e-5 * spread * (1e-4 if operator == "hessian" else 0.1) + 1e-9
    table.equal(command, "eigenvalues_low", r["eigenvalues_low"][:many], distinct[:many], 1e-5, floor)
    vectors = program.array("V.npy")
    residuals = [np.linalg.norm(matrix @ u - l * u) for u, l in zip(vectors, r["eigenvalues"])]
    table.equal(command, "residuals", r["residuals"], residuals, 0.01, 1e-12 * values[-1])
    table.equal(command, "residuals (vectors are orthonormal)", vectors @ vectors.T, np.eye(4), 0, 1e-8)
    held = all(x <= max(1e-5 * abs(l), floor) for x, l in zip(residuals, r["eigenvalues"]))
    table.holds(
        command, "converged", r["converged"], f"every residual within the tolerance: {held}", r["converged"] <= held
    )
    for low, residual in zip(r["eigenvalues_low"], r["residuals_low"]):
        gap = float(np.min(abs(values - low)))
        table.holds(
            command,
            "residuals_low",
            residual,
            f"an eigenvalue lies within: {gap:.3g}",
            gap <= residual + 1e-12 * spread,
        )
    for key, count in (("probes", 10), ("products", 30)):
        table.equal(command, f"trace.{key}", r["trace"][key], count)
    table.within(command, "trace.value", r["trace"]["value"], np.trace(matrix), r["trace"]["standard_error"])
    table.within(
        command, "frobenius.value", r["frobenius"]["value"], np.linalg.norm(matrix), r["frobenius"]["standard_error"]
    )
    table.equal(command, "along.quadratic_form", r["along"]["quadratic_form"], v @ matrix @ v)
    table.equal(command, "along.norm", r["along"]["norm"], np.linalg.norm(matrix @ v))
    table.equal(command, "along.norm (saved product)", program.array("hv.npy"), matrix @ v, 1e-6, 1e-9)
    for layer, s, shape in zip(r["layers"], case.slices(), case.shapes):
        block, which = matrix[s, s], f"({layer['name']})"
        own = np.linalg.eigvalsh(block)
        table.equal(command, f"layers.largest_eigenvalue {which}", layer["largest_eigenvalue"], own[-1], 1e-4, 1e-9)
        near = float(np.min(abs(own - layer["largest_eigenvalue"])))
        table.holds(
            command,
            f"layers.residual {which}",
            layer["residual"],
            f"an eigenvalue lies within: {near:.3g}",
            near <= layer["residual"] + 1e-12,
        )
        table.within(
            command,
            f"layers.trace {which}",
            layer["trace"],
            np.trace(block),
            layer["trace_standard_error"] + 1e-10 * abs(np.trace(block)),
        )
        if len(block) <= 16:
            table.equal(command, f"layers.trace_standard_error {which}", layer["trace_standard_error"], 0)
        table.equal(command, f"layers.shape {which}", layer["shape"], shape)
        table.holds(
            command,
            f"layers.converged {which}",
            layer["converged"],
            "by the residual",
            layer["converged"] <= (near <= 1e-3 * abs(own).max()),
        )
    table.holds(
        command, "layers.name", len(r["layers"]), "in θ's order", [l["name"] for l in r["layers"]] == case.names
    )
    density(table, command, r["density"], matrix, values)


def density(table, command, d, matrix, values):
    nodes, weights, x, sigma = np.array(d["nodes"]), np.array(d["weights"]), np.array(d["x"]), d["sigma"]
    p = len(matrix)
    table.equal(command, "density.weights (their sum)", weights.sum(), 1, 1e-10)
    table.holds(
        command,
        "density.nodes",
        float(nodes.max()),
        "within the spectrum",
        nodes.max() <= values[-1] + 1e-8 * abs(values).max() and nodes.min() >= values[0] - 1e-8 * abs(values).max(),
    )
    table.equal(command, "density.probes", d["probes"], 10)
    table.holds(
        command,
        "density.products",
        d["products"],
        "at most 90 a probe",
        d["products"] <= 900 and len(nodes) == d["products"],
    )
    table.equal(command, "density.sigma (1 % of the spread)", sigma, 0.01 * (values[-1] - values[0]), 1e-3)
    # A probe u of the sphere has E uᵀHu = tr H/P and variance 2(‖H‖²_F/P − (tr H/P)²)/(P + 2); less for signs ±1.
    for power in 1, 2, 3:
        m = values**power
        deviation = np.sqrt(2 * (np.mean(m * m) - np.mean(m) ** 2) / (p + 2) / d["probes"])
        table.within(
            command,
            f"density.weights (moment {power})",
            weights @ nodes**power,
            np.mean(m),
            deviation + 1e-9 * abs(m).max(),
            5,
        )
    kernel = np.exp(-((x[:, None] - nodes) ** 2) / 2 / sigma**2) / np.sqrt(2 * np.pi) / sigma
    table.equal(command, "density.y", d["y"], kernel @ weights, 1e-6, 1e-9 * max(d["y"]))
    table.equal(command, "density.x (the integral of y is 1)", np.trapezoid(d["y"], x), 1, 5e-3)
    truth = (np.exp(-((x[:, None] - values) ** 2) / 2 / sigma**2) / np.sqrt(2 * np.pi) / sigma).mean(1)
    error = np.array(d["standard_error"])
    table.holds(
        command,
        "density.standard_error",
        float(np.max(error)),
        "y within 12 of them, or 2 % of the peak",
        np.all(abs(np.array(d["y"]) - truth) <= np.maximum(12 * error, 0.02 * truth.max())),
    )
    square = (kernel * kernel) @ weights
    half = 0.98 * np.sqrt(2 / (p + 2) / d["probes"] * np.maximum(square - (kernel @ weights) ** 2, 0))
    root = np.sqrt(kernel @ weights)
    for which, ours, sign in (("low", d["interval95"][0], -1), ("high", d["interval95"][1], 1)):
        own = np.maximum(root + sign * half / np.maximum(root, 1e-150), 0) ** 2
        table.equal(command, f"density.interval95 ({which})", ours, own, 1e-5, 1e-9 * max(d["y"]))
    high = outliers(-values[::-1])
    for key, own in ("outliers", -high[::-1]), ("outliers_low", outliers(values)):
        table.equal(command, f"density.{key} (how many)", len(d[key]), len(own))
        table.equal(command, f"density.{key}", d[key], own, 0, 1e-4 * (values[-1] - values[0]))


def outliers(values):
    """The lower outliers of all eigenvalues, ascending: to the innermost of a quarter with a gap wider than the next
    ten are spread over, than 1e-3 of the distance from the median to the first, and than 1e-6 of all.
    """
    floor = max(1e-3 * (np.median(values) - values[0]), 1e-6 * (values[-1] - values[0]))
    gaps, spreads = np.diff(values), values[11:] - values[1:-10]
    last = [i for i in range(len(values) // 4) if gaps[i] > max(floor, spreads[i])]
    return values[: last[-1] + 1] if last else values[:0]


def repeated(program, table, case):
    """Least squares of a linear layer: H repeats the eigenvalues of XᵀX/(nK) K times; each copy is found,
    without being asked.
    """
    arrays = dict(program.array("data.npz"))
    for split in "train", "test":
        arrays["y_" + split] = np.eye(10)[arrays["y_" + split]][:, :3]
    np.savez(os.path.join(program.folder, "linear.npz"), **arrays)
    program.json(
        "train",
        "--model",
        "linear",
        "--data",
        "npz:linear.npz",
        "--loss",
        "half-mse",
        "--epochs",
        2,
        "-o",
        "linear.bin",
    )
    x = np.c_[arrays["x_train"].reshape(len(arrays["x_train"]), -1), np.ones(len(arrays["x_train"]))].astype(float)
    values = np.repeat(np.linalg.eigvalsh(x.T @ x / len(x) / 3)[::-1], 3)
    for options in [], ["--operator", "ggn"]:
        r = program.json("hessian", "linear.bin", "--top", 7, "--tolerance", 1e-6, *options, "--trace")
        command = " ".join(["hessian (least squares)", *options])
        table.equal(command, "eigenvalues", r["eigenvalues"], values[:7], 1e-6)
        table.within(command, "trace.value", r["trace"]["value"], values.sum(), r["trace"]["standard_error"] + 1e-9)
