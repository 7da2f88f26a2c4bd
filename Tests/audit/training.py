"""train: every optimiser step by step in PyTorch from the same weights, schedules, counts, edges of stability.

SAM: Foret et al. 2021, arXiv 2010.01412. ASAM: Kwon et al. 2021, arXiv 2102.11600. GSAM: Zhuang et al. 2022, arXiv 2203.08065.
LookSAM: Liu et al. 2022, arXiv 2203.02714. Adam: arXiv 1412.6980; AdamW: arXiv 1711.05101. Cosine: arXiv 1608.03983. Edge of
stability: Cohen et al. 2021, arXiv 2103.00065; of SAM: Long & Bartlett 2023, arXiv 2309.12488.

Batches hold all examples, so their order does not matter. Where it does (shards, batches), data are few, and one of all
orders must give the program's weights.
"""
import itertools
import math
import os

import numpy as np
import torch

from networks import Case, cross_entropy

DEFAULTS = dict(lr=0.05, momentum=0.9, decay=0.01, rho=0.05, eta=0.01, alpha=None, every=5, clip=None, in_ascent=False, m=None)


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
        self.t, self.velocity, self.first, self.second, self.kept = 0, None, 0.0, 0.0, None

    def ascent(self, theta, g):
        o = self.o
        a = g + o["decay"] * theta if o["in_ascent"] else g
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
    ("sgd", [], {}), ("sgd", ["--momentum", 0], dict(momentum=0)), ("nesterov", [], {}), ("adam", ["--lr", 0.01], dict(lr=0.01)),
    ("adamw", ["--lr", 0.01], dict(lr=0.01)), ("sam", ["--rho", 0.2], dict(rho=0.2)),
    ("sam", ["--decay-in-ascent", "--weight-decay", 0.1], dict(in_ascent=True, decay=0.1)), ("asam", [], dict(rho=0.5)),
    ("asam", ["--rho", 1, "--eta", 0.1, "--decay-in-ascent"], dict(rho=1, eta=0.1, in_ascent=True)), ("gsam", ["--rho", 0.2], dict(rho=0.2)),
    ("gsam", ["--alpha", 0.9, "--decay-in-ascent"], dict(alpha=0.9, in_ascent=True)),
    ("looksam", ["--rho", 0.2, "--look-every", 2], dict(rho=0.2, every=2)), ("sgd", ["--grad-clip", 0.1], dict(clip=0.1)),
    ("sam", ["--grad-clip", 0.1], dict(clip=0.1)),
]


def check(program, table, case):
    for name, arguments, options in VARIANTS:
        steps(program, table, case, name, arguments, options)
    defaults(program, table, case)
    edges(program, table, case)
    if case.network == "mlp":
        schedules(program, table, case)
        counts(program, table, case)
        examplewise(program, table, case)
        orders(program, table, case)
        history(program, table, case)
    else:
        history(program, table, case)


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
        o = dict(adam=dict(lr=0.001, decay=0), adamw=dict(lr=0.001), asam=dict(rho=0.5, decay=5e-4)).get(name, dict(decay=5e-4))
        rule, theta = Rule(own, name, whole_batch(own), **o), own.theta.numpy()
        for _ in range(6):
            theta = rule.step(theta)
        moved = np.abs(theta - case.theta.numpy()).max()
        table.equal(f"train --optimizer {name}", "weights after 6 steps", Case(program, case.network, "t.bin").theta, theta, 0, 1e-8 * moved)


def rate(schedule, warmup, t, total, lr):
    """Linear warm-up that reaches lr at its last step; then a half cosine over the rest, or a tenth at a half and three quarters."""
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
            table.equal(command, "weights after 10 steps", Case(program, case.network, "t.bin").theta, theta, 0, 1e-8 * moved)


