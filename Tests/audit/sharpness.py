"""sharpness: worst case in balls and boxes, one step, quadratic model, m-sharpness, average case, Keskar's measure.

SAM: Foret et al. 2021, arXiv 2010.01412. ASAM's T: Kwon et al. 2021, arXiv 2102.11600. The box: Keskar et al. 2017,
arXiv 1609.04836. Normalised logits: Andriushchenko et al. 2023, arXiv 2302.07011.
"""

import os

import numpy as np
import torch

from measures import common
from networks import cross_entropy

RHO = 0.05


def quadratic_maximum(g, values, vectors, rho):
    """max gᵀu + ½uᵀHu over ‖u‖ ≤ ρ: u = (μ − H)⁻¹g with μ ≥ max(λmax, 0) and ‖u‖ = ρ (Conn, Gould & Toint 2000,
    ch. 7).
    """
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
    """An own search: projected steepest ascent from g, −g and 4 random points; the best increase."""
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
    batchwise(program, table, case)
    normalized(program, table, case)


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
    # docs/definitions.md's row says which norm; a box holds a ball of radius ρ√P, so the same bound there is ρ‖Tg‖₁
    # + ½ρ²Pλmax.
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
    table.holds(
        command,
        "worst_case.epsilon_norm (feasible)",
        float(length),
        f"<= {rho}",
        length <= rho * (1 + 1e-9) and not epsilon[~moving].any(),
    )
    table.holds(
        command,
        "worst_case.constraint_active",
        w["constraint_active"],
        "epsilon_norm is ρ",
        w["constraint_active"] == (length > rho * (1 - 1e-6)),
    )
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


def batchwise(program, table, case):
    """m = 1 has one partition only: every example's own step. m = n is the worst case itself."""
    n, name = 12, case.checkpoint
    w = program.json("sharpness", name, "--m", 1, "--examples", n, "--rho", RHO)["worst_case"]
    command, steps, estimates = "sharpness --m 1 --examples 12", [], []
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
    table.holds(
        command,
        "worst_case.batches",
        w["batches"][0],
        "each at least an example's step",
        bool(np.all(np.sort(w["batches"]) >= np.sort(steps) * (1 - 1e-9) - 1e-12)),
    )
    table.equal(command, "worst_case.batch_sizes", w["batch_sizes"], np.ones(n))
    table.equal(command, "worst_case.m", w["m"], 1)
    table.equal(
        command, "worst_case.standard_error", w["standard_error"], np.std(w["batches"], ddof=1) / np.sqrt(n), 1e-6
    )
    table.equal(command, "worst_case.lower_bound", w["lower_bound"], np.mean(w["batches"]))
    table.equal(command, "worst_case.epsilon_norm", w["epsilon_norm"], RHO, 1e-6)
    ragged = program.json("sharpness", name, "--m", 5, "--examples", n, "--rho", RHO)["worst_case"]
    sizes = np.array(ragged["batch_sizes"])
    table.equal("sharpness --m 5 --examples 12", "worst_case.batch_sizes", np.sort(sizes), [2, 5, 5])
    table.equal(
        "sharpness --m 5 --examples 12", "worst_case.lower_bound", ragged["lower_bound"], sizes @ ragged["batches"] / n
    )
    whole = program.json("sharpness", name, "--m", n, "--examples", n, "--rho", RHO)["worst_case"]
    plain = program.json("sharpness", name, "--examples", n, "--rho", RHO)["worst_case"]
    for key in "lower_bound", "one_step", "estimate":
        table.equal("sharpness --m 12 --examples 12", f"worst_case.{key}", whole[key], plain[key], 1e-4)
    table.holds(
        "sharpness --m 5 --examples 12",
        "worst_case.lower_bound",
        ragged["lower_bound"],
        "between m = n and m = 1",
        whole["lower_bound"] <= ragged["lower_bound"] * 1.001 and ragged["lower_bound"] <= w["lower_bound"] * 1.001,
    )


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
    table.equal(
        command, "worst_case.estimate", r["worst_case"]["estimate"], RHO * np.linalg.norm(g) + RHO**2 / 2 * top, 2e-4
    )
