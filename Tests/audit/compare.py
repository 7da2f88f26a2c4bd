"""compare, and tables over several checkpoints of hessian and sharpness. Works in the folder that study.py fills."""

import json
import os

import numpy as np

import slices
from average import expectation
from measures import common
from networks import Case
from sharpness import quadratic_maximum
from study import steps


def check(program, table, case):
    compare(program, table, case)
    series(program, table, case)


def compare(program, table, case):
    names = ["runs/0.bin", "runs/3.bin"]
    r = program.json("compare", *names, "--points", 5, "--range", 0.5, "--rho", 0.03)
    command = "compare"
    table.equal(command, "rho", r["rho"], 0.03)
    common(table, command, r, Case(program, case.network, names[0]))
    for entry, name in zip(r["checkpoints"], names):
        c, t = Case(program, case.network, name), Case(program, case.network, name, "test")
        for key, value in (
            ("train_loss", c.value()),
            ("test_loss", t.value()),
            ("train_accuracy", c.accuracy()),
            ("test_accuracy", t.accuracy()),
            ("gradient_norm", np.linalg.norm(c.g)),
            ("weight_norm", float(c.theta.norm())),
            ("one_step", steps(c, 0.03, np.ones(len(c.theta)))),
            ("nonfinite", 0),
        ):
            table.equal(command, f"checkpoints.{key}", entry[key], value)
        near = float(np.min(np.abs(c.eigenvalues - entry["lambda_max"])))
        table.holds(
            command,
            "checkpoints.lambda_max_residual",
            entry["lambda_max_residual"],
            f"an eigenvalue lies within: {near:.3g}",
            near <= entry["lambda_max_residual"] + 1e-12,
        )
        table.equal(command, "checkpoints.lambda_max", entry["lambda_max"], c.eigenvalues[-1], 2e-4)
        table.within(command, "checkpoints.trace", entry["trace"], np.trace(c.hessian), entry["trace_standard_error"])
        table.equal(
            command,
            "checkpoints.worst_case",
            entry["worst_case"],
            program.json("sharpness", name, "--rho", 0.03)["worst_case"]["lower_bound"],
            1e-3,
        )
        truth, error, pairs = expectation(c, 0.03 * np.ones(len(c.theta)), 1000 if case.network == "mlp" else 200)
        table.within(
            command,
            "checkpoints.average_case",
            entry["average_case"],
            truth,
            np.hypot(entry["average_case_standard_error"], error),
        )
        table.equal(
            command,
            "checkpoints.average_case_standard_error",
            entry["average_case_standard_error"],
            pairs.std() / np.sqrt(20),
            1.2,
        )
        s = entry["slice"]
        raw = slices.raw(program, c)[0]
        d = slices.normalized(raw, c, "filter", False)
        values = [c.value(c.theta.numpy() + x * d) for x in s["alpha"]]
        table.equal(command, "checkpoints.slice.values", s["values"], values, 1e-6)
        table.equal(
            command,
            "checkpoints.slice.other_values",
            s["other_values"],
            [t.value(c.theta.numpy() + x * d) for x in s["alpha"]],
            1e-6,
        )
        table.equal(
            command,
            "checkpoints.slice.accuracies",
            s["accuracies"],
            [c.accuracy(c.theta.numpy() + x * d) for x in s["alpha"]],
        )
        table.equal(
            command,
            "checkpoints.slice.other_accuracies",
            s["other_accuracies"],
            [t.accuracy(c.theta.numpy() + x * d) for x in s["alpha"]],
        )
        table.equal(command, "checkpoints.slice.center", s["center"], c.value())
        table.equal(command, "checkpoints.slice.curvature_hvp", s["curvature_hvp"], d @ c.product(d), 1e-6)
        table.equal(
            command,
            "checkpoints.slice.curvature_grid",
            s["curvature_grid"],
            slices.second_difference(np.array(s["alpha"]), values),
            1e-6,
            1e-8,
        )
        table.equal(
            command,
            "checkpoints.slice.surface.relative_reach",
            s["surface"]["relative_reach"],
            [0.5 * np.linalg.norm(d) / float(c.theta.norm())],
        )
        table.equal(command, "checkpoints.slice.surface.minimum", s["surface"]["minimum"], min(values))
        table.equal(
            command,
            "checkpoints.slice.surface.minimum_at",
            s["surface"]["minimum_at"],
            [s["alpha"][int(np.argmin(values))], 0],
        )
        table.equal(command, "checkpoints.slice.alpha", s["alpha"], np.linspace(-0.5, 0.5, 5))
        table.equal(command, "checkpoints.slice.nonfinite", s["nonfinite"], 0)
        table.holds(
            command,
            "checkpoints.slice.surface.center_exact",
            s["surface"]["center_exact"],
            "the grid has the bits",
            s["surface"]["center_exact"] == (s["values"][2] == s["center"]),
        )
        table.equal(command, "checkpoints.slice.evaluations", s["evaluations"], 5)
        # The rise at the higher end of the line over its centre.
        table.equal(
            command, "checkpoints.slice_rise", entry["slice_rise"], max(values[0], values[-1]) - c.value(), 1e-6
        )

    # ‖Hv − λv‖ of Float32 products is no smaller than their rounding; that of a recurrence alone can be.
    for entry in program.json("compare", *names, "--points", 3, "--precision", "float")["checkpoints"]:
        table.at_least(
            "compare --precision float",
            "checkpoints.lambda_max_residual",
            entry["lambda_max_residual"],
            1e-9 * entry["lambda_max"],
        )
    # The option names a split to measure on: the measures are of it, or it is refused.
    done = program.run("study", "runs", "--split", "test", "--json", "--quiet", "--precision", "double", fails=True)
    if done.returncode == 0:
        run = json.loads(done.stdout)["runs"][0]
        name = (
            run["checkpoint"]
            if os.path.exists(os.path.join(program.folder, run["checkpoint"]))
            else "runs/" + run["checkpoint"]
        )
        test = Case(program, case.network, name, "test")
        table.equal("study --split test", "runs.gradient_norm", run["gradient_norm"], np.linalg.norm(test.g))


