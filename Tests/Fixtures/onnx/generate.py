"""Makes the ONNX models of this folder with PyTorch, and the numbers that Landscape must find for them.

    pip install torch numpy onnx onnxscript
    python generate.py

Weights are Float32; losses, gradients and products of the Hessian are computed from them in Float64. Tensors of an ONNX file are
matched with PyTorch's by their values, because exporters rename and transpose them; reference numbers are in PyTorch's layout,
[out, in], under the names of the file.
"""
import json, math, os, warnings
import numpy as np, onnx, onnx.numpy_helper, torch
from torch import nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


class BasicBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.down = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if stride > 1 or i != o else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.down is None else self.down(x)))


class ResNet18(nn.Module):
    """torchvision's resnet18 with 2, 3, 4 and 5 channels."""
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 2, 7, 2, 3, bias=False), nn.BatchNorm2d(2)
        widths, blocks, i = [2, 3, 4, 5], [], 2
        for stage, o in enumerate(widths):
            blocks += [BasicBlock(i, o, 2 if stage else 1), BasicBlock(o, o, 1)]
            i = o
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(5, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.blocks(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


class SqueezeExcite(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, 2, 1), nn.Conv2d(2, c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride, act, se):
        super().__init__()
        h = 2 * i
        layers = [nn.Conv2d(i, h, 1, bias=False), nn.BatchNorm2d(h), act(),
                  nn.Conv2d(h, h, 5 if se else 3, stride, 2 if se else 1, groups=h, bias=False), nn.BatchNorm2d(h), act()]
        layers += [SqueezeExcite(h)] if se else []
        self.net = nn.Sequential(*layers, nn.Conv2d(h, o, 1, bias=False), nn.BatchNorm2d(o))
        self.residual = stride == 1 and i == o

    def forward(self, x):
        return x + self.net(x) if self.residual else self.net(x)


class MobileNet(nn.Module):
    """Blocks of MobileNetV2 (ReLU6) and V3 (hard swish, squeeze and excitation)."""
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.Hardswish(),
            InvertedResidual(4, 4, 1, nn.ReLU6, False), InvertedResidual(4, 6, 2, nn.ReLU6, False),
            InvertedResidual(6, 6, 1, nn.Hardswish, True), InvertedResidual(6, 8, 2, nn.Hardswish, True),
            nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2), nn.ReLU6())
        self.classifier = nn.Sequential(nn.Linear(8, 6), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(6, 4))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


class ViT(nn.Module):
    """A vision transformer with PyTorch's own encoder layers."""
    def __init__(self, d=8, heads=2):
        super().__init__()
        self.patch = nn.Conv2d(3, d, 4, 4)
        self.cls, self.pos = nn.Parameter(torch.randn(1, 1, d) * 0.3), nn.Parameter(torch.randn(1, 17, d) * 0.3)
        layer = nn.TransformerEncoderLayer(d, heads, 2 * d, 0.1, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 4)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.encoder(x))[:, 0])


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(d), nn.LayerNorm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

    def forward(self, x, mask):
        b, t, d = x.shape
        h = self.norm1(x)
        q, k, v = (f(h).view(b, t, self.heads, d // self.heads).transpose(1, 2) for f in (self.q, self.k, self.v))
        a = (q @ k.transpose(-2, -1)) / math.sqrt(d // self.heads)
        a = a.masked_fill(mask[:t, :t], float("-inf")).softmax(-1)
        x = x + self.o((a @ v).transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class TextTransformer(nn.Module):
    """Tokens, learnt positions, two causal blocks; the last position is classified."""
    def __init__(self, vocabulary=20, d=8, length=7):
        super().__init__()
        self.embed, self.position = nn.Embedding(vocabulary, d), nn.Embedding(length, d)
        self.blocks = nn.ModuleList([Block(d, 2), Block(d, 2)])
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 3)
        self.register_buffer("mask", torch.triu(torch.ones(length, length, dtype=torch.bool), 1))

    def forward(self, tokens):
        x = self.embed(tokens) + self.position(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x, self.mask)
        return self.head(self.norm(x)[:, -1])


class TokenLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.lstm = nn.Embedding(20, 5), nn.LSTM(5, 6, batch_first=True)
        self.gru, self.head = nn.GRU(6, 4, batch_first=True, bidirectional=True), nn.Linear(8, 3)

    def forward(self, tokens):
        x, _ = self.lstm(self.embed(tokens))
        x, _ = self.gru(x)
        return self.head(x.mean(1))


class TokenConv(nn.Module):
    """One-dimensional convolutions over tokens, group and instance norm, the maximum over time."""
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.conv1, self.norm1 = nn.Conv1d(6, 8, 3, padding=1), nn.GroupNorm(2, 8)
        self.conv2, self.act = nn.Conv1d(8, 8, 3, stride=2, padding=2, dilation=2, groups=4), nn.PReLU(8)
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        x = self.embed(tokens).transpose(1, 2)
        x = F.elu(self.norm1(self.conv1(x)))
        x = F.avg_pool1d(self.act(self.conv2(x)), 2, 1)
        return self.head(x.amax(2))


class Probabilities(nn.Module):
    """A classifier that ends in Softmax."""
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))

    def forward(self, x):
        return F.softmax(self.net(x), dim=-1)


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 5), nn.SiLU(), nn.LayerNorm(5), nn.Linear(5, 1))

    def forward(self, x):
        return self.net(x * torch.tensor([1.0, 2.0, 0.5, 1.0, 1.5, 3.0]))


