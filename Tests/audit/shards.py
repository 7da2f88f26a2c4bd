"""train with batches, shards (--m) and accumulated batches, whose members the program draws.

m-SAM: Foret et al. 2021, arXiv 2010.01412, section 3. Data are few: one of all orders must give the program's
weights.
"""

import itertools

import numpy as np
import torch

from networks import Case
from training import Rule, trained, whole_batch


def check(program, table, case):
    examplewise(program, table, case)
    orders(program, table, case)


def examplewise(program, table, case):
    """m = 1: every example takes its own ascent, whatever the order. The whole batch in one shard is SAM."""
    n = len(case.x)
    for name, extra, options in (
        ("sam", [], {}),
        ("asam", [], dict(rho=0.5)),
        ("gsam", ["--alpha", 0.9], dict(alpha=0.9)),
    ):
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
        table.equal(
            f"train --optimizer {name} --m 1",
            "weights after 2 steps",
            Case(program, case.network, "t.bin").theta,
            theta,
            0,
            1e-8 * moved,
        )
    trained(program, case, "--optimizer", "sam", "--m", n, "--steps", 2, "--schedule", "constant")
    rule, theta = Rule(case, "sam", whole_batch(case), decay=5e-4), case.theta.numpy()
    for _ in range(2):
        theta = rule.step(theta)
    table.equal(
        "train --optimizer sam --m 60",
        "weights after 2 steps",
        Case(program, case.network, "t.bin").theta,
        theta,
        0,
        1e-10,
    )


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
        (
            "m-SAM, shards of 3 and 1",
            ["--optimizer", "sam", "--m", 3, "--steps", 1],
            lambda: (start - 0.5 * averaged(start, p, sam) for p in parts([3, 1])),
        ),
        ("batches of 3 and 1", ["--batch-size", 3, "--epochs", 1], lambda: (steps_of(p, g) for p in parts([3, 1]))),
        (
            "SAM, batches of 3 and 1",
            ["--optimizer", "sam", "--batch-size", 3, "--epochs", 1],
            lambda: (steps_of(p, sam) for p in parts([3, 1])),
        ),
        (
            "accumulated batches of 3 and 1",
            ["--batch-size", 3, "--accumulate", 2, "--epochs", 1],
            lambda: iter([start - 0.5 * g(start, [0, 1, 2, 3])]),
        ),
        (
            "SAM, accumulated batches of 3 and 1",
            ["--optimizer", "sam", "--batch-size", 3, "--accumulate", 2, "--epochs", 1],
            lambda: itertools.chain(
                (start - 0.5 * averaged(start, p, sam) for p in parts([3, 1])),
                [start - 0.5 * joint(start, [[0, 1, 2], [3]])],
            ),
        ),
        (
            "accumulated batches of 1: two, then one",
            ["--batch-size", 1, "--accumulate", 3, "--epochs", 1],
            lambda: (steps_of(p, g) for p in parts([3, 1])),
        ),
    ]
    # With weights a batch's loss is Σ w ℓ / Σ w, so its parts count by their weight: without an ascent m-SAM is SGD.
    weights = torch.tensor([0.5, 1, 2, 1, 1, 3, 1, 1, 0.1, 1], dtype=torch.float64)

    def weighted(theta, rows):
        return case.gradient(
            theta,
            loss=lambda t: torch.nn.functional.cross_entropy(
                case.outputs(t, x=case.x[rows]), case.y[rows], weight=weights
            ),
        )

    def weighted_sam(theta, rows):
        first = weighted(theta, rows)
        return weighted(theta + 0.05 * first / np.linalg.norm(first), rows)

    def by_weight(shards, f):
        shares = [float(weights[case.y[s]].sum()) for s in shards]
        return start - 0.5 * sum(w * f(start, s) for w, s in zip(shares, shards)) / sum(shares)

    classes = ["--class-weights", ",".join(f"{w:g}" for w in weights.tolist())]
    trials += [
        ("class weights", [*classes, "--steps", 1], lambda: iter([start - 0.5 * weighted(start, [0, 1, 2, 3])])),
        (
            "class weights, batches of 3 and 1",
            [*classes, "--batch-size", 3, "--epochs", 1],
            lambda: (steps_of(p, weighted) for p in parts([3, 1])),
        ),
        (
            "class weights, accumulated batches of 3 and 1",
            [*classes, "--batch-size", 3, "--accumulate", 2, "--epochs", 1],
            lambda: iter([start - 0.5 * weighted(start, [0, 1, 2, 3])]),
        ),
        (
            "class weights, m-SAM, shards of 3 and 1",
            [*classes, "--optimizer", "sam", "--m", 3, "--steps", 1],
            lambda: (by_weight(p, weighted_sam) for p in parts([3, 1])),
        ),
    ]
    for label, arguments, candidates in trials:
        trained(program, case, *plain, *arguments)
        ours = Case(program, case.network, "t.bin").theta.numpy()
        least = min(float(np.abs(ours - c).max()) for c in candidates())
        table.holds(f"train ({label})", "weights after an epoch", least, "0 for one of the orders", least < 1e-9)