def counts(program, table, case):
    """`gradient_evaluations` counts gradients of a batch: K for a step of K accumulated ones, twice that with an ascent."""
    for name, climbing in ("sgd", 1), ("sam", 2):
        for size, k, batches in ((30, 1, 2), (30, 2, 2), (10, 3, 6), (10, 4, 6), (25, 2, 3)):
            r = trained(program, case, "--optimizer", name, "--batch-size", size, "--accumulate", k, "--epochs", 2)
            command = f"train --optimizer {name} --batch-size {size} --accumulate {k} --epochs 2"
            table.equal(command, "gradient_evaluations", r["gradient_evaluations"], climbing * batches * 2)
            table.equal(command, "steps", r["steps"], 2 * math.ceil(batches / k))
    for name, arguments, steps_of_12 in (("sgd", [], 12), ("sam", [], 6), ("gsam", [], 6), ("looksam", ["--look-every", 3], 9), ("sam", ["--m", 20], 6)):
        r = trained(program, case, "--optimizer", name, *arguments, "--gradients", 12)
        command = " ".join(map(str, ["train --gradients 12 --optimizer", name, *arguments]))
        table.equal(command, "steps", r["steps"], steps_of_12)
        table.equal(command, "gradient_evaluations", r["gradient_evaluations"], 12)
    for name, steps_of_12 in ("sgd", 6), ("sam", 3):
        r = trained(program, case, "--optimizer", name, "--batch-size", 30, "--accumulate", 2, "--gradients", 12)
        table.equal(f"train --gradients 12 --optimizer {name} --accumulate 2", "steps", r["steps"], steps_of_12)
        table.equal(f"train --gradients 12 --optimizer {name} --accumulate 2", "gradient_evaluations", r["gradient_evaluations"], 12)


def examplewise(program, table, case):
    """m = 1: every example takes its own ascent, whatever the order. The whole batch in one shard is SAM."""
    n = len(case.x)
    for name, extra, options in (("sam", [], {}), ("asam", [], dict(rho=0.5)), ("gsam", ["--alpha", 0.9], dict(alpha=0.9))):
        trained(program, case, "--optimizer", name, *extra, "--m", 1, "--steps", 2, "--schedule", "constant")
        theta, velocity = case.theta.numpy(), 0.0
        for _ in range(2):
            each = []
            for i in range(n):
                rows = slice(i, i + 1)
                rule = Rule(case, name, lambda t, second=False: case.gradient(t, rows=rows), decay=5e-4, **options)
                each.append(rule.moving(theta, case.gradient(theta, rows=rows)))
            velocity = 0.9 * velocity + np.mean(each, 0) + 5e-4 * theta
            theta = theta - 0.05 * velocity
        moved = np.abs(theta - case.theta.numpy()).max()
        table.equal(f"train --optimizer {name} --m 1", "weights after 2 steps", Case(program, case.network, "t.bin").theta, theta, 0, 1e-8 * moved)
    trained(program, case, "--optimizer", "sam", "--m", n, "--steps", 2, "--schedule", "constant")
    rule, theta = Rule(case, "sam", whole_batch(case), decay=5e-4), case.theta.numpy()
    for _ in range(2):
        theta = rule.step(theta)
    table.equal("train --optimizer sam --m 60", "weights after 2 steps", Case(program, case.network, "t.bin").theta, theta, 0, 1e-10)


