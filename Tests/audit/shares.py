"""How often printed error bars hold the exact number, over many seeds, against own estimators of the same law."""

import numpy as np


def coverage(program, table, case, runs=150):
    """How often error bars hold the exact number, against an own estimator of the same law with as many probes or
    pairs.

    Runs differ in --seed alone. A share passes within 4 binomial deviations of the own estimator's. Samples are
    skewed (squares of Gaussians), so the shares are below Student's t, which would be 92 % of 10 samples.
    """
    name, values, p = case.checkpoint, case.eigenvalues, len(case.theta)
    own = np.random.default_rng(7)
    inside = dict(trace=[], frobenius=[], density=[])
    points = None
    for seed in range(runs):
        r = program.json("hessian", name, "--trace", "--frobenius", "--density", "--seed", seed, "--tolerance", 1e-3)
        inside["trace"].append(abs(r["trace"]["value"] - values.sum()) <= 2 * r["trace"]["standard_error"])
        inside["frobenius"].append(
            abs(r["frobenius"]["value"] - np.sqrt(values @ values)) <= 2 * r["frobenius"]["standard_error"]
        )
        d = r["density"]
        x, y, e = (np.array(d[k]) for k in ("x", "y", "standard_error"))
        truth = gaussians(x, values, d["sigma"]).mean(1)
        points = truth > 0.01 * truth.max()
        inside["density"].append(np.mean(abs(y - truth)[points] <= 2 * e[points]))
    x, sigma, probes = np.array(d["x"])[points], d["sigma"], d["probes"]
    kernel, truth, simulated = gaussians(x, values, sigma), gaussians(x, values, sigma).mean(1), []
    for _ in range(400):  # probes of the sphere in the basis of eigenvectors
        u = own.normal(size=(probes, p)) ** 2
        samples = (u / u.sum(1, keepdims=True)) @ kernel.T
        simulated.append(np.mean(abs(samples.mean(0) - truth) <= 2 * samples.std(0, ddof=1) / np.sqrt(probes)))
    expected = {**hutch(case.hessian, own), "density": float(np.mean(simulated))}
    for key, hits in inside.items():
        label = {
            "trace": "trace.standard_error",
            "frobenius": "frobenius.standard_error",
            "density": "density.standard_error",
        }[key]
        # Points of one density move together: half as many independent ones as runs.
        deviation = (
            np.sqrt(expected[key] * (1 - expected[key]) / runs) if key != "density" else np.std(hits) / np.sqrt(runs)
        )
        table.equal(
            "hessian (150 seeds)", f"{label} (share within 2)", float(np.mean(hits)), expected[key], 0, 4 * deviation
        )


def hutch(h, own, runs=400):
    """Shares within 2 standard errors of own Hutch++ estimates of tr H and ‖H‖_F = √tr HᵀH, a third of 30
    products each.
    """
    truth, hits = (np.trace(h), np.linalg.norm(h)), []
    for _ in range(runs):
        q = np.linalg.qr(h @ own.normal(size=(len(h), 10)))[0]
        g = own.normal(size=(len(h), 10))
        g -= q @ (q.T @ g)
        hq, hg = h @ q, h @ g
        trace, square = (g * hg).sum(0), (hg * hg).sum(0)
        total = np.sqrt((hq * hq).sum() + square.mean())
        error = square.std(ddof=1) / np.sqrt(10) / 2 / total
        bar = 2 * trace.std(ddof=1) / np.sqrt(10)
        hits.append((abs(np.trace(q.T @ hq) + trace.mean() - truth[0]) <= bar, abs(total - truth[1]) <= 2 * error))
    return dict(zip(("trace", "frobenius"), np.mean(hits, 0)))


def gaussians(x, values, sigma):
    return np.exp(-((x[:, None] - values) ** 2) / 2 / sigma**2) / np.sqrt(2 * np.pi) / sigma
