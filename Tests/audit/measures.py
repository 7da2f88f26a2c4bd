"""evaluate, gradient, compare and info: loss, accuracy, norms, statistics of batch normalisation, every loss
function.
"""

import numpy as np
import torch

from networks import Case, cross_entropy


def common(table, command, result, case, decay=0.0):
    """The numbers that every analysis prints: loss, accuracy, weight norm, examples."""
    square = float(case.theta @ case.theta)
    table.equal(command, "loss", result["loss"], case.value() + decay * square / 2)
    table.equal(command, "weight_norm", result["weight_norm"], square**0.5)
    table.equal(command, "examples", result["examples"], len(case.x))
    table.equal(command, "weight_decay_in_loss", result["weight_decay_in_loss"], decay or None)
    labels = case.y.ndim == 1
    table.equal(command, "accuracy", result["accuracy"], case.accuracy() if labels else None)


def evaluate(program, table, case):
    name = case.checkpoint
    common(table, "evaluate", program.json("evaluate", name), case)
    common(
        table,
        "evaluate --split test",
        program.json("evaluate", name, "--split", "test"),
        Case(program, case.network, name, "test"),
    )
    for options, decay in ([], 5e-4), (["--weight-decay", 0.3], 0.3):
        command = " ".join(["evaluate --include-weight-decay", *map(str, options)])
        common(table, command, program.json("evaluate", name, "--include-weight-decay", *options), case, decay)
    single = program.json("evaluate", name, "--precision", "float")
    table.equal("evaluate --precision float", "loss", single["loss"], case.value(), 1e-5)
    ragged = program.json("evaluate", name, "--batch-size", 25)
    table.equal("evaluate --batch-size 25", "loss", ragged["loss"], case.value())
    first = program.json("evaluate", name, "--examples", 17)
    table.equal("evaluate --examples 17", "loss", first["loss"], float(case.loss(rows=slice(17))))
    if case.buffers:
        statistics(program, table, case)


def statistics(program, table, case):
    """Batch normalisation with each batch's statistics, and with their averages over the data."""
    n, size = len(case.x), 25
    batches = [slice(i, min(i + size, n)) for i in range(0, n, size)]
    with torch.no_grad():
        own = sum(float(case.loss(batch=True, rows=b)) * (b.stop - b.start) for b in batches) / n
        measured = []
        for b in batches:
            measured.append({})
            case.outputs(batch=measured[-1], x=case.x[b])
        # Each batch's mean and unbiased variance, averaged over the data: batches count by their size.
        kept, share = case.buffers, [(b.stop - b.start) / n for b in batches]
        case.buffers = {}
        for layer in measured[0]:
            for i, buffer in enumerate((".running_mean", ".running_var")):
                case.buffers[layer + buffer] = sum(s * m[layer][i] for s, m in zip(share, measured))
        averaged = case.value()
        case.buffers = kept
    for mode, expected in ("batch", own), ("recalibrate", averaged):
        result = program.json("evaluate", case.checkpoint, "--batchnorm", mode, "--batch-size", size)
        table.equal(f"evaluate --batchnorm {mode}", "loss", result["loss"], expected)
        g = program.json("gradient", case.checkpoint, "--batchnorm", mode, "--batch-size", size)
        if mode == "batch":
            expected = sum(w * case.gradient(batch=True, rows=b) for w, b in zip(share, batches))
            table.equal("gradient --batchnorm batch", "gradient_norm", g["gradient_norm"], np.linalg.norm(expected))


def gradient(program, table, case):
    result = program.json("gradient", case.checkpoint, "--save", "g.npy")
    common(table, "gradient", result, case)
    table.equal("gradient", "gradient_norm", result["gradient_norm"], np.linalg.norm(case.g))
    by_layer = [np.linalg.norm(case.g[s]) for s in case.slices()]
    table.equal("gradient", "layers.gradient_norm", [l["gradient_norm"] for l in result["layers"]], by_layer)
    table.holds(
        "gradient",
        "layers.name",
        result["layers"][0]["name"],
        "in θ's order",
        [l["name"] for l in result["layers"]] == case.names,
    )
    table.equal("gradient", "saved gradient", program.array("g.npy"), case.g)
    decayed = program.json("gradient", case.checkpoint, "--include-weight-decay", "--weight-decay", 0.3)
    expected = np.linalg.norm(case.g + 0.3 * case.theta.numpy())
    table.equal("gradient --include-weight-decay", "gradient_norm", decayed["gradient_norm"], expected)