def orders(program, table, case):
    """Four examples: one of all divisions into shards, batches or accumulated batches gives the program's weights."""
    def parts(sizes):
        for order in itertools.permutations(range(4)):
            it = iter(order)
            yield [[next(it) for _ in range(s)] for s in sizes]

    def g(theta, rows):
        return case.gradient(theta, rows=rows)

    def sam(theta, rows, rho=0.05):
        first = g(theta, rows)
        return g(theta + rho * first / np.linalg.norm(first), rows)

    plain = ["--examples", 4, "--momentum", 0, "--weight-decay", 0, "--schedule", "constant", "--lr", 0.5]
    start = case.theta.numpy()

    def steps_of(groups, gradient):
        theta = start
        for group in groups:
            theta = theta - 0.5 * gradient(theta, group)
        return theta

    def averaged(theta, shards, f):
        return sum(len(s) * f(theta, s) for s in shards) / sum(map(len, shards))

    def joint(theta, shards):  # one ascent along the accumulated gradient
        a = averaged(theta, shards, g)
        return averaged(theta + 0.05 * a / np.linalg.norm(a), shards, g)

    trials = [
        ("m-SAM, shards of 3 and 1", ["--optimizer", "sam", "--m", 3, "--steps", 1], lambda: (start - 0.5 * averaged(start, p, sam) for p in parts([3, 1]))),
        ("batches of 3 and 1", ["--batch-size", 3, "--epochs", 1], lambda: (steps_of(p, g) for p in parts([3, 1]))),
        ("SAM, batches of 3 and 1", ["--optimizer", "sam", "--batch-size", 3, "--epochs", 1], lambda: (steps_of(p, sam) for p in parts([3, 1]))),
        ("accumulated batches of 3 and 1", ["--batch-size", 3, "--accumulate", 2, "--epochs", 1], lambda: iter([start - 0.5 * g(start, [0, 1, 2, 3])])),
        ("SAM, accumulated batches of 3 and 1", ["--optimizer", "sam", "--batch-size", 3, "--accumulate", 2, "--epochs", 1],
         lambda: itertools.chain((start - 0.5 * averaged(start, p, sam) for p in parts([3, 1])), [start - 0.5 * joint(start, [[0, 1, 2], [3]])])),
        ("accumulated batches of 1: two, then one", ["--batch-size", 1, "--accumulate", 3, "--epochs", 1], lambda: (steps_of(p, g) for p in parts([3, 1]))),
    ]
    # With weights a batch's loss is Σ w ℓ / Σ w, so its parts count by their weight: without an ascent m-SAM is SGD.
    weights = torch.tensor([0.5, 1, 2, 1, 1, 3, 1, 1, 0.1, 1], dtype=torch.float64)

    def weighted(theta, rows):
        return case.gradient(theta, loss=lambda t: torch.nn.functional.cross_entropy(case.outputs(t, x=case.x[rows]), case.y[rows], weight=weights))

    def weighted_sam(theta, rows):
        first = weighted(theta, rows)
        return weighted(theta + 0.05 * first / np.linalg.norm(first), rows)

    def by_weight(shards, f):
        shares = [float(weights[case.y[s]].sum()) for s in shards]
        return start - 0.5 * sum(w * f(start, s) for w, s in zip(shares, shards)) / sum(shares)

    classes = ["--class-weights", ",".join(f"{w:g}" for w in weights.tolist())]
    trials += [
        ("class weights", [*classes, "--steps", 1], lambda: iter([start - 0.5 * weighted(start, [0, 1, 2, 3])])),
        ("class weights, batches of 3 and 1", [*classes, "--batch-size", 3, "--epochs", 1], lambda: (steps_of(p, weighted) for p in parts([3, 1]))),
        ("class weights, accumulated batches of 3 and 1", [*classes, "--batch-size", 3, "--accumulate", 2, "--epochs", 1],
         lambda: iter([start - 0.5 * weighted(start, [0, 1, 2, 3])])),
        ("class weights, m-SAM, shards of 3 and 1", [*classes, "--optimizer", "sam", "--m", 3, "--steps", 1],
         lambda: (by_weight(p, weighted_sam) for p in parts([3, 1]))),
    ]
    for label, arguments, candidates in trials:
        trained(program, case, *plain, *arguments)
        ours = Case(program, case.network, "t.bin").theta.numpy()
        least = min(float(np.abs(ours - c).max()) for c in candidates())
        table.holds(f"train ({label})", "weights after an epoch", least, "0 for one of the orders", least < 1e-9)


def edge(o, gradient_norm, rho=0.0, in_ascent=False, w=0.0, nesterov=False):
    """The λ at which the rule on ½λθ² with a gradient of that length stops contracting: a root of the spectral radius of its
    linear map, by bisection. SAM multiplies λ by 1 + ρ(λ + w')/‖g‖, with w' = w if the ascent includes the decay."""
    def radius(value):
        force = value * (1 + rho * (value + (w if in_ascent else 0)) / gradient_norm if rho else 1) + w
        beta, lr = o["momentum"], o["lr"]
        if nesterov:  # v' = βv + f, θ' = θ − η(f + βv')
            matrix = [[1 - lr * force * (1 + beta), -lr * beta * beta], [force, beta]]
        else:
            matrix = [[1 - lr * force, -lr * beta], [force, beta]]
        return np.abs(np.linalg.eigvals(np.array(matrix))).max()

    low, high = 0.0, 10 * (2 + 2 * o["momentum"]) / o["lr"]
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if radius(middle) <= 1 + 1e-12 else (low, middle)
    return low


