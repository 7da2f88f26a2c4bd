"""sharpness: worst case in balls and boxes, one step, quadratic model, m-sharpness, average case, Keskar's measure.

SAM: Foret et al. 2021, arXiv 2010.01412. ASAM's T: Kwon et al. 2021, arXiv 2102.11600. The box: Keskar et al. 2017, arXiv
1609.04836. Normalised logits: Andriushchenko et al. 2023, arXiv 2302.07011.
"""
import os

import numpy as np
import torch

from measures import common
from networks import cross_entropy

RHO = 0.05


def quadratic_maximum(g, values, vectors, rho):
    """max gᵀu + ½uᵀHu over ‖u‖ ≤ ρ: u = (μ − H)⁻¹g with μ ≥ max(λmax, 0) and ‖u‖ = ρ (Conn, Gould & Toint 2000, ch. 7)."""
    a = vectors.T @ g
    floor = max(values[-1], 0)
    low, high = floor, floor + np.linalg.norm(g) / rho + 1e-12
    for _ in range(200):
        middle = (low + high) / 2
        with np.errstate(divide="ignore"):
            longer = np.linalg.norm(a / np.maximum(middle - values, 1e-300)) > rho
        low, high = (middle, high) if longer else (low, middle)
    u = a / (high - values)
    return float(a @ u + (values * u) @ u / 2)


def climb(case, scale, rho, norm, loss=None, steps=400):
    """An own search: from g and −g and 4 random points, steepest ascent with projection onto the ball; the best increase."""
    loss = loss or case.loss
    generator, best = np.random.default_rng(3), 0.0
    g = scale * case.gradient(loss=loss)
    start = float(loss(case.theta))
    for u in [g, -g, *generator.normal(size=(4, len(g)))]:
        u = rho * (np.sign(u) if norm == "linf" else u / np.linalg.norm(u))
        for i in range(steps):
            v = scale * case.gradient(case.theta.numpy() + scale * u, loss=loss)
            if norm == "linf":  # a corner is better than its neighbours along the gradient
                new = rho * np.where(v == 0, np.sign(u), np.sign(v))
            else:
                new = rho * (u + 2 * rho * v / np.linalg.norm(v)) / np.linalg.norm(u + 2 * rho * v / np.linalg.norm(v))
            if np.linalg.norm(new - u) < 1e-9 * np.linalg.norm(u):
                break
            u = new
        best = max(best, float(loss(case.theta + torch.tensor(scale * u))) - start)
    return best


def check(program, table, case):
    variants = [("l2", None), ("l2", 0.01), ("l2", 0.0), ("linf", None), ("linf", 0.01)]
    for norm, eta in variants:
        worst(program, table, case, norm, eta)
    average(program, table, case)
    keskar(program, table, case)
    batchwise(program, table, case)
    normalized(program, table, case)
    curve(program, table, case)


