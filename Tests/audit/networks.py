"""PyTorch twins of three networks as functions of a flat θ in Float64, their data, losses and whole Hessians.

MLP with tanh; a CNN with batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167); a vision transformer
(Dosovitskiy et al. 2020, arXiv 2010.11929) with blocks normalised before attention (Xiong et al. 2020, arXiv
2002.04745) and the mean of the tokens (Beyer et al. 2022, arXiv 2205.01580).
"""

import functools
import os

import numpy as np
import torch
import torch.nn.functional as F

FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Fixtures", "cnn_digits")
EXAMPLES, TEST = 60, 40
MODELS = {
    "mlp": ["--model", "mlp:64-8-10", "--activation", "tanh"],
    "cnn": ["--start", "graph.bin"],
    "vit": ["--model", "vit:patch=4,dim=8,depth=1,heads=2"],
}


def write_data(folder):
    """The first rows of the digits of the fixtures, as `data.npz`."""
    x, y = np.load(os.path.join(FIXTURE, "eval_x.npy")), np.load(os.path.join(FIXTURE, "eval_y.npy"))
    n, m = EXAMPLES, EXAMPLES + TEST
    np.savez(os.path.join(folder, "data.npz"), x_train=x[:n], y_train=y[:n], x_test=x[n:m], y_test=y[n:m])


def mlp(p, buffers, x, batch=False):
    return torch.tanh(x.flatten(1) @ p["fc1.weight"].T + p["fc1.bias"]) @ p["fc2.weight"].T + p["fc2.bias"]


def batch_norm(p, buffers, name, x, batch):
    if batch is not False:  # the batch's own mean and biased variance normalise
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        if isinstance(batch, dict):
            count = x.numel() / x.shape[1]
            batch[name] = (mean.detach(), variance.detach() * count / (count - 1))
    else:
        mean, variance = buffers[name + ".running_mean"], buffers[name + ".running_var"]
    c = (None, slice(None), None, None)
    scale = p[name + ".weight"] / torch.sqrt(variance + 1e-5)
    return (x - mean[c]) * scale[c] + p[name + ".bias"][c]


def cnn(p, buffers, x, batch=False):
    x = F.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=1)
    x = F.max_pool2d(torch.relu(batch_norm(p, buffers, "bn1", x, batch)), 2)
    x = F.conv2d(x, p["conv2.weight"], padding=1)
    x = F.avg_pool2d(torch.relu(batch_norm(p, buffers, "bn2", x, batch)), 2)
    x = torch.relu(x.flatten(1) @ p["fc1.weight"].T + p["fc1.bias"])
    return x @ p["fc2.weight"].T + p["fc2.bias"]


def vit(p, buffers, x, batch=False, heads=2):
    def dense(v, name):
        return v @ p[name + ".weight"].T + p[name + ".bias"]

    def norm(v, name):
        v = v - v.mean(-1, keepdim=True)
        return v / torch.sqrt((v * v).mean(-1, keepdim=True) + 1e-5) * p[name + ".weight"] + p[name + ".bias"]

    n = len(x)
    tokens = dense(x.reshape(n, 2, 4, 2, 4).permute(0, 1, 3, 2, 4).reshape(n, 4, 16), "embed") + p["pos"]
    q, k, v = (
        dense(norm(tokens, "blocks.0.norm1"), "blocks.0.attn.qkv").reshape(n, 4, 3, heads, -1).permute(2, 0, 3, 1, 4)
    )
    attention = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1) @ v
    tokens = tokens + dense(attention.transpose(1, 2).reshape(n, 4, -1), "blocks.0.attn.proj")
    hidden = dense(norm(tokens, "blocks.0.norm2"), "blocks.0.fc1")
    hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
    tokens = tokens + dense(hidden, "blocks.0.fc2")
    return dense(norm(tokens, "norm").mean(1), "head")


def cross_entropy(z, y, smoothing=0.0):
    """Per example, −Σ t log softmax(z) with t = (1 − s) e_y + s/K."""
    logarithms = z - torch.logsumexp(z, 1, keepdim=True)
    target = F.one_hot(y, z.shape[1]).to(z) * (1 - smoothing) + smoothing / z.shape[1]
    return -(target * logarithms).sum(1)


