"""How often printed intervals hold the exact number, over many seeds, and whether standard errors are those of the
seeds.
"""

import numpy as np


def coverage(program, table, case, runs=150):
    """Runs differ in --seed alone. A share passes within 4 binomial deviations of 95 %."""
    name, values = case.checkpoint, case.eigenvalues
    exact = {"trace": values.sum(), "frobenius": np.sqrt(values @ values)}
    inside, found = dict(trace=[], frobenius=[], density=[]), dict(trace=[], frobenius=[])
    for seed in range(runs):
        r = program.json("hessian", name, "--trace", "--frobenius", "--density", "--seed", seed, "--tolerance", 1e-3)
        for key, truth in exact.items():
            low, high = r[key]["interval95"]
            inside[key].append(low <= truth <= high)
            found[key].append((r[key]["value"], r[key]["standard_error"]))
        x, (low, high) = np.array(r["density"]["x"]), np.array(r["density"]["interval95"])
        truth = gaussians(x, values, r["density"]["sigma"]).mean(1)
        points = truth > 0.01 * truth.max()
        inside["density"].append(np.mean(((low <= truth) & (truth <= high))[points]))
    command = f"hessian ({runs} seeds)"
    for key, hits in inside.items():
        # Points of one density move together.
        deviation = max(np.std(hits), 0.1) if key == "density" else np.sqrt(0.95 * 0.05)
        share = float(np.mean(hits))
        table.equal(command, f"{key}.interval95 (share)", share, 0.95, 0, 4 * deviation / np.sqrt(runs))
    for key, samples in found.items():
        estimates, errors = np.array(samples).T
        # A deviation of 150 numbers is known to 6 %, the mean of as many squares with 9 degrees of freedom to 4 %.
        table.equal(
            command,
            f"{key}.standard_error (root mean square)",
            np.sqrt(np.mean(errors**2)),
            np.std(estimates, ddof=1),
            4 * 0.07,
        )


def gaussians(x, values, sigma):
    return np.exp(-((x[:, None] - values) ** 2) / 2 / sigma**2) / np.sqrt(2 * np.pi) / sigma