def worst(program, table, case, norm, eta):
    rho = RHO if norm == "l2" else 0.002
    options = ["--norm", norm, *([] if eta is None else ["--adaptive", "--eta", eta])]
    command = " ".join(map(str, ["sharpness", *options]))
    r = program.json("sharpness", case.checkpoint, *options, "--rho", rho, "--save-epsilon", "e.npy")
    common(table, command, r, case)
    table.equal(command, "rho", r["rho"], rho)
    table.equal(command, "gradient_norm", r["gradient_norm"], np.linalg.norm(case.g))
    theta, w = case.theta.numpy(), r["worst_case"]
    scale = np.ones_like(theta) if eta is None else np.abs(theta) + eta
    tg, start, order = scale * case.g, case.value(), 2 if norm == "l2" else np.inf
    step = rho * scale * (tg / np.linalg.norm(tg) if norm == "l2" else np.sign(case.g))
    table.equal(command, "worst_case.one_step", w["one_step"], case.value(theta + step) - start)
    values, vectors = np.linalg.eigh(scale[:, None] * case.hessian * scale)
    table.equal(command, "worst_case.largest_eigenvalue", w["largest_eigenvalue"], values[-1], 2e-4)
    # docs/definitions.md's row says which norm; a box holds a ball of radius ρ√P, so the same bound there is ρ‖Tg‖₁ + ½ρ²Pλmax.
    expected = rho * np.linalg.norm(tg) + rho**2 / 2 * max(values[-1], 0)
    if norm == "linf" and box_has_its_own_estimate():
        expected = rho * np.abs(tg).sum() + rho**2 / 2 * len(theta) * max(values[-1], 0)
    table.equal(command, "worst_case.estimate", w["estimate"], expected, 2e-4)
    if norm == "l2":
        best = quadratic_maximum(tg, values, vectors, rho)
        table.equal(command, "worst_case.quadratic_model", w["quadratic_model"], best, 1e-5)
    else:
        table.equal(command, "worst_case.quadratic_model", w.get("quadratic_model"), None)
    epsilon = program.array("e.npy")
    moving = scale > 0
    length = np.linalg.norm(epsilon[moving] / scale[moving], order)
    table.equal(command, "worst_case.epsilon_norm", w["epsilon_norm"], length, 1e-6)
    table.holds(command, "worst_case.epsilon_norm (feasible)", float(length), f"<= {rho}", length <= rho * (1 + 1e-9) and not epsilon[~moving].any())
    table.holds(command, "worst_case.constraint_active", w["constraint_active"], "epsilon_norm is ρ", w["constraint_active"] == (length > rho * (1 - 1e-6)))
    table.equal(command, "worst_case.lower_bound", w["lower_bound"], case.value(theta + epsilon) - start)
    table.at_least(command, "worst_case.lower_bound", w["lower_bound"], w["one_step"], 1e-12)
    own = climb(case, scale, rho, norm)
    table.at_least(command, "worst_case.lower_bound (own search)", w["lower_bound"], 0.995 * own)
    increases = [s["increase"] for s in w["starts"]]
    table.equal(command, "worst_case.restarts", w["restarts"], increases)
    table.equal(command, "worst_case.lower_bound", w["lower_bound"], max(increases))
    table.equal(command, "worst_case.spread", w["spread"], max(increases) - min(increases))
    alone = [s for s in w["starts"] if s["joined"] is None]  # a climb that met another has the other's increase
    table.equal(command, "worst_case.starts.curve", [s["curve"][-1] for s in alone], [s["increase"] for s in alone])
    met = {s["start"]: s["increase"] for s in alone}
    for s in w["starts"]:
        if s["joined"] is not None:
            table.equal(command, f"worst_case.starts.joined ({s['start']})", s["increase"], met.get(s["joined"]))


def box_has_its_own_estimate():
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "definitions.md")
    row = next(line for line in open(page, encoding="utf-8") if line.startswith("| `worst_case.estimate`"))
    return "‖₁" in row or "P·λmax" in row or "Pλmax" in row


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
        table.equal(command, "average_case.standard_error", a["standard_error"], pairs.std() / np.sqrt(50), 5 * np.sqrt((kurtosis - 1) / 200))
        if case.network == "mlp" and eta is None:
            coverage(program, table, case, options, command, truth, pairs)


def coverage(program, table, case, options, command, truth, pairs, runs=400):
    """Share of seeds with the exact mean within 2 standard errors, against 50 own pairs, drawn again and again."""
    hits = []
    for seed in range(runs):
        a = program.json("sharpness", case.checkpoint, *options, "--seed", seed)["average_case"]
        hits.append(abs(a["value"] - truth) <= 2 * a["standard_error"])
    draws = np.random.default_rng(5).choice(pairs, size=(20000, 50))
    own = np.mean(abs(draws.mean(1) - pairs.mean()) <= 2 * draws.std(1, ddof=1) / np.sqrt(50))
    deviation = np.sqrt(own * (1 - own) / runs)
    table.equal(f"{command} ({runs} seeds)", "average_case.standard_error (share within 2)", float(np.mean(hits)), float(own), 0, 3 * deviation)


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
        table.equal(command, f"keskar.all.standard_deviation {which}", entry["standard_deviation"], repeats.std(ddof=1), 1e-6)
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