def edges(program, table, case):
    known = [
        ("sgd", ["--momentum", 0, "--weight-decay", 0], dict(momentum=0, w=0)), ("sgd", ["--weight-decay", 0.1], dict(w=0.1)),
        ("nesterov", ["--weight-decay", 0.1], dict(w=0.1)), ("sam", ["--weight-decay", 0.1], dict(w=0.1, rho=0.05)),
        ("sam", ["--momentum", 0, "--weight-decay", 0.1], dict(momentum=0, w=0.1, rho=0.05)),
        ("sam", ["--momentum", 0, "--weight-decay", 1, "--decay-in-ascent"], dict(momentum=0, w=1, rho=0.05, in_ascent=True)),
        ("sam", ["--weight-decay", 0.3, "--decay-in-ascent", "--rho", 0.3], dict(w=0.3, rho=0.3, in_ascent=True)),
    ]
    # With shards the ascents have not the length that the whole batch's gradient gives them.
    unknown = [("adam", []), ("adamw", []), ("asam", []), ("gsam", []), ("looksam", []), ("sam", ["--m", 20])]
    for name, arguments, o in known:
        command = " ".join(map(str, ["train --track-sharpness 1 --optimizer", name, *arguments]))
        o = {"momentum": 0.9, "rho": 0.0, "in_ascent": False, **o}
        r = trained(program, case, "--optimizer", name, *arguments, "--track-sharpness", 1, "--save-every", 1, "--epochs", 3, "--schedule", "step")
        for i, s in enumerate(r["sharpness"]):
            at = Case(program, case.network, f"t.epoch{s['step']:03d}.bin")
            table.equal(command, "sharpness.loss", s["loss"], at.value(), 1e-6)
            table.equal(command, "sharpness.gradient_norm", s["gradient_norm"], np.linalg.norm(at.g), 1e-5)
            top = at.eigenvalues[-1] if case.network == "mlp" else None
            if top is not None:
                near = float(np.min(np.abs(at.eigenvalues - s["lambda_max"])))
                table.holds(command, "sharpness.residual", s["residual"], f"an eigenvalue lies within: {near:.3g}", near <= s["residual"] * 1.01 + 1e-9)
                table.equal(command, "sharpness.lambda_max", s["lambda_max"], top, 2e-3)
            elif i == 0:
                from sharpness import largest
                table.equal(command, "sharpness.lambda_max", s["lambda_max"], largest(at, at.loss), 2e-3)
            ascent = at.g + o["w"] * at.theta.numpy() if o["in_ascent"] else at.g
            lr = rate("step", 0, s["step"] - 1, 3, 0.05)
            expected = edge(dict(momentum=o["momentum"], lr=lr), np.linalg.norm(ascent), o["rho"], o["in_ascent"], o["w"], name == "nesterov")
            table.equal(command, "sharpness.stability_edge", s["stability_edge"], expected, 1e-4)
        table.equal(command, "sharpness.step", [s["step"] for s in r["sharpness"]], [1, 2, 3])
        kept = [h["measures"] for h in program.json("info", "t.bin")["metadata"]["history"]]
        for key, ours in (("lambda_max", "lambda_max"), ("lambda_residual", "residual"), ("gradient_norm", "gradient_norm"), ("loss", "loss"),
                          ("stability_edge", "stability_edge")):
            table.equal("info", f"metadata.history.measures.{key}", [k[key] for k in kept], [s[ours] for s in r["sharpness"]], 1e-12)
    for name, arguments in unknown:
        command = " ".join(map(str, ["train --track-sharpness 1 --optimizer", name, *arguments]))
        r = trained(program, case, "--optimizer", name, *arguments, "--track-sharpness", 1, "--epochs", 1)
        table.equal(command, "sharpness.stability_edge", r["sharpness"][0]["stability_edge"], None)


def history(program, table, case):
    """The checkpoint's record: training loss as it was met during the epoch, test loss after it."""
    trained(program, case, "--epochs", 3, "--save-every", 1)
    records = program.json("info", "t.bin")["metadata"]["history"]
    for record in records:
        before = Case(program, case.network, f"t.epoch{record['epoch'] - 1:03d}.bin")
        with torch.no_grad():
            batch = True if before.buffers else False
            expected = float(before.loss(batch=batch))
            hits = float((before.outputs(batch=batch).argmax(1) == before.y).double().mean())
        after = Case(program, case.network, f"t.epoch{record['epoch']:03d}.bin", "test")
        table.equal("info", "metadata.history.train_loss", record["train_loss"], expected)
        table.equal("info", "metadata.history.train_accuracy", record["train_accuracy"], hits)
        table.equal("info", "metadata.history.test_loss", record["test_loss"], after.value())
        table.equal("info", "metadata.history.test_accuracy", record["test_accuracy"], after.accuracy())
        table.equal("info", "metadata.history.step", record["step"], record["epoch"])
        table.equal("info", "metadata.history.epoch", record["epoch"], before.program.json("info", after.checkpoint)["metadata"]["epoch"])