class Binary(nn.Module):
    """One output that ends in a sigmoid."""
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 5), nn.Softplus(), nn.Linear(5, 1))

    def forward(self, x):
        return torch.sigmoid(self.net(x))


def images(n): return torch.randn(n, 3, 16, 16)
def tokens(n): return torch.randint(0, 20, (n, 7))
def numbers(n): return torch.randn(n, 6)


# name, network, inputs, number of outputs, loss, exports: (file, kind, opset, batch of the example, dynamic)
MODELS = [
    ("resnet18", ResNet18, images, 4, "cross-entropy", [("ts17", "ts", 17, 2, True)]),
    ("mobilenet", MobileNet, images, 4, "cross-entropy", [("ts17", "ts", 17, 2, True), ("ts11", "ts", 11, 2, True)]),
    ("vit", ViT, images, 4, "cross-entropy", [("ts17", "ts", 17, 2, True), ("dynamo20", "dynamo", 20, 2, True), ("fixed3", "dynamo", 18, 3, False), ("tsfixed1", "ts", 17, 1, False)]),
    ("text", TextTransformer, tokens, 3, "cross-entropy", [("ts17", "ts", 17, 2, True), ("dynamo18", "dynamo", 18, 2, True), ("fixed3", "dynamo", 20, 3, False)]),
    ("lstm", TokenLSTM, tokens, 3, "cross-entropy", [("ts17", "ts", 17, 2, True), ("tsfixed3", "ts", 13, 3, False), ("fixed1", "dynamo", 18, 1, False)]),
    ("conv1d", TokenConv, tokens, 3, "cross-entropy", [("ts17", "ts", 17, 2, True), ("dynamo21", "dynamo", 21, 2, True)]),
    ("softmax", Probabilities, numbers, 3, "cross-entropy", [("ts13", "ts", 13, 2, True), ("fixed1", "dynamo", 20, 1, False)]),
    ("regressor", Regressor, numbers, 1, "mse", [("ts17", "ts", 17, 2, True), ("dynamo20", "dynamo", 20, 2, True)]),
    ("binary", Binary, numbers, 1, "bce", [("ts17", "ts", 17, 2, True)]),
]


def export(model, x, path, kind, opset, dynamic):
    if kind == "ts":
        torch.onnx.export(model, (x,), path, opset_version=opset, dynamo=False, input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "n"}, "y": {0: "n"}} if dynamic else None,
                          do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE)
    else:
        shapes = {"x" if not hasattr(model, "embed") else "tokens": {0: torch.export.Dim("n")}} if dynamic else None
        torch.onnx.export(model, (x,), path, opset_version=opset, dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False)
        strip(path, keep=not dynamic)


def strip(path, keep):
    """Without the exporter's notes, which name files of the machine it ran on; with `keep`, those of where tensors came from stay."""
    m = onnx.load(path)
    if keep:
        for node in m.graph.node:
            del node.metadata_props[:]
        weights = {t.name for t in m.graph.initializer}
        for value in list(m.graph.value_info):
            if value.name not in weights:
                m.graph.value_info.remove(value)
        onnx.save(m, path)
        return
    for node in m.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in list(m.graph.value_info) + list(m.graph.input) + list(m.graph.output) + list(m.graph.initializer):
        del value.metadata_props[:]
    del m.graph.value_info[:]
    del m.graph.metadata_props[:]
    onnx.save(m, path)