def batchwise(program, table, case):
    """m = 1 has one partition only: every example's own step. m = n is the worst case itself."""
    n, name = 12, case.checkpoint
    w = program.json("sharpness", name, "--m", 1, "--examples", n, "--rho", RHO)["worst_case"]
    command, steps, estimates, bounds = "sharpness --m 1 --examples 12", [], [], []
    for i in range(n):
        rows = slice(i, i + 1)
        g = case.gradient(rows=rows)
        loss = lambda t: case.loss(t, rows=rows)
        start = float(loss(case.theta))
        steps.append(float(loss(case.theta + torch.tensor(RHO * g / np.linalg.norm(g)))) - start)
        top = largest(case, loss)
        estimates.append(RHO * np.linalg.norm(g) + RHO**2 / 2 * max(top, 0))
    table.equal(command, "worst_case.one_step", w["one_step"], np.mean(steps))
    table.equal(command, "worst_case.estimate", w["estimate"], np.mean(estimates), 1e-4)
    table.at_least(command, "worst_case.lower_bound", w["lower_bound"], np.mean(steps), 1e-12)
    table.holds(command, "worst_case.batches", w["batches"][0], "each at least an example's step", bool(np.all(np.sort(w["batches"]) >= np.sort(steps) * (1 - 1e-9) - 1e-12)))
    table.equal(command, "worst_case.batch_sizes", w["batch_sizes"], np.ones(n))
    table.equal(command, "worst_case.m", w["m"], 1)
    table.equal(command, "worst_case.standard_error", w["standard_error"], np.std(w["batches"], ddof=1) / np.sqrt(n), 1e-6)
    table.equal(command, "worst_case.lower_bound", w["lower_bound"], np.mean(w["batches"]))
    table.equal(command, "worst_case.epsilon_norm", w["epsilon_norm"], RHO, 1e-6)
    ragged = program.json("sharpness", name, "--m", 5, "--examples", n, "--rho", RHO)["worst_case"]
    sizes = np.array(ragged["batch_sizes"])
    table.equal("sharpness --m 5 --examples 12", "worst_case.batch_sizes", np.sort(sizes), [2, 5, 5])
    table.equal("sharpness --m 5 --examples 12", "worst_case.lower_bound", ragged["lower_bound"], sizes @ ragged["batches"] / n)
    whole = program.json("sharpness", name, "--m", n, "--examples", n, "--rho", RHO)["worst_case"]
    plain = program.json("sharpness", name, "--examples", n, "--rho", RHO)["worst_case"]
    for key in "lower_bound", "one_step", "estimate":
        table.equal("sharpness --m 12 --examples 12", f"worst_case.{key}", whole[key], plain[key], 1e-4)
    table.holds("sharpness --m 5 --examples 12", "worst_case.lower_bound", ragged["lower_bound"], "between m = n and m = 1",
                whole["lower_bound"] <= ragged["lower_bound"] * 1.001 and ragged["lower_bound"] <= w["lower_bound"] * 1.001)


def largest(case, loss, steps=60):
    """λmax by Lanczos with full reorthogonalisation."""
    theta = case.theta.clone().requires_grad_()
    g = torch.autograd.grad(loss(theta), theta, create_graph=True)[0]
    q = np.random.default_rng(2).normal(size=len(theta))
    basis, a, b = [q / np.linalg.norm(q)], [], []
    for _ in range(steps):
        v = torch.autograd.grad(g @ torch.tensor(basis[-1]), theta, retain_graph=True)[0].numpy()
        a.append(basis[-1] @ v)
        for _ in range(2):
            v = v - np.array(basis).T @ (np.array(basis) @ v)
        b.append(np.linalg.norm(v))
        if b[-1] < 1e-12:
            break
        basis.append(v / b[-1])
    return np.linalg.eigvalsh(np.diag(a) + np.diag(b[: len(a) - 1], 1) + np.diag(b[: len(a) - 1], -1))[-1]


def normalized(program, table, case):
    def loss(theta):
        z = case.outputs(theta)
        z = z - z.mean(1, keepdim=True)
        return cross_entropy(z / z.norm(dim=1, keepdim=True), case.y).mean()

    command = "sharpness --normalize-logits"
    r = program.json("sharpness", case.checkpoint, "--normalize-logits", "--rho", RHO)
    g = case.gradient(loss=loss)
    start = float(loss(case.theta))
    table.equal(command, "loss", r["loss"], start)
    table.equal(command, "gradient_norm", r["gradient_norm"], np.linalg.norm(g))
    step = float(loss(case.theta + torch.tensor(RHO * g / np.linalg.norm(g)))) - start
    table.equal(command, "worst_case.one_step", r["worst_case"]["one_step"], step)
    top = largest(case, loss)
    table.equal(command, "worst_case.estimate", r["worst_case"]["estimate"], RHO * np.linalg.norm(g) + RHO**2 / 2 * top, 2e-4)


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
        table.equal(command, "curve.worst_case.one_step", w["one_step"], case.value(theta + rho * case.g / norm) - start)
        table.equal(command, "curve.worst_case.estimate", w["estimate"], rho * norm + rho**2 / 2 * case.eigenvalues[-1], 2e-4)
        table.equal(command, "curve.worst_case.largest_eigenvalue", w["largest_eigenvalue"], case.eigenvalues[-1], 2e-4)
        table.equal(command, "curve.worst_case.quadratic_model", w["quadratic_model"], single["quadratic_model"], 1e-5)
        table.at_least(command, "curve.worst_case.lower_bound", w["lower_bound"], 0.999 * single["lower_bound"])
        table.holds(command, "curve.worst_case.epsilon_norm", w["epsilon_norm"], f"<= {rho}", w["epsilon_norm"] <= rho * (1 + 1e-9))
        truth, error, _ = expectation(case, rho * np.ones(len(theta)), 1000 if case.network == "mlp" else 300)
        a = p["average_case"]
        table.within(command, "curve.average_case.value", a["value"], truth, np.hypot(a["standard_error"], error), 5)
