"""sharpness --measure average and keskar: means over Gaussian ε, and the box of Keskar et al. 2017, arXiv
1609.04836.
"""

import numpy as np
import torch

from sharpness import climb


def check(program, table, case):
    average(program, table, case)
    keskar(program, table, case)
    curve(program, table, case)


def expectation(case, deviation, runs=4000):
    """E[L(θ+ε) − L(θ)] over ε ~ N(0, diag(deviation²)), its error, and the antithetic pairs' means that it is of.

    ½εᵀHε is a control variate: its mean is ½ Σ deviation² H_ii.
    """
    generator, theta, start = np.random.default_rng(11), case.theta.numpy(), case.value()
    pairs, rest = [], []
    with torch.no_grad():
        for _ in range(runs):
            e = deviation * generator.normal(size=len(theta))
            pairs.append((case.value(theta + e) + case.value(theta - e)) / 2 - start)
            rest.append(pairs[-1] - e @ (case.hessian @ e) / 2)
    mean = (deviation**2) @ np.diag(case.hessian) / 2 + np.mean(rest)
    return mean, np.std(rest) / np.sqrt(runs), np.array(pairs)


def average(program, table, case):
    for rho, eta in ((0.01, None), (0.05, 0.01)):
        options = ["--measure", "average", "--rho", rho, *([] if eta is None else ["--adaptive", "--eta", eta])]
        command = " ".join(map(str, ["sharpness", *options]))
        deviation = rho * (np.ones(len(case.theta)) if eta is None else np.abs(case.theta.numpy()) + eta)
        truth, error, pairs = expectation(case, deviation, 4000 if case.network == "mlp" else 600)
        a = program.json("sharpness", case.checkpoint, *options)["average_case"]
        table.within(command, "average_case.value", a["value"], truth, np.hypot(a["standard_error"], error), 5)
        table.equal(command, "average_case.samples", a["samples"], 100)
        # 50 pairs' standard error has a relative error of about √((κ − 1)/4n) with the kurtosis κ of the pairs.
        kurtosis = np.mean((pairs - pairs.mean()) ** 4) / pairs.var() ** 2
        table.equal(
            command,
            "average_case.standard_error",
            a["standard_error"],
            pairs.std() / np.sqrt(50),
            5 * np.sqrt((kurtosis - 1) / 200),
        )
        if case.network == "mlp" and eta is None:
            coverage(program, table, case, options, command, truth)


def coverage(program, table, case, options, command, truth, runs=400):
    """Share of seeds whose interval holds the exact mean."""
    hits = []
    for seed in range(runs):
        low, high = program.json("sharpness", case.checkpoint, *options, "--seed", seed)["average_case"]["interval95"]
        hits.append(low <= truth <= high)
    deviation = np.sqrt(0.95 * 0.05 / runs)
    table.equal(
        f"{command} ({runs} seeds)", "average_case.interval95 (share)", float(np.mean(hits)), 0.95, 0, 3 * deviation
    )


def keskar(program, table, case):
    command = "sharpness --measure keskar"
    r = program.json("sharpness", case.checkpoint, "--measure", "keskar")["keskar"]
    theta, start = case.theta.numpy(), case.value()
    for entry in r["all"]:
        which = f"(ε {entry['epsilon']}, {entry['subspace']})"
        repeats = np.array(entry["repeats"])
        full = entry["subspace"] is None
        table.equal(command, f"keskar.all.value {which}", entry["value"], repeats.max() if full else repeats.mean())
        table.equal(command, f"keskar.all.mean {which}", entry["mean"], repeats.mean())
        table.equal(
            command, f"keskar.all.standard_deviation {which}", entry["standard_deviation"], repeats.std(ddof=1), 1e-6
        )
        if full:  # in so small a box the loss is nearly quadratic; corners by the sign of the gradient
            scale = np.abs(theta) + 1
            own = 100 * climb(case, scale, entry["epsilon"], "linf", steps=30) / (1 + start)
            table.equal(command, f"keskar.all.value {which}", entry["value"], own, 0.02)
            below = 100 * (case.value(theta + entry["epsilon"] * scale * np.sign(case.g)) - start) / (1 + start)
            table.at_least(command, f"keskar.all.value {which}", entry["value"], 0.999 * below)
        else:
            own = [subspace(case, entry["epsilon"], entry["subspace"], seed) for seed in range(12)]
            error = np.sqrt(repeats.var(ddof=1) / len(repeats) + np.var(own, ddof=1) / len(own))
            table.within(command, f"keskar.all.value {which}", entry["value"], np.mean(own), error, 6)
    first = r["all"][0]
    for key in ("value", "epsilon", "subspace", "mean", "standard_deviation", "repeats"):
        table.equal(command, f"keskar.{key}", r[key], first[key])


def subspace(case, epsilon, k, seed):
    """φ over θ + Az, |z_i| ≤ ε(|(A⁺θ)_i| + 1), with k columns of N(0, 1), by steepest ascent in the box."""
    theta, a = case.theta.numpy(), np.random.default_rng(seed).normal(size=(len(case.theta), k))
    bound = epsilon * (np.abs(np.linalg.lstsq(a, theta, rcond=None)[0]) + 1)
    z, start = np.zeros(k), case.value()
    for _ in range(20):
        new = bound * np.sign(a.T @ case.gradient(theta + a @ z))
        if np.array_equal(new, z):
            break
        z = new
    return 100 * (case.value(theta + a @ z) - start) / (1 + start)


def curve(program, table, case):
    command, radii = "sharpness --rho 0.01,0.02,0.05", [0.01, 0.02, 0.05]
    r = program.json("sharpness", case.checkpoint, "--rho", "0.01,0.02,0.05", "--measure", "all")
    table.equal(command, "rho", r["rho"], radii)
    table.equal(command, "curve.rho", [p["rho"] for p in r["curve"]], radii)
    bounds = [p["worst_case"]["lower_bound"] for p in r["curve"]]
    table.holds(command, "curve.worst_case.lower_bound", bounds[-1], "never falls", bounds == sorted(bounds))
    norm, start, theta = np.linalg.norm(case.g), case.value(), case.theta.numpy()
    for p in r["curve"]:
        rho, w = p["rho"], p["worst_case"]
        single = program.json("sharpness", case.checkpoint, "--rho", rho)["worst_case"]
        table.equal(
            command, "curve.worst_case.one_step", w["one_step"], case.value(theta + rho * case.g / norm) - start
        )
        table.equal(
            command, "curve.worst_case.estimate", w["estimate"], rho * norm + rho**2 / 2 * case.eigenvalues[-1], 2e-4
        )
        table.equal(command, "curve.worst_case.largest_eigenvalue", w["largest_eigenvalue"], case.eigenvalues[-1], 2e-4)
        table.equal(command, "curve.worst_case.quadratic_model", w["quadratic_model"], single["quadratic_model"], 1e-5)
        table.at_least(command, "curve.worst_case.lower_bound", w["lower_bound"], 0.999 * single["lower_bound"])
        table.holds(
            command,
            "curve.worst_case.epsilon_norm",
            w["epsilon_norm"],
            f"<= {rho}",
            w["epsilon_norm"] <= rho * (1 + 1e-9),
        )
        truth, error, _ = expectation(case, rho * np.ones(len(theta)), 1000 if case.network == "mlp" else 300)
        a = p["average_case"]
        table.within(command, "curve.average_case.value", a["value"], truth, np.hypot(a["standard_error"], error), 5)
