"""train: every optimiser step by step in PyTorch from the same weights, schedules, counts, edges of stability.

SAM: Foret et al. 2021, arXiv 2010.01412. ASAM: Kwon et al. 2021, arXiv 2102.11600. GSAM: Zhuang et al. 2022, arXiv
2203.08065. LookSAM: Liu et al. 2022, arXiv 2203.02714. Friendly-SAM: Li et al. 2024, arXiv 2403.12350. Moving averages and SWA
(Izmailov et al. 2018, arXiv 1803.05407) of the weights. Adam: arXiv 1412.6980; AdamW: arXiv 1711.05101. Cosine:
arXiv 1608.03983. Edge of stability: Cohen et al. 2021, arXiv 2103.00065; of SAM: Long & Bartlett 2023, arXiv
2309.12488.

Batches hold all examples, so their order does not matter. Where it does (shards, batches), data are few, and one of
all orders must give the program's weights.
"""

import math

import numpy as np
import torch

from networks import Case

DEFAULTS = dict(
    lr=0.05, momentum=0.9, decay=0.01, rho=0.05, eta=0.01, alpha=None, every=5, clip=None, in_ascent=False, m=None, sigma=1.0,
    averaging=0.9,
)


def transformation(case, theta, eta):
    """ASAM's T: |w| + η on weights, 1 on biases and norm scales, which have one dimension."""
    t = np.abs(theta) + eta
    for s, shape in zip(case.slices(), case.shapes):
        if len(shape) == 1:
            t[s] = 1
    return t


def clipped(g, o):
    """PyTorch's clip_grad_norm_, with its 1e-6."""
    return g * min(1, o["clip"] / (np.linalg.norm(g) + 1e-6)) if o["clip"] else g


class Rule:
    """One optimiser with its state, after the papers; weight decay is coupled, but for AdamW."""

    def __init__(self, case, name, gradient, **options):
        self.case, self.name, self.gradient = case, name, gradient
        self.o = {**DEFAULTS, **options}
        if self.o["alpha"] is None:
            self.o["alpha"] = 0.4 if name == "gsam" else 0.7
        self.t, self.velocity, self.first, self.second, self.kept, self.mean = 0, None, 0.0, 0.0, None, 0.0

    def ascent(self, theta, g):
        o = self.o
        a = g + o["decay"] * theta if o["in_ascent"] else g
        if self.name == "fsam":
            self.mean = o["averaging"] * self.mean + (1 - o["averaging"]) * a
            a = a - o["sigma"] * self.mean
        t = transformation(self.case, theta, o["eta"]) if self.name == "asam" else 1.0
        return theta + o["rho"] * t * t * a / np.linalg.norm(t * a)

    def moving(self, theta, g):
        """The gradient that moves θ, for the gradient at θ of the whole batch."""
        if self.name in ("sgd", "nesterov", "adam", "adamw"):
            return g
        if self.name == "looksam" and self.t % self.o["every"]:
            return g + self.o["alpha"] * np.linalg.norm(g) / np.linalg.norm(self.kept) * self.kept
        s = self.gradient(self.ascent(theta, g), second=True)
        if self.name == "gsam":
            return s - self.o["alpha"] * (g - (g @ s) / (s @ s) * s)
        if self.name == "looksam":
            self.kept = s - (s @ g) / (g @ g) * g
        return s

    def step(self, theta, lr=None):
        o = self.o
        lr = o["lr"] if lr is None else lr
        d = clipped(self.moving(theta, self.gradient(theta)), o)
        self.t += 1
        if self.name in ("adam", "adamw"):
            d = d + o["decay"] * theta if self.name == "adam" else d
            self.first = 0.9 * self.first + 0.1 * d
            self.second = 0.999 * self.second + 0.001 * d * d
            update = self.first / (1 - 0.9**self.t) / (np.sqrt(self.second / (1 - 0.999**self.t)) + 1e-8)
            return theta - lr * update - (lr * o["decay"] * theta if self.name == "adamw" else 0)
        d = d + o["decay"] * theta
        self.velocity = d if self.velocity is None else o["momentum"] * self.velocity + d
        return theta - lr * (d + o["momentum"] * self.velocity if self.name == "nesterov" else self.velocity)


def whole_batch(case, statistics=None):
    """The gradient of the training loss on all examples; the first pass of a step moves the running statistics."""

    def gradient(theta, second=False):
        if not case.buffers:
            return case.gradient(theta)
        seen = {}
        g = case.gradient(theta, batch=seen)
        if not second:
            for layer, (mean, variance) in seen.items():
                for key, new in ((layer + ".running_mean", mean), (layer + ".running_var", variance)):
                    case.buffers[key] = 0.9 * case.buffers[key] + 0.1 * new
        return g

    return gradient


