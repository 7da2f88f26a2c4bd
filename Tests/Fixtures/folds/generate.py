"""Makes small ONNX models whose layers PyTorch's exporters fold, and the same with every layer kept.

    pip install torch numpy onnx onnxscript
    python generate.py

NAME_optimized.onnx is what `dynamo=True` writes by default, NAME_kept.onnx with `optimize=False`, and NAME_older.onnx is of
`dynamo=False` with opset 13 and constant folding. `reference.json` holds for each network the loss, the norm of the gradient and
gᵀHg at the module's own parameters, in Float64, for the data of x_KIND.npy and y.npy. Weights are Float64 throughout.
"""
import json, logging, os, warnings
import numpy as np, onnx, torch
from torch import nn
import torch.nn.functional as F
import torch.nn.utils.parametrizations as P

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)
torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.position, self.head = nn.Embedding(9, 4), nn.Embedding(8, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(torch.tanh(self.token(x) + self.position(torch.arange(x.shape[1]))).mean(1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(6, 3, batch_first=True), nn.Linear(3, 3)

    def forward(self, x):
        return self.head(self.lstm(x.reshape(-1, 3, 2).repeat(1, 1, 3))[0][:, -1])


class Scaled(nn.Module):
    """A matrix times a learnt scale."""
    def __init__(self):
        super().__init__()
        self.w, self.g, self.head = nn.Parameter(torch.randn(6, 5)), nn.Parameter(torch.rand(5)), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(torch.tanh(x @ (self.w * self.g.exp())))


class Fresh(nn.Module):
    """Two normalisations and a bias as they are before training."""
    def __init__(self):
        super().__init__()
        self.a, self.n1, self.b, self.n2, self.head = nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 5), nn.LayerNorm(5), nn.Linear(5, 3)
        nn.init.zeros_(self.b.bias)

    def forward(self, x):
        return self.head(torch.tanh(self.n2(torch.tanh(self.b(torch.tanh(self.n1(self.a(x))))))))


class Unused(nn.Module):
    """Parameters that nothing depends on are no fold."""
    def __init__(self):
        super().__init__()
        self.a, self.dead, self.alone, self.head = nn.Linear(6, 5), nn.Linear(2, 2), nn.Parameter(torch.ones(3)), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(torch.tanh(self.a(x)))


class Tied(nn.Module):
    """A matrix that the module itself uses twice is no fold."""
    def __init__(self):
        super().__init__()
        self.token, self.f, self.head = nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 9, bias=False)
        self.head.weight = self.token.weight

    def forward(self, x):
        return self.head(torch.tanh(self.f(self.token(x)))).mean(1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(9, 4)
        self.encoder = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.encoder(self.token(x)).mean(1))


def image(*layers): return nn.Sequential(nn.Unflatten(1, (1, 2, 3)), *layers, nn.Flatten(), nn.LazyLinear(3))


NETWORKS = {
    "linear-norm": ("numbers", nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3))),
    "conv-norm": ("numbers", image(nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.Tanh(), nn.Conv2d(3, 2, 1, bias=False), nn.BatchNorm2d(2), nn.Tanh())),
    "plain-norm": ("numbers", image(nn.Conv2d(1, 3, 2, bias=False), nn.BatchNorm2d(3, affine=False), nn.Tanh())),
    "transposed-norm": ("numbers", image(nn.ConvTranspose2d(1, 3, 2), nn.BatchNorm2d(3), nn.Tanh())),
    "weight-norm": ("numbers", nn.Sequential(P.weight_norm(nn.Linear(6, 5)), nn.Tanh(), nn.Linear(5, 3))),
    "old-weight-norm": ("numbers", nn.Sequential(nn.utils.weight_norm(nn.Linear(6, 5)), nn.Tanh(), nn.Linear(5, 3))),
    "spectral-norm": ("numbers", nn.Sequential(P.spectral_norm(nn.Linear(6, 5)), nn.Tanh(), nn.Linear(5, 3))),
    "old-spectral-norm": ("numbers", nn.Sequential(nn.utils.spectral_norm(nn.Linear(6, 5)), nn.Tanh(), nn.Linear(5, 3))),
    "positions": ("tokens", Positions()),
    "recurrent": ("numbers", Recurrent()),
    "scaled": ("numbers", Scaled()),
    "fresh": ("numbers", Fresh()),
    "mlp": ("numbers", nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))),
    "norm-first": ("numbers", nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))),
    "conv": ("numbers", image(nn.Conv2d(1, 4, 2), nn.GroupNorm(2, 4), nn.PReLU(4))),
    "attention": ("tokens", Attention()),
    "tied": ("tokens", Tied()),
    "unused": ("numbers", Unused()),
}
KEPT = {"pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"}


def strip(path):
    """Without what names files of the machine; what says where tensors and nodes came from stays."""
    m = onnx.load(path)
    for node in m.graph.node:
        kept = [(p.key, p.value) for p in node.metadata_props if p.key in KEPT]
        del node.metadata_props[:]
        for key, value in kept:
            node.metadata_props.add(key=key, value=value.replace("__main__.", "module."))
        node.doc_string = ""
    onnx.save(m, path)


def main():
    generator = np.random.default_rng(0)
    n = 12
    x = {"numbers": generator.normal(size=(n, 6)), "tokens": generator.integers(0, 9, (n, 6))}
    y = torch.arange(n) % 3
    for kind, values in x.items():
        np.save(os.path.join(HERE, f"x_{kind}.npy"), values)
    np.save(os.path.join(HERE, "y.npy"), y.numpy())
    reference = {}
    for number, (name, (kind, model)) in enumerate(NETWORKS.items()):
        torch.manual_seed(number)
        inputs = torch.tensor(x[kind])
        model.train()
        with torch.no_grad():
            for _ in range(3):  # running statistics and singular vectors
                model(inputs)
        if name not in ("fresh", "tied"):
            for p in model.parameters():
                if p.ndim < 2:  # equal tensors would be merged
                    nn.init.uniform_(p, 0.5, 1.5)
        model.eval()
        model(inputs)
        dynamic = ({0: torch.export.Dim("n")},)
        for suffix, how in (("optimized", {}), ("kept", {"optimize": False})):
            path = os.path.join(HERE, f"{name}_{suffix}.onnx")
            torch.onnx.export(model, (inputs[:2],), path, dynamo=True, external_data=False, verbose=False, dynamic_shapes=dynamic, **how)
            strip(path)
        if name not in ("spectral-norm", "attention"):  # not supported there
            torch.onnx.export(model, (inputs[:2],), os.path.join(HERE, f"{name}_older.onnx"), dynamo=False, opset_version=13,
                              input_names=["x"], dynamic_axes={"x": {0: "n"}})
        parameters = [p for p in model.parameters()]
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            loss = F.cross_entropy(model(inputs), y)
            g = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True, materialize_grads=True)
            square = sum((a * a.detach()).sum() for a in g)
            h = torch.autograd.grad(square, parameters, allow_unused=True, materialize_grads=True)
        reference[name] = {
            "data": kind, "loss": loss.item(), "gradientNorm": sum((a * a).sum().item() for a in g) ** 0.5,
            "gHg": sum((a * b).sum().item() for a, b in zip(g, h)),
        }
    with open(os.path.join(HERE, "reference.json"), "w") as f:
        json.dump(reference, f, indent=1)


if __name__ == "__main__":
    main()