def info(program, table, case):
    result = program.json("info", case.checkpoint)
    table.equal("info", "parameters", result["parameters"], len(case.theta))
    shapes = [t["shape"] for t in result["tensors"] if t["role"] == "parameter"]
    table.holds("info", "tensors.shape", len(shapes), "shapes of the export", [tuple(s) for s in shapes] == case.shapes)


def settings(program, table, case):
    """Normalised inputs, label smoothing (Szegedy et al. 2015, arXiv 1512.00567) and class weights, which a
    checkpoint keeps.
    """
    network = case.network
    for arguments, given in (["--standardize"], None), (["--mean", 0.3, "--std", 0.4], (0.3, 0.4)):
        program.train_digits(3, "normal.bin", *arguments)
        for split in "train", "test":
            c, training = Case(program, network, "normal.bin", split), Case(program, network, "normal.bin").x
            mean, deviation = given or (float(training.mean()), float(training.std(unbiased=False)))
            c.x = (c.x - mean) / deviation
            kept = program.json("info", "normal.bin")["metadata"]["data"]["standardization"]
            table.equal("info", "metadata.data.standardization.mean", kept["mean"], [mean])
            table.equal("info", "metadata.data.standardization.deviation", kept["deviation"], [deviation])
            name = " ".join(map(str, ["evaluate (train", *arguments])) + f") --split {split}"
            common(table, name, program.json("evaluate", "normal.bin", "--split", split), c)
    program.train_digits(5, "smooth.bin", "--label-smoothing", 0.2)
    case = Case(program, network, "smooth.bin", loss=lambda z, y: cross_entropy(z, y, 0.2))
    common(table, "evaluate (smoothing)", program.json("evaluate", "smooth.bin"), case)
    weights = [0.5, 1, 2, 1, 1, 3, 1, 1, 0.1, 1]
    program.train_digits(5, "weighted.bin", "--class-weights", ",".join(map(str, weights)))
    case = Case(program, network, "weighted.bin")
    w = torch.tensor(weights, dtype=torch.float64)[case.y]
    loss = lambda t: (w * cross_entropy(case.outputs(t), case.y)).sum() / w.sum()
    result = program.json("gradient", "weighted.bin")
    table.equal("gradient (class weights)", "loss", result["loss"], float(loss(case.theta)))
    table.equal(
        "gradient (class weights)", "gradient_norm", result["gradient_norm"], np.linalg.norm(case.gradient(loss=loss))
    )
    # Empirical Fisher: the mean of g gᵀ of gradients whose mean is g (docs/definitions.md), so g_i = n w_i ∇ℓ_i / Σ
    # w.
    scores = np.array([case.gradient(rows=slice(i, i + 1)) * float(w[i] / w.mean()) for i in range(len(case.x))])
    top = program.json("hessian", "weighted.bin", "--operator", "empirical-fisher", "--tolerance", 1e-6)["eigenvalues"]
    table.equal(
        "hessian --operator empirical-fisher (class weights)",
        "eigenvalues",
        top,
        [np.linalg.eigvalsh(scores.T @ scores / len(w))[-1]],
        1e-5,
    )
    # The Gauss–Newton matrix of the weighted loss; diag(p) − ppᵀ of the softmax, each example by its weight.
    p = torch.softmax(case.outputs(), 1).detach().numpy()
    h = (np.einsum("nk,kl->nkl", p, np.eye(10)) - np.einsum("nk,nl->nkl", p, p)) * (w / w.sum()).numpy()[:, None, None]
    m = np.einsum("nkp,nkl,nlq->pq", case.jacobian, h, case.jacobian, optimize=True)
    top = program.json("hessian", "weighted.bin", "--operator", "ggn", "--tolerance", 1e-6)["eigenvalues"]
    table.equal("hessian --operator ggn (class weights)", "eigenvalues", top, [np.linalg.eigvalsh(m)[-1]], 1e-5)
