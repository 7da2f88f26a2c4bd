"""Every --loss of numbers: its value, gradient, curvature, Gauss–Newton, Fisher and empirical Fisher matrices."""

import json
import os

import numpy as np
import torch

from measures import common
from networks import Case


# ℓ, the mean of an element's loss over the K outputs of an example (docs/how-to/data-and-losses.md), and the
# curvature K H_ℓ of an element. Targets drawn from exp(−element's loss) are independent, so E[∇ℓ∇ℓᵀ] = JᵀH_ℓJ/K
# (Kunstner et al. 2019, arXiv 1905.12558, for K = 1). The last three are −log of no normal, Bernoulli or Poisson
# density with that curvature.
def elements():
    softplus = torch.nn.functional.softplus

    def mean(f):
        return lambda z, y: f(z, y).mean(1)

    def huber(z, y):
        r = (z - y).abs()
        return torch.where(r < 1, r * r / 2, r - 0.5)

    sigma = lambda z: 1 / (1 + np.exp(-z))
    return {  # ℓ, diagonal of K H_ℓ, whether there is such a distribution
        "mse": (mean(lambda z, y: (z - y) ** 2), lambda z, y: 2 + 0 * z, True),
        "half-mse": (mean(lambda z, y: (z - y) ** 2 / 2), lambda z, y: 1 + 0 * z, True),
        "bce": (mean(lambda z, y: softplus(z) - y * z), lambda z, y: sigma(z) * (1 - sigma(z)), True),
        "poisson": (mean(lambda z, y: torch.exp(z) - y * z), lambda z, y: np.exp(z), True),
        "l1": (mean(lambda z, y: (z - y).abs()), lambda z, y: 0 * z, False),
        "huber": (mean(huber), lambda z, y: (np.abs(z - y) < 1) * 1.0, False),
        "smooth-l1:0.5": (mean(lambda z, y: huber(2 * z, 2 * y) / 2), lambda z, y: (np.abs(z - y) < 0.5) * 2.0, False),
    }


def losses(program, table, case):
    """Loss, gradient norm, Gauss–Newton, Fisher and empirical Fisher matrices of every loss with three outputs,
    on the MLP.
    """
    arrays = dict(program.array("data.npz"))
    for split in "train", "test":
        arrays["y_" + split] = (
            np.stack([arrays["y_" + split] % 2, arrays["y_" + split] > 4, arrays["y_" + split] % 3 == 0], 1) * 1.0
        )
    np.savez(os.path.join(program.folder, "targets.npz"), **arrays)
    for name, (element, curvature, drawn) in elements().items():
        model = ["--model", "mlp:64-6-3", "--activation", "tanh", "--data", "npz:targets.npz"]
        program.json("train", *model, "--loss", name, "--epochs", 20, "-o", "loss.bin")
        c = Case(program, "mlp", "loss.bin", data="targets.npz", loss=element)
        result = program.json("gradient", "loss.bin")
        common(table, f"gradient ({name})", result, c)
        table.equal(f"gradient ({name})", "gradient_norm", result["gradient_norm"], np.linalg.norm(c.g))
        top = program.json("hessian", "loss.bin", "--tolerance", 1e-6, "--top", 3)["eigenvalues"]
        table.equal(f"hessian ({name})", "eigenvalues", top, c.eigenvalues[::-1][:3], 1e-5)
        z, j, n, k = c.outputs().detach().numpy(), c.jacobian, len(c.x), 3
        matrix = np.einsum("nkp,nk,nkq->pq", j, curvature(z, c.y.numpy()) / k / n, j)
        scores = np.array([c.gradient(rows=slice(i, i + 1)) for i in range(n)])
        expected = {"ggn": matrix, "empirical-fisher": scores.T @ scores / n}
        if drawn:
            expected["fisher"] = matrix / k
        for operator, m in expected.items():
            values = np.linalg.eigvalsh(m)[::-1][:3]
            done = program.run(
                "hessian",
                "loss.bin",
                "--operator",
                operator,
                "--top",
                3,
                "--key",
                "eigenvalues",
                "--quiet",
                "--precision",
                "double",
                "--tolerance",
                1e-6,
                fails=True,
            )
            if done.returncode:
                table.holds(
                    f"hessian --operator {operator} ({name})",
                    "eigenvalues",
                    done.stderr.strip()[:60],
                    "refused",
                    values[0] < 1e-9,
                )
            else:
                table.equal(
                    f"hessian --operator {operator} ({name})",
                    "eigenvalues",
                    json.loads(done.stdout),
                    values,
                    1e-5,
                    1e-9,
                )
        if not drawn:  # no distribution of these residuals has the Gauss–Newton matrix for its Fisher matrix
            done = program.run("hessian", "loss.bin", "--operator", "fisher", "--quiet", fails=True)
            table.holds(
                f"hessian --operator fisher ({name})",
                "eigenvalues",
                done.returncode,
                "refused: no such likelihood",
                done.returncode != 0,
            )
