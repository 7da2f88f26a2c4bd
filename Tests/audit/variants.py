"""Options and settings that change L: gradient, curvature, one step and slice must all be of the same changed L.

Batches whose statistics normalise (Ioffe & Szegedy 2015, arXiv 1502.03167), weights of examples and classes,
splits, decay.
"""

import os

import numpy as np
import torch

from networks import Case, cross_entropy
from sharpness import largest
from slices import second_difference


def consistent(program, table, case, name, options, loss, label):
    """Loss, gradient norm, λmax, Gauss–Newton's bounds, one step, average case at 0, and a slice of one L."""
    theta = case.theta
    start, g = float(loss(theta)), case.gradient(loss=loss)
    norm = np.linalg.norm(g)
    r = program.json("gradient", name, *options)
    table.equal(f"gradient {label}", "loss", r["loss"], start)
    table.equal(f"gradient {label}", "gradient_norm", r["gradient_norm"], norm)
    table.equal(
        f"gradient {label}",
        "layers.gradient_norm",
        [l["gradient_norm"] for l in r["layers"]],
        [np.linalg.norm(g[s]) for s in case.slices()],
    )
    table.equal(f"evaluate {label}", "loss", program.json("evaluate", name, *options)["loss"], start)
    top = largest(case, loss, 80)
    h = program.json("hessian", name, *options, "--tolerance", 1e-6)
    table.equal(f"hessian {label}", "loss", h["loss"], start)
    table.equal(f"hessian {label}", "eigenvalues", h["eigenvalues"], [top], 1e-5)
    s = program.json("sharpness", name, *options, "--rho", 0.03)
    step = float(loss(theta + torch.tensor(0.03 * g / norm))) - start
    table.equal(f"sharpness {label}", "worst_case.one_step", s["worst_case"]["one_step"], step)
    table.equal(f"sharpness {label}", "gradient_norm", s["gradient_norm"], norm)
    table.equal(
        f"sharpness {label}",
        "worst_case.estimate",
        s["worst_case"]["estimate"],
        0.03 * norm + 0.03**2 / 2 * max(top, 0),
        2e-4,
    )
    z = program.json("slice", name, *options, "--points", 5, "--range", 0.2, "-o", "s.npz")
    d = program.array("s.npz")["direction_1"]
    values = [float(loss(theta + torch.tensor(a * d))) for a in z["alpha"]]
    table.equal(f"slice {label}", "values", z["values"], values)
    table.equal(f"slice {label}", "center", z["center"], start)
    table.equal(
        f"slice {label}",
        "curvature_grid",
        z["curvature_grid"],
        second_difference(np.array(z["alpha"]), values),
        1e-6,
        1e-8,
    )
    at = theta.clone().requires_grad_()
    first = torch.autograd.grad(loss(at), at, create_graph=True)[0]
    product = torch.autograd.grad(first @ torch.tensor(d), at)[0].numpy()
    table.equal(f"slice {label}", "curvature_hvp", z["curvature_hvp"], d @ product, 1e-6, 1e-9)


def check(program, table, case):
    name = case.checkpoint
    test = Case(program, case.network, name, "test")
    consistent(program, table, case, name, ["--split", "test"], test.loss, "--split test")
    consistent(program, table, case, name, ["--examples", 17], lambda t: case.loss(t, rows=slice(17)), "--examples 17")
    consistent(program, table, case, name, ["--batch-size", 25], case.loss, "--batch-size 25")
    consistent(
        program,
        table,
        case,
        name,
        ["--include-weight-decay"],
        lambda t: case.loss(t) + 5e-4 / 2 * (t @ t),
        "--include-weight-decay",
    )
    if case.network == "mlp":
        weighted_classes(program, table, case)
        targets(program, table, case)
        noisy_labels(program, table, case)
        decoupled(program, table, case)


def weighted_classes(program, table, case):
    """Σ w ℓ / Σ w over the data, not the mean of the batches' (torch.nn.CrossEntropyLoss over all examples)."""
    weights = [0.5, 1, 2, 1, 1, 3, 1, 1, 0.1, 1]
    for smoothing in 0.0, 0.2:
        label = f"(class weights, smoothing {smoothing})"
        options = ["--class-weights", ",".join(map(str, weights)), "--label-smoothing", smoothing]
        program.train_digits(15, "weighted.bin", "--batch-size", 20, *options)
        c, w = Case(program, case.network, "weighted.bin"), torch.tensor(weights, dtype=torch.float64)
        loss = lambda t: torch.nn.functional.cross_entropy(c.outputs(t), c.y, weight=w, label_smoothing=smoothing)
        consistent(program, table, c, "weighted.bin", ["--batch-size", 25], loss, label)
        if not smoothing:
            shares(program, table, c, "weighted.bin", w[c.y].numpy(), label)