class Case:
    """A checkpoint, its θ and buffers, and its loss on a split by the twin."""

    def __init__(self, program, network, checkpoint, split="train", data="data.npz", loss=cross_entropy):
        self.program, self.network, self.checkpoint, self.element = program, network, checkpoint, loss
        self.forward = {"mlp": mlp, "cnn": cnn, "vit": vit}[network]
        program.run("export", checkpoint, "-o", "weights.npz", "--quiet")
        tensors = program.array("weights.npz")
        listed = program.json("info", checkpoint)["tensors"]
        self.names = [t["name"] for t in listed if t["role"] == "parameter"]
        self.shapes = [tuple(tensors[n].shape) for n in self.names]
        self.sizes = [int(np.prod(s)) for s in self.shapes]
        self.offsets = np.concatenate([[0], np.cumsum(self.sizes)])
        self.theta = torch.tensor(np.concatenate([tensors[n].ravel() for n in self.names]), dtype=torch.float64)
        self.buffers = {n: torch.tensor(tensors[n], dtype=torch.float64) for n in tensors.files if n not in self.names}
        arrays = program.array(data)
        self.x = torch.tensor(arrays["x_" + split], dtype=torch.float64)
        self.y = torch.tensor(arrays["y_" + split])
        self.y = self.y if self.y.ndim == 1 else self.y.double()

    def parameters(self, theta):
        parts = torch.split(theta, self.sizes)
        return {n: t.reshape(s) for n, t, s in zip(self.names, parts, self.shapes)}

    def slices(self):
        return [slice(a, b) for a, b in zip(self.offsets[:-1], self.offsets[1:])]

    def outputs(self, theta=None, batch=False, x=None):
        theta = self.theta if theta is None else theta
        return self.forward(self.parameters(theta), self.buffers, self.x if x is None else x, batch)

    def loss(self, theta=None, batch=False, rows=slice(None)):
        return self.element(self.outputs(theta, batch, self.x[rows]), self.y[rows]).mean()

    def value(self, theta=None):
        with torch.no_grad():
            return float(self.loss(torch.as_tensor(theta) if theta is not None else None))

    def accuracy(self, theta=None):
        with torch.no_grad():
            return float(
                (self.outputs(torch.as_tensor(theta) if theta is not None else None).argmax(1) == self.y)
                .double()
                .mean()
            )

    def gradient(self, theta=None, batch=False, rows=slice(None), loss=None):
        theta = (self.theta if theta is None else torch.as_tensor(theta)).clone().requires_grad_()
        value = loss(theta) if loss else self.loss(theta, batch, rows)
        return torch.autograd.grad(value, theta)[0].numpy()

    @functools.cached_property
    def g(self):
        return self.gradient()

    def hessian_of(self, loss, theta=None):
        """All P products of ∇²L with unit vectors, by differentiating the gradient."""
        theta = (self.theta if theta is None else torch.as_tensor(theta)).clone().requires_grad_()
        g = torch.autograd.grad(loss(theta), theta, create_graph=True)[0]
        rows = [torch.autograd.grad(g[i], theta, retain_graph=True)[0].numpy() for i in range(len(g))]
        h = np.array(rows)
        return (h + h.T) / 2

    @functools.cached_property
    def hessian(self):
        return self.hessian_of(self.loss)

    @functools.cached_property
    def eigenvalues(self):
        """Ascending."""
        return np.linalg.eigvalsh(self.hessian)

    @functools.cached_property
    def jacobian(self):
        """∂z_ik/∂θ, n × K × P."""
        theta = self.theta.clone().requires_grad_()
        z = self.outputs(theta)
        rows = [torch.autograd.grad(v, theta, retain_graph=True)[0].numpy() for v in z.flatten()]
        return np.array(rows).reshape(*z.shape, -1)

    def product(self, v):
        """H v, without the whole H."""
        theta = self.theta.clone().requires_grad_()
        g = torch.autograd.grad(self.loss(theta), theta, create_graph=True)[0]
        return torch.autograd.grad(g @ torch.as_tensor(v), theta)[0].numpy()
