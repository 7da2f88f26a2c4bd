"""train --track-sharpness: λmax, edges of stability, and the record of epochs that `info` prints.

Edge of stability: Cohen et al. 2021, arXiv 2103.00065; of SAM: Long & Bartlett 2023, arXiv 2309.12488.
"""

import numpy as np
import torch

from networks import Case
from sharpness import largest
from training import rate, trained


def check(program, table, case):
    edges(program, table, case)
    history(program, table, case)


def edge(o, gradient_norm, rho=0.0, in_ascent=False, w=0.0, nesterov=False):
    """The λ at which the rule on ½λθ² with a gradient of that length stops contracting: a root of the spectral
    radius of its linear map, by bisection. SAM multiplies λ by 1 + ρ(λ + w')/‖g‖, with w' = w if the ascent
    includes the decay."""

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
        ("sgd", ["--momentum", 0, "--weight-decay", 0], dict(momentum=0, w=0)),
        ("sgd", ["--weight-decay", 0.1], dict(w=0.1)),
        ("nesterov", ["--weight-decay", 0.1], dict(w=0.1)),
        ("sam", ["--weight-decay", 0.1], dict(w=0.1, rho=0.05)),
        ("sam", ["--momentum", 0, "--weight-decay", 0.1], dict(momentum=0, w=0.1, rho=0.05)),
        (
            "sam",
            ["--momentum", 0, "--weight-decay", 1, "--decay-in-ascent"],
            dict(momentum=0, w=1, rho=0.05, in_ascent=True),
        ),
        ("sam", ["--weight-decay", 0.3, "--decay-in-ascent", "--rho", 0.3], dict(w=0.3, rho=0.3, in_ascent=True)),
    ]
    # With shards the ascents have not the length that the whole batch's gradient gives them.
    unknown = [("adam", []), ("adamw", []), ("asam", []), ("gsam", []), ("looksam", []), ("sam", ["--m", 20])]
    for name, arguments, o in known:
        command = " ".join(map(str, ["train --track-sharpness 1 --optimizer", name, *arguments]))
        o = {"momentum": 0.9, "rho": 0.0, "in_ascent": False, **o}
        r = trained(
            program,
            case,
            "--optimizer",
            name,
            *arguments,
            "--track-sharpness",
            1,
            "--save-every",
            1,
            "--epochs",
            3,
            "--schedule",
            "step",
        )
        for i, s in enumerate(r["sharpness"]):
            at = Case(program, case.network, f"t.epoch{s['step']:03d}.bin")
            table.equal(command, "sharpness.loss", s["loss"], at.value(), 1e-6)
            table.equal(command, "sharpness.gradient_norm", s["gradient_norm"], np.linalg.norm(at.g), 1e-5)
            top = at.eigenvalues[-1] if case.network == "mlp" else None
            if top is not None:
                near = float(np.min(np.abs(at.eigenvalues - s["lambda_max"])))
                table.holds(
                    command,
                    "sharpness.residual",
                    s["residual"],
                    f"an eigenvalue lies within: {near:.3g}",
                    near <= s["residual"] * 1.01 + 1e-9,
                )
                table.equal(command, "sharpness.lambda_max", s["lambda_max"], top, 2e-3)
            elif i == 0:
                top = largest(at, at.loss)
                near = abs(top - s["lambda_max"])
                table.equal(command, "sharpness.lambda_max", s["lambda_max"], top, 2e-3)
                table.holds(
                    command, "sharpness.residual", s["residual"], f"λmax lies within: {near:.3g}", near <= s["residual"]
                )
            ascent = at.g + o["w"] * at.theta.numpy() if o["in_ascent"] else at.g
            lr = rate("step", 0, s["step"] - 1, 3, 0.05)
            expected = edge(
                dict(momentum=o["momentum"], lr=lr),
                np.linalg.norm(ascent),
                o["rho"],
                o["in_ascent"],
                o["w"],
                name == "nesterov",
            )
            table.equal(command, "sharpness.stability_edge", s["stability_edge"], expected, 1e-4)
        table.equal(command, "sharpness.step", [s["step"] for s in r["sharpness"]], [1, 2, 3])
        kept = [h["measures"] for h in program.json("info", "t.bin")["metadata"]["history"]]
        for key, ours in (
            ("lambda_max", "lambda_max"),
            ("lambda_residual", "residual"),
            ("gradient_norm", "gradient_norm"),
            ("loss", "loss"),
            ("stability_edge", "stability_edge"),
        ):
            table.equal(
                "info",
                f"metadata.history.measures.{key}",
                [k[key] for k in kept],
                [s[ours] for s in r["sharpness"]],
                1e-12,
            )
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
        table.equal(
            "info",
            "metadata.history.epoch",
            record["epoch"],
            before.program.json("info", after.checkpoint)["metadata"]["epoch"],
        )