VARIANTS = [
    ("sgd", [], {}),
    ("sgd", ["--momentum", 0], dict(momentum=0)),
    ("nesterov", [], {}),
    ("adam", ["--lr", 0.01], dict(lr=0.01)),
    ("adamw", ["--lr", 0.01], dict(lr=0.01)),
    ("sam", ["--rho", 0.2], dict(rho=0.2)),
    ("sam", ["--decay-in-ascent", "--weight-decay", 0.1], dict(in_ascent=True, decay=0.1)),
    ("asam", [], dict(rho=0.5)),
    ("asam", ["--rho", 1, "--eta", 0.1, "--decay-in-ascent"], dict(rho=1, eta=0.1, in_ascent=True)),
    ("gsam", ["--rho", 0.2], dict(rho=0.2)),
    ("gsam", ["--alpha", 0.9, "--decay-in-ascent"], dict(alpha=0.9, in_ascent=True)),
    ("looksam", ["--rho", 0.2, "--look-every", 2], dict(rho=0.2, every=2)),
    ("fsam", ["--rho", 0.2], dict(rho=0.2)),
    (
        "fsam",
        ["--rho", 0.1, "--sigma", 0.5, "--averaging", 0.6, "--decay-in-ascent"],
        dict(rho=0.1, sigma=0.5, averaging=0.6, in_ascent=True),
    ),
    ("sgd", ["--grad-clip", 0.1], dict(clip=0.1)),
    ("sam", ["--grad-clip", 0.1], dict(clip=0.1)),
]


def check(program, table, case):
    for name, arguments, options in VARIANTS:
        steps(program, table, case, name, arguments, options)
    defaults(program, table, case)
    if case.network == "mlp":
        schedules(program, table, case)
        averages(program, table, case)
        counts(program, table, case)


def trained(program, case, *arguments, file="t.bin"):
    start = [] if "--model" in arguments else ["--start", case.checkpoint]
    data = [] if "--data" in arguments else ["--data", "npz:data.npz"]
    return program.json("train", *start, *data, "-o", file, *arguments)


def steps(program, table, case, name, arguments, options, count=4):
    command = " ".join(map(str, ["train --optimizer", name, *arguments]))
    decay = [] if "--weight-decay" in arguments else ["--weight-decay", 0.01]
    r = trained(program, case, "--optimizer", name, *arguments, *decay, "--schedule", "constant", "--steps", count)
    ours = Case(program, case.network, "t.bin")
    own = Case(program, case.network, case.checkpoint)  # its running statistics will move
    rule, theta = Rule(own, name, whole_batch(own), **options), own.theta.numpy()
    for _ in range(count):
        theta = rule.step(theta)
    moved = np.abs(theta - case.theta.numpy()).max()
    table.equal(command, "weights after 4 steps", ours.theta, theta, 0, 1e-7 * moved)
    table.holds(command, "weights after 4 steps (they moved)", float(moved), "> 0", moved > 1e-6)
    for key in own.buffers:
        table.equal(command, f"buffers {key}", ours.buffers[key], own.buffers[key], 1e-8)
    table.equal(command, "steps", r["steps"], count)
    climbs = 0 if name in ("sgd", "nesterov", "adam", "adamw") else math.ceil(count / 2) if name == "looksam" else count
    table.equal(command, "gradient_evaluations", r["gradient_evaluations"], count + climbs)
    own.theta = torch.tensor(theta)
    table.equal(command, "train_loss", r["train_loss"], own.value(), 1e-7)
    table.equal(command, "loss", r["loss"], r["train_loss"])
    table.equal(command, "accuracy", r["accuracy"], r["train_accuracy"])
    table.equal(command, "train_accuracy", r["train_accuracy"], own.accuracy())
    table.equal(command, "weight_norm", r["weight_norm"], np.linalg.norm(theta), 1e-9)
    table.equal(command, "examples", r["examples"], len(case.x))
    table.equal(command, "weight_decay_in_loss", r["weight_decay_in_loss"], None)
    test = Case(program, case.network, "t.bin", "test")
    table.equal(command, "test_loss", r["test_loss"], test.value())
    table.equal(command, "test_accuracy", r["test_accuracy"], test.accuracy())


def defaults(program, table, case):
    """Learning rate, momentum and decay that no option names."""
    for name in "sgd", "adam", "adamw", "asam", "looksam":
        trained(program, case, "--optimizer", name, "--schedule", "constant", "--steps", 6)
        own = Case(program, case.network, case.checkpoint)
        o = dict(adam=dict(lr=0.001, decay=0), adamw=dict(lr=0.001), asam=dict(rho=0.5, decay=5e-4)).get(
            name, dict(decay=5e-4)
        )
        rule, theta = Rule(own, name, whole_batch(own), **o), own.theta.numpy()
        for _ in range(6):
            theta = rule.step(theta)
        moved = np.abs(theta - case.theta.numpy()).max()
        table.equal(
            f"train --optimizer {name}",
            "weights after 6 steps",
            Case(program, case.network, "t.bin").theta,
            theta,
            0,
            1e-8 * moved,
        )