def series(program, table, case):
    names = ["runs/0.bin", "runs/1.bin"]
    h = program.json("hessian", *names, "--top", 2, "--tolerance", 1e-6, "--trace", "--frobenius")
    s = program.json("sharpness", *names)
    for i, name in enumerate(names):
        c = Case(program, case.network, name)
        a, b = h["checkpoints"][i], s["checkpoints"][i]
        table.equal("hessian A B", "checkpoints.eigenvalues", a["eigenvalues"], c.eigenvalues[::-1][:2], 1e-6)
        table.within(
            "hessian A B",
            "checkpoints.trace.value",
            a["trace"]["value"],
            np.trace(c.hessian),
            a["trace"]["standard_error"],
        )
        table.within(
            "hessian A B",
            "checkpoints.frobenius.value",
            a["frobenius"]["value"],
            np.linalg.norm(c.hessian),
            a["frobenius"]["standard_error"],
        )
        one = np.ones(len(c.theta))
        table.equal(
            "sharpness A B", "checkpoints.worst_case.one_step", b["worst_case"]["one_step"], steps(c, 0.05, one)
        )
        table.equal("sharpness A B", "checkpoints.gradient_norm", b["gradient_norm"], np.linalg.norm(c.g))
        estimate = 0.05 * np.linalg.norm(c.g) + 0.05**2 / 2 * c.eigenvalues[-1]
        table.equal("sharpness A B", "checkpoints.worst_case.estimate", b["worst_case"]["estimate"], estimate, 2e-4)
        table.equal(
            "sharpness A B",
            "checkpoints.worst_case.largest_eigenvalue",
            b["worst_case"]["largest_eigenvalue"],
            c.eigenvalues[-1],
            2e-4,
        )
        table.equal("sharpness A B", "checkpoints.rho", b["rho"], 0.05)
        best = quadratic_maximum(c.g, *np.linalg.eigh(c.hessian), 0.05)
        table.equal(
            "sharpness A B", "checkpoints.worst_case.quadratic_model", b["worst_case"]["quadratic_model"], best, 1e-5
        )
        table.holds(
            "sharpness A B",
            "checkpoints.worst_case.epsilon_norm",
            b["worst_case"]["epsilon_norm"],
            "<= ρ",
            b["worst_case"]["epsilon_norm"] <= 0.05 * (1 + 1e-9),
        )
        table.at_least(
            "sharpness A B",
            "checkpoints.worst_case.lower_bound",
            b["worst_case"]["lower_bound"],
            b["worst_case"]["one_step"],
            1e-12,
        )
        for l, residual in zip(a["eigenvalues"], a["residuals"]):
            near = float(np.min(np.abs(c.eigenvalues - l)))
            table.holds(
                "hessian A B",
                "checkpoints.residuals",
                residual,
                f"an eigenvalue lies within: {near:.3g}",
                near <= residual + 1e-12,
            )
        for command, entry in (("hessian A B", a), ("sharpness A B", b)):
            table.equal(command, "checkpoints.loss", entry["loss"], c.value())
            table.equal(command, "checkpoints.accuracy", entry["accuracy"], c.accuracy())
            table.equal(command, "checkpoints.weight_norm", entry["weight_norm"], float(c.theta.norm()))