def tensors(path):
    """Floating tensors by name: initializers, and values of Constant nodes."""
    m = onnx.load(path)
    result = {t.name: onnx.numpy_helper.to_array(t) for t in m.graph.initializer}
    for node in m.graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            result[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    return {k: v for k, v in result.items() if v.dtype == np.float32 and v.ndim > 0}


def main():
    hardsigmoid, hardswish = F.hardsigmoid, F.hardswish
    for number, (name, make, inputs, outputs, kind, exports) in enumerate(MODELS):
        torch.manual_seed(number)
        n = 6
        model = make()
        for p in model.parameters():  # no two layers alike, no zeros: exporters would leave them out
            nn.init.uniform_(p, -1, 1) if p.ndim < 2 else nn.init.normal_(p, 0, 1 / math.sqrt(max(p[0].numel(), 4)))
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.2)
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, 0, 0.2)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
        model.eval()
        F.hardsigmoid, F.hardswish = hardsigmoid, hardswish
        for suffix, how, opset, batch, dynamic in exports:
            export(model, inputs(batch), os.path.join(HERE, f"{name}_{suffix}.onnx"), how, opset, dynamic)
        x = inputs(n)
        np.save(os.path.join(HERE, f"{name}_x.npy"), x.numpy())
        y = torch.randint(0, outputs, (n,)) if kind == "cross-entropy" else torch.randint(0, 2, (n, 1)).float() if kind == "bce" else torch.randn(n, outputs)
        np.save(os.path.join(HERE, f"{name}_y.npy"), y.numpy())

        # PyTorch has no second derivative of these two; the same in other words.
        F.hardsigmoid = lambda x, inplace=False: (x / 6 + 0.5).clamp(0, 1)
        F.hardswish = lambda x, inplace=False: x * (x / 6 + 0.5).clamp(0, 1)
        model.double()
        parameters = dict(model.named_parameters())
        xd = x.double() if x.is_floating_point() else x

        def loss():
            z = model(xd)
            if kind == "cross-entropy":
                return F.nll_loss(z.log(), y) if isinstance(model, Probabilities) else F.cross_entropy(z, y)
            return F.binary_cross_entropy(z, y.double()) if kind == "bce" else F.mse_loss(z, y.double())
        # The fused attention has no second derivative either.
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            value = loss()
            g = torch.autograd.grad(value, list(parameters.values()), create_graph=True)
            gg = sum((a * a.detach()).sum() for a in g)
            h = torch.autograd.grad(gg, list(parameters.values()), allow_unused=True)
        h = [torch.zeros_like(p) if a is None else a for a, p in zip(h, parameters.values())]
        reference = {"loss": value.item(), "parameters": sum(p.numel() for p in parameters.values()),
                     "gradient_norm": math.sqrt(sum((a * a).sum().item() for a in g)),
                     "gHg": sum((a * b).sum().item() for a, b in zip(g, h)),
                     "hg_norm": math.sqrt(sum((a * a).sum().item() for a in h)), "files": {}}
        # The gradient g, then H g.
        flat = np.stack([np.concatenate([a.detach().numpy().ravel() for a in v]) for v in (g, h)])
        np.save(os.path.join(HERE, f"{name}_derivatives.npy"), flat)
        for suffix, *_ in exports:
            # Where each tensor of the file lies in those.
            places = {}
            for key, array in tensors(os.path.join(HERE, f"{name}_{suffix}.onnx")).items():
                offset = 0
                for p in parameters.values():
                    w = p.detach().numpy().astype(np.float32)
                    if any(w.shape == c.shape and np.array_equal(w, c) for c in (array, array.T)):
                        places[key] = [offset, w.size]
                    offset += w.size
            reference["files"][f"{name}_{suffix}"] = places
        with open(os.path.join(HERE, f"{name}.json"), "w") as f:
            json.dump(reference, f, indent=0, sort_keys=True)
        print(name, reference["loss"], reference["parameters"], {k: len(v) for k, v in reference["files"].items()})


if __name__ == "__main__":
    main()