def rate(schedule, warmup, t, total, lr):
    """Linear warm-up that reaches lr at its last step; then a half cosine over the rest, or a tenth at a half
    and three quarters.
    """
    if t < warmup:
        return lr * (t + 1) / warmup
    if schedule == "cosine":
        return lr * (1 + math.cos(math.pi * (t - warmup) / (total - warmup))) / 2
    return lr * (0.1 ** ((2 * t >= total) + (4 * t >= 3 * total)) if schedule == "step" else 1)


def schedules(program, table, case):
    for schedule in "constant", "cosine", "step":
        for warmup in [], ["--warmup", "3 steps"], ["--warmup", 2]:
            command = " ".join(map(str, ["train --schedule", schedule, *warmup]))
            trained(program, case, "--schedule", schedule, *warmup, "--epochs", 10)
            length = 0 if not warmup else 3 if warmup[1] == "3 steps" else 2
            rule, theta = Rule(case, "sgd", case.gradient, decay=5e-4), case.theta.numpy()
            for t in range(10):
                theta = rule.step(theta, rate(schedule, length, t, 10, 0.05))
            moved = np.abs(theta - case.theta.numpy()).max()
            table.equal(
                command, "weights after 10 steps", Case(program, case.network, "t.bin").theta, theta, 0, 1e-8 * moved
            )


def averages(program, table, case):
    """The moving average after every step, which begins with the first step's weights, and the mean of the weights at the end of every epoch from the third on."""
    r = trained(program, case, "--schedule", "constant", "--epochs", 6, "--ema", 0.7, "--swa-start", 3)
    rule, theta = Rule(case, "sgd", case.gradient, decay=5e-4), case.theta.numpy()
    moving, kept = None, []
    for epoch in range(1, 7):
        theta = rule.step(theta)
        moving = theta if moving is None else 0.7 * moving + 0.3 * theta
        if epoch >= 3:
            kept.append(theta)
    moved = np.abs(theta - case.theta.numpy()).max()
    for name, expected in ("ema", moving), ("swa", np.mean(kept, axis=0)):
        found = Case(program, case.network, f"t.{name}.bin")
        table.equal("train --ema 0.7 --swa-start 3", f"weights of t.{name}.bin", found.theta, expected, 0, 1e-7 * moved)
        table.holds("train --ema 0.7 --swa-start 3", f"{name} among averages", str(r["averages"]), name, f"t.{name}.bin" in str(r["averages"]))


def counts(program, table, case):
    """`gradient_evaluations` counts gradients of a batch: K for a step of K accumulated ones, twice that with
    an ascent.
    """
    for name, climbing in ("sgd", 1), ("sam", 2):
        for size, k, batches in ((30, 1, 2), (30, 2, 2), (10, 3, 6), (10, 4, 6), (25, 2, 3)):
            r = trained(program, case, "--optimizer", name, "--batch-size", size, "--accumulate", k, "--epochs", 2)
            command = f"train --optimizer {name} --batch-size {size} --accumulate {k} --epochs 2"
            table.equal(command, "gradient_evaluations", r["gradient_evaluations"], climbing * batches * 2)
            table.equal(command, "steps", r["steps"], 2 * math.ceil(batches / k))
    for name, arguments, steps_of_12 in (
        ("sgd", [], 12),
        ("sam", [], 6),
        ("gsam", [], 6),
        ("looksam", ["--look-every", 3], 9),
        ("sam", ["--m", 20], 6),
    ):
        r = trained(program, case, "--optimizer", name, *arguments, "--gradients", 12)
        command = " ".join(map(str, ["train --gradients 12 --optimizer", name, *arguments]))
        table.equal(command, "steps", r["steps"], steps_of_12)
        table.equal(command, "gradient_evaluations", r["gradient_evaluations"], 12)
    for name, steps_of_12 in ("sgd", 6), ("sam", 3):
        r = trained(program, case, "--optimizer", name, "--batch-size", 30, "--accumulate", 2, "--gradients", 12)
        table.equal(f"train --gradients 12 --optimizer {name} --accumulate 2", "steps", r["steps"], steps_of_12)
        table.equal(
            f"train --gradients 12 --optimizer {name} --accumulate 2",
            "gradient_evaluations",
            r["gradient_evaluations"],
            12,
        )
