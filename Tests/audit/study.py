"""study, compare, and tables over several checkpoints.

τ-b: Kendall 1945, with the correction for ties; its use: Jiang et al. 2019, arXiv 1912.02178.
"""

import os
import shutil

import numpy as np

from networks import MODELS, Case
from average import expectation


def tau_b(x, y):
    concordant = discordant = only_x = only_y = 0
    for i in range(len(x)):
        for j in range(i):
            a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
            concordant += a * b > 0
            discordant += a * b < 0
            only_x += a == 0 and b != 0
            only_y += b == 0 and a != 0
    pairs = concordant + discordant
    below = np.sqrt(float(pairs + only_x) * float(pairs + only_y))
    return (concordant - discordant) / below if below else None


def check(program, table, case):
    folder = os.path.join(program.folder, "runs")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for i, options in enumerate((["--lr", 0.05], ["--lr", 0.02], ["--lr", 0.1], ["--lr", 0.05, "--optimizer", "sam"])):
        program.json(
            "train",
            *MODELS[case.network],
            "--data",
            "npz:data.npz",
            "--epochs",
            3 + 2 * i,
            "--batch-size",
            20,
            *options,
            "-o",
            f"runs/{i}.bin",
        )
    program.run("evaluate", "runs/0.bin", "--quiet")
    runs(program, table, case)


def steps(case, rho, scale):
    g = scale * case.g
    return case.value(case.theta.numpy() + rho * scale * g / np.linalg.norm(g)) - case.value()


def runs(program, table, case):
    r = program.json("study", "runs")
    for key in "loss", "accuracy", "weight_norm", "weight_decay_in_loss":  # of no single checkpoint
        table.equal("study", key, r[key], None)
    table.equal("study", "examples", r["examples"], len(case.x))
    for run in r["runs"]:
        name = (
            run["checkpoint"]
            if os.path.exists(os.path.join(program.folder, run["checkpoint"]))
            else "runs/" + run["checkpoint"]
        )
        c, t = Case(program, case.network, name), Case(program, case.network, name, "test")
        command, theta, one = f"study ({name})", np.abs(c.theta.numpy()), np.ones(len(c.theta))
        for key, value in (
            ("train_loss", c.value()),
            ("test_loss", t.value()),
            ("train_accuracy", c.accuracy()),
            ("test_accuracy", t.accuracy()),
            ("loss_gap", t.value() - c.value()),
            ("accuracy_gap", c.accuracy() - t.accuracy()),
            ("gradient_norm", np.linalg.norm(c.g)),
            ("weight_norm", float(c.theta.norm())),
            ("one_step", steps(c, 0.05, one)),
            ("adaptive_one_step", steps(c, 0.5, theta)),
        ):
            table.equal(command, f"runs.{key}", run[key], value, 1e-7)
        table.equal(command, "runs.lambda_max", run["lambda_max"], c.eigenvalues[-1], 2e-4)
        table.within(command, "runs.trace", run["trace"], np.trace(c.hessian), run["standard_errors"]["trace"])
        table.equal(
            command,
            "runs.worst_case",
            run["worst_case"],
            program.json("sharpness", name)["worst_case"]["lower_bound"],
            1e-3,
        )
        adaptive = program.json("sharpness", name, "--rho", 0.5, "--adaptive", "--eta", 0)["worst_case"]["lower_bound"]
        table.equal(command, "runs.adaptive_worst_case", run["adaptive_worst_case"], adaptive, 1e-3)
        for key, deviation in (("average_case", 0.01 * one), ("adaptive_average_case", 0.1 * theta)):
            truth, error, pairs = expectation(c, deviation, 1000 if case.network == "mlp" else 200)
            table.within(command, f"runs.{key}", run[key], truth, np.hypot(run["standard_errors"][key], error), 6)
            table.equal(
                command, f"runs.standard_errors.{key}", run["standard_errors"][key], pairs.std() / np.sqrt(20), 1.2
            )
        table.holds(
            command,
            "runs.standard_errors.trace",
            run["standard_errors"]["trace"],
            "positive",
            run["standard_errors"]["trace"] > 0,
        )
    for measure, both in r["kendall_tau"].items():
        for gap, tau in both.items():
            x, y = ([run[k] for run in r["runs"]] for k in (measure, gap))
            table.equal("study", f"kendall_tau.{measure}.{gap}.value", tau["value"], tau_b(x, y))
            table.equal("study", f"kendall_tau.{measure}.{gap}.runs", tau["runs"], len(x))
            if tau["interval"] is not None:
                low, high = bootstrap(x, y)
                # Quantiles of 2000 resamples of few runs jump between few values: either neighbour of the quantile
                # is right.
                ok = (
                    low[0] - 1e-9 <= tau["interval"][0] <= low[1] + 1e-9
                    and high[0] - 1e-9 <= tau["interval"][1] <= high[1] + 1e-9
                )
                table.holds(
                    "study",
                    f"kendall_tau.{measure}.{gap}.interval",
                    str(np.round(tau["interval"], 3)),
                    f"in {np.round(low, 3)}, {np.round(high, 3)}",
                    ok,
                )


def bootstrap(x, y, resamples=2000):
    """Where the 2.5 % and 97.5 % quantiles of τ-b over resampled runs may lie; resamples that are all ties have
    none.
    """
    draws, values = np.random.default_rng(4).integers(len(x), size=(resamples, len(x))), []
    for d in draws:
        tau = tau_b(np.array(x)[d], np.array(y)[d])
        if tau is not None:
            values.append(tau)
    return np.quantile(values, [0.015, 0.035]), np.quantile(values, [0.965, 0.985])