def targets(program, table, case):
    """Weights of positive targets, and rows of probabilities for labels (torch.nn.BCEWithLogitsLoss,
    CrossEntropyLoss).
    """
    f, arrays = torch.nn.functional, dict(program.array("data.npz"))
    generator = np.random.default_rng(6)
    for kind, options in (
        ("soft", ["--loss", "cross-entropy"]),
        ("positive", ["--loss", "bce", "--pos-weights", "3,1,0.5"]),
    ):
        for split in "train", "test":
            draw = generator.dirichlet(np.ones(3), len(arrays["x_" + split]))
            arrays["y_" + split] = draw if kind == "soft" else (draw > 0.4) * 1.0
        np.savez(os.path.join(program.folder, kind + ".npz"), **arrays)
        program.json(
            "train",
            "--model",
            "mlp:64-6-3",
            "--activation",
            "tanh",
            "--data",
            f"npz:{kind}.npz",
            *options,
            "--epochs",
            10,
            "-o",
            kind + ".bin",
        )
        c, w = Case(program, case.network, kind + ".bin", data=kind + ".npz"), torch.tensor(
            [3, 1, 0.5], dtype=torch.float64
        )
        loss = (
            (lambda t: f.cross_entropy(c.outputs(t), c.y))
            if kind == "soft"
            else (lambda t: f.binary_cross_entropy_with_logits(c.outputs(t), c.y, pos_weight=w))
        )
        consistent(program, table, c, kind + ".bin", ["--batch-size", 25], loss, f"({kind} targets)")
        if kind == "positive":
            done = program.run("hessian", kind + ".bin", "--operator", "fisher", "--quiet", fails=True)
            table.holds(
                "hessian --operator fisher (positive targets)",
                "eigenvalues",
                done.returncode,
                "refused: no such likelihood",
                done.returncode != 0,
            )


def shares(program, table, c, name, w, label):
    """m-sharpness with weights: a part of the data counts by its share of L, its weight (Foret et al. 2021,
    section 3).
    """
    w, norm = w[:12], []
    for i in range(12):
        g = c.gradient(rows=slice(i, i + 1))
        step = 0.05 * g / np.linalg.norm(g)
        norm.append(float(c.loss(c.theta + torch.tensor(step), rows=slice(i, i + 1)) - c.loss(rows=slice(i, i + 1))))
    s = program.json("sharpness", name, "--m", 1, "--examples", 12, "--rho", 0.05)["worst_case"]
    table.equal(f"sharpness --m 1 {label}", "worst_case.one_step", s["one_step"], np.dot(w, norm) / w.sum())


def noisy_labels(program, table, case):
    """--label-noise 0.3 replaces 18 of 60 labels by other ones. Which, the losses of the first i examples tell."""
    program.train_digits(5, "noisy.bin", "--label-noise", 0.3)
    c, total, wrong, labels = Case(program, case.network, "noisy.bin"), 0.0, 0, []
    logarithms = torch.log_softmax(c.outputs(), 1).detach().numpy()
    for i in range(len(c.x)):
        new = program.json("evaluate", "noisy.bin", "--examples", i + 1)["loss"] * (i + 1)
        labels.append(int(np.argmin(np.abs(logarithms[i] + (new - total)))))
        wrong, total = wrong + (labels[-1] != int(c.y[i])), new
    table.equal("train --label-noise 0.3", "labels replaced", wrong, 18)
    noisy = torch.tensor(labels)
    table.equal(
        "train --label-noise 0.3",
        "loss",
        program.json("evaluate", "noisy.bin")["loss"],
        float(cross_entropy(c.outputs(), noisy).mean()),
    )
    test = Case(program, case.network, "noisy.bin", "test")
    table.equal(
        "train --label-noise 0.3",
        "test_loss",
        program.json("evaluate", "noisy.bin", "--split", "test")["loss"],
        test.value(),
    )


def decoupled(program, table, case):
    """AdamW's decay is no term of a loss (Loshchilov & Hutter 2017, arXiv 1711.05101): no λ unless --weight-
    decay gives one.
    """
    program.json(
        "train",
        "--start",
        case.checkpoint,
        "--data",
        "npz:data.npz",
        "--optimizer",
        "adamw",
        "--steps",
        2,
        "-o",
        "adamw.bin",
    )
    done = program.run("evaluate", "adamw.bin", "--include-weight-decay", "--quiet", fails=True)
    table.holds(
        "evaluate --include-weight-decay (adamw)",
        "weight_decay_in_loss",
        done.returncode,
        "refused",
        done.returncode != 0,
    )
