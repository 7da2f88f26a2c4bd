#!/usr/bin/env python3
"""The workloads of `landscape-benchmark` in PyTorch, measured in turns with it: the table of docs/performance.md.

Both programs have the same weights and inputs (splitmix64 hashes, Float32) and the same number of threads. PyTorch runs each workload
in the layouts and batch sizes listed below, of which the fastest counts, with the allocator settings that suit it; it is written as
common implementations are (a double backward for Hessian products, weights set anew at every point of a slice). A round times PyTorch
and then the other; medians are over all rounds. Needs torch.

    examples/beside_pytorch.py [--filter TEXT] [--threads 2] [--rounds 3] [--seconds 3] [--benchmark FILE]
    examples/beside_pytorch.py --answers [--filter TEXT]      the answers that landscape-benchmark expects, in Float64, untimed
"""
import argparse, json, math, os, statistics, subprocess, sys, time
from functools import partial

# PyTorch's large activations would otherwise be given back to the system and taken anew at every step.
tunables = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=4294967296"
if os.environ.get("GLIBC_TUNABLES") != tunables:
    os.execve(sys.executable, [sys.executable] + sys.argv, {**os.environ, "GLIBC_TUNABLES": tunables})

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--filter", default="")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=float, default=3, help="of PyTorch's turn in a round")
parser.add_argument("--benchmark", default=os.path.join(root, ".build/release/landscape-benchmark"))
parser.add_argument("--answers", action="store_true")
options = parser.parse_args()
if options.answers:
    torch.set_default_dtype(torch.float64)
torch.set_num_threads(options.threads)
last = torch.channels_last


def bits(seed, n):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) * np.uint64(1 << 32) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(seed, shape, bound):
    u = (bits(seed, math.prod(shape)) >> np.uint64(40)).astype(np.float64) / (1 << 24)
    return torch.from_numpy((-bound + 2 * bound * u).astype(np.float32).reshape(shape)).to(torch.get_default_dtype())


def data(n, shape):
    labels = (bits(101, n) >> np.uint64(33)) % np.uint64(10)
    return uniform(1, (n, *shape), math.sqrt(3)), torch.from_numpy(labels.astype(np.int64))


def initialised(model):
    with torch.no_grad():
        for i, (name, p) in enumerate(model.named_parameters()):
            if p.ndim >= 2:
                p.copy_(uniform(1000 + i, tuple(p.shape), math.sqrt(6 / p[0].numel())))
            else:
                p.fill_(0.0 if name.endswith("bias") else 1.0)
    return model


class Block(nn.Module):
    """A basic block of a CIFAR ResNet with a shortcut of option A (He et al. 2015)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.stride, self.pad = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        widths = [(16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1)]
        self.blocks, self.fc = nn.Sequential(*[Block(*w) for w in widths]), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        o = (q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)).softmax(-1) @ v
        return self.proj(o.transpose(1, 2).reshape(b, t, d))


class Encoder(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln1, self.attn, self.ln2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))


class ViT(nn.Module):
    """Patches of 4 × 4 of a 3 × 32 × 32 image, width 128, 6 blocks of 4 heads, mean of tokens."""

    def __init__(self):
        super().__init__()
        self.embed, self.pos = nn.Linear(48, 128), nn.Parameter(torch.zeros(64, 128))
        self.blocks = nn.Sequential(*[Encoder(128, 4) for _ in range(6)])
        self.ln, self.head = nn.LayerNorm(128), nn.Linear(128, 10)

    def forward(self, x):
        x = x.reshape(-1, 3, 8, 4, 8, 4).permute(0, 2, 4, 1, 3, 5).reshape(-1, 64, 48)
        return self.head(self.ln(self.blocks(self.embed(x) + self.pos)).mean(1))


def resnet20():
    model = initialised(ResNet20())
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(data(1024, (3, 32, 32))[0])
    for norm in norms:
        norm.momentum = 0.1
    return model.eval()


def mlp():
    return initialised(nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)))


def wide():
    return initialised(nn.Sequential(
        nn.Linear(64, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, 10)))


def vit():
    return initialised(ViT()).eval()


def forward(model, x, y):
    def run():
        with torch.no_grad():
            return F.cross_entropy(model(x), y).item()
    return run


def step(model, x, y, sam=False, rho=0.05):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9, weight_decay=5e-4)
    parameters = list(model.parameters())

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        if sam:
            with torch.no_grad():
                scale = rho / (torch.stack([p.grad.norm() for p in parameters]).norm() + 1e-12)
                before = [p.detach().clone() for p in parameters]
                for p in parameters:
                    p.add_(p.grad * scale)
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                for p, b in zip(parameters, before):
                    p.copy_(b)
        optimizer.step()
        return length(p.grad for p in parameters)
    return run


def length(parts):
    return math.sqrt(sum(float((p.double() ** 2).sum()) for p in parts))


def total(parts):
    return [sum(p) for p in zip(*parts)]


def shares(x, y, chunk):
    return [(x[i:i + chunk], y[i:i + chunk], min(chunk, len(x) - i) / len(x)) for i in range(0, len(x), chunk)]


def gradient(model, x, y, chunk):
    parameters = list(model.parameters())

    def run():
        g = total(torch.autograd.grad(F.cross_entropy(model(a), b) * s, parameters) for a, b, s in shares(x, y, chunk))
        return length(g)
    return run


def product(model, x, y, chunk, kept=False, seed=77):
    parameters = list(model.parameters())
    v = [uniform(seed + i, tuple(p.shape), 1.0) for i, p in enumerate(parameters)]
    norm = length(v)
    v = [(t / norm).contiguous(memory_format=last) if t.ndim == 4 and chunk and x.is_contiguous(memory_format=last) else t / norm for t in v]

    def first():
        return [torch.autograd.grad(F.cross_entropy(model(a), b) * s, parameters, create_graph=True) for a, b, s in shares(x, y, chunk)]
    graph = first() if kept else None

    def run():
        if kept:
            h = total(torch.autograd.grad(g, parameters, grad_outputs=v, retain_graph=True) for g in graph)
        else:
            h = total(
                torch.autograd.grad(
                    torch.autograd.grad(F.cross_entropy(model(a), b) * s, parameters, create_graph=True), parameters, grad_outputs=v)
                for a, b, s in shares(x, y, chunk))
        return sum(float((a * b).sum()) for a, b in zip(h, v))
    return run


def products(model, x, y, chunk):
    """Eight vectors, one after another."""
    runs = [product(model, x, y, chunk, seed=77 + 1000 * i) for i in range(8)]
    return lambda: statistics.mean(run() for run in runs)


def grid(model, x, y, points, chunk):
    """As tomgoldstein/loss-landscape: weights are set, then all batches evaluated, point by point."""
    weights, directions = [p.detach().clone() for p in model.parameters()], []
    for seed in (501, 601):
        direction = []
        for i, p in enumerate(model.parameters()):
            d = uniform(seed + i, tuple(p.shape), 1.0)
            if p.ndim <= 1:
                d = torch.zeros_like(p)
            else:
                for a, b in zip(d, p.detach()):
                    a.mul_(b.norm() / a.norm())
            direction.append(d)
        directions.append(direction)
    axis = np.linspace(-1, 1, points)

    def run():
        losses = []
        with torch.no_grad():
            for a in axis:
                for b in axis:
                    for p, w, d, e in zip(model.parameters(), weights, *directions):
                        p.data = w + (d * a + e * b)
                    losses.append(sum(F.cross_entropy(model(c), t).item() * s for c, t, s in shares(x, y, chunk)))
            for p, w in zip(model.parameters(), weights):
                p.data = w.clone()
        return statistics.mean(losses)
    return run


def images(n):
    return data(n, (3, 32, 32))


def in_last(make, *arguments, **keywords):
    return lambda: make(resnet20().to(memory_format=last), *((lambda x, y: (x.to(memory_format=last), y))(*images(arguments[0]))), *arguments[1:], **keywords)


def convolution(which, channels, filters, size, stride, kernel, groups, layout=torch.contiguous_format):
    """One of a convolution's three products; as for matrices its answer, <g, y> = <x, dx> = <w, dw>, is not timed."""
    padding, after = kernel // 2, (size - 1) // stride + 1
    x = uniform(1, (128, size, size, channels), 1).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    w = uniform(2, (kernel, kernel, channels // groups, filters), 1).permute(3, 2, 0, 1).contiguous(memory_format=layout)
    g = uniform(3, (128, after, after, filters), 1).permute(0, 3, 1, 2).contiguous(memory_format=layout)

    def run():
        if which == 0:
            return F.conv2d(x, w, None, stride, padding, 1, groups)
        mask = [which == 1, which == 2, False]
        return torch.ops.aten.convolution_backward(
            g, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, mask)[which - 1]
    return answered(run, (g, x, w)[which])


def matrix(which, m, k, n):
    a, b, g = uniform(1, (m, k), 1), uniform(2, (n, k), 1), uniform(3, (m, n), 1)
    return answered((lambda: a @ b.T, lambda: g @ b, lambda: g.T @ a)[which], (g, a, b)[which])


def attention(n, heads, t, width, gradient, fused=True):
    inputs = [uniform(1 + i, (n, t, heads, width), 1) for i in range(4)]
    q, k, v, g = (x.permute(0, 2, 1, 3).detach().requires_grad_(gradient) for x in inputs)

    def mixed():
        return F.scaled_dot_product_attention(q, k, v) if fused else (q @ k.transpose(-2, -1) / math.sqrt(width)).softmax(-1) @ v
    if not gradient:
        return answered(mixed, g)
    return answered(lambda: torch.autograd.grad(mixed(), (q, k, v), g.detach()), (q, k, v))


def answered(run, other):
    """A run whose result only becomes an answer, its product with other tensors, after the clock has stopped."""
    def answer(result):
        pairs = zip(result, other) if isinstance(other, tuple) else [(result, other)]
        return sum(float((a.detach().double() * b.detach().double()).sum()) for a, b in pairs)

    def run_and_answer():
        result = run()
        return lambda: answer(result)
    return run_and_answer


# Every variant that can be the fastest.
workloads = {
    "resnet20 forward_eval b128": {"": lambda: forward(resnet20(), *images(128)), "channels last": in_last(forward, 128)},
    "resnet20 forward_eval b512": {"": lambda: forward(resnet20(), *images(512)), "channels last": in_last(forward, 512)},
    "resnet20 sgd_step b128": {"": lambda: step(resnet20(), *images(128)), "channels last": in_last(step, 128)},
    "resnet20 sam_step b128": {"": lambda: step(resnet20(), *images(128), sam=True), "channels last": in_last(step, 128, sam=True)},
    "resnet20 grad n1024": {"by 128": lambda: gradient(resnet20(), *images(1024), 128), "channels last, by 128": in_last(gradient, 1024, 128)},
    "resnet20 hvp n1024": {"by 128": lambda: product(resnet20(), *images(1024), 128), "channels last, by 128": in_last(product, 1024, 128)},
    "resnet20 hvp n1024 x8": {"by 128": lambda: products(resnet20(), *images(1024), 128)},
    "resnet20 slice11x11 n512": {"by 128": lambda: grid(resnet20(), *images(512), 11, 128)},
    "mlp forward b2048": {"": lambda: forward(mlp(), *data(2048, (784,)))},
    "mlp grad b2048": {"": lambda: gradient(mlp(), *data(2048, (784,)), 2048), "by 512": lambda: gradient(mlp(), *data(2048, (784,)), 512)},
    "mlp hvp b2048": {
        "": lambda: product(mlp(), *data(2048, (784,)), 2048),
        "graph kept": lambda: product(mlp(), *data(2048, (784,)), 2048, kept=True)},
    "mlp hvp b2048 x8": {"": lambda: products(mlp(), *data(2048, (784,)), 2048)},
    "mlp slice21x21 b2048": {"": lambda: grid(mlp(), *data(2048, (784,)), 21, 2048), "by 128": lambda: grid(mlp(), *data(2048, (784,)), 21, 128)},
    "wide forward b32": {"": lambda: forward(wide(), *data(32, (64,)))},
    "wide grad b32": {"": lambda: gradient(wide(), *data(32, (64,)), 32)},
    "wide hvp b32": {
        "": lambda: product(wide(), *data(32, (64,)), 32),
        "graph kept": lambda: product(wide(), *data(32, (64,)), 32, kept=True)},
    "vit forward b128": {"": lambda: forward(vit(), *images(128))},
    "vit sgd_step b128": {"": lambda: step(vit(), *images(128))},
    "vit grad n256": {"": lambda: gradient(vit(), *images(256), 256), "by 64": lambda: gradient(vit(), *images(256), 64)},
    "vit hvp n256": {"by 64": lambda: product(vit(), *images(256), 64), "by 32": lambda: product(vit(), *images(256), 32)},
    "vit hvp n256 x8": {"by 64": lambda: products(vit(), *images(256), 64)},
}
labels = ("forward", "input gradient", "weight gradient")
for name, *layer in (
        ("3->16 @32", 3, 16, 32, 1, 3, 1), ("16->16 @32", 16, 16, 32, 1, 3, 1), ("16->32 @32 s2", 16, 32, 32, 2, 3, 1),
        ("32->32 @16", 32, 32, 16, 1, 3, 1), ("32->64 @16 s2", 32, 64, 16, 2, 3, 1), ("64->64 @8", 64, 64, 8, 1, 3, 1),
        ("64->64 @8 1x1", 64, 64, 8, 1, 1, 1), ("96 depthwise @16", 96, 96, 16, 1, 3, 96)):
    for which, label in enumerate(labels):
        workloads[f"conv {label} {name}"] = {
            "": partial(convolution, which, *layer), "channels last": partial(convolution, which, *layer, last)}
for shape in ((2048, 784, 512), (2048, 512, 512), (8192, 128, 512), (8192, 512, 128), (8192, 128, 384)):
    for which, label in enumerate(labels):
        workloads["matrix {} {}x{}x{}".format(label, *shape)] = {"": partial(matrix, which, *shape)}
for shape in ((8, 4, 64, 32), (1, 8, 1024, 64)):
    for label, gradients in (("attention", False), ("attention gradient", True)):
        workloads["{} {}x{}x{}x{}".format(label, *shape)] = {
            "fused": partial(attention, *shape, gradients), "plain": partial(attention, *shape, gradients, fused=False)}


def timed(run):
    times, began = [], time.perf_counter()
    while len(times) < 2 or time.perf_counter() - began < options.seconds:
        start = time.perf_counter()
        value = run()
        times.append(time.perf_counter() - start)
    return times, answer_of(value)


def answer_of(value):
    return value() if callable(value) else value


def text(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


if options.answers:
    for name, variants in workloads.items():
        if options.filter in name:
            print(f"{name}  {answer_of(next(iter(variants.values()))()()):.10g}", flush=True)
    sys.exit()

print("| workload | here | share of peak | memory | PyTorch " + torch.__version__.split("+")[0] + " | its layout | ratio | answers differ by |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
for name, variants in workloads.items():
    if options.filter not in name:
        continue
    theirs, ours, best = [], [], None
    candidates = {label: make() for label, make in variants.items()}
    for number in range(options.rounds):
        if best is None:
            for run in candidates.values():
                run()  # the first has its memory to get
            found = {label: timed(run) for label, run in candidates.items()}
            best = min(found, key=lambda label: statistics.median(found[label][0]))
            candidates = {best: candidates[best]}
            times, value = found[best]
        else:
            times, value = timed(candidates[best])
        theirs += times
        lines = subprocess.run(
            [options.benchmark, "--json", "--filter", name, "--threads", str(options.threads)], check=True, capture_output=True, text=True).stdout
        ours.append(next(m for m in map(json.loads, lines.splitlines()) if m["workload"] == name))
    mine, other = statistics.median(m["median_s"] for m in ours), statistics.median(theirs)
    share = statistics.median(m["share_of_peak"] for m in ours)
    print(
        f"| `{name}` | {text(mine)} | {share:.0%} | {ours[0]['peak_rss_mib']:.0f} MiB | {text(other)} | {best} | {other / mine:.2f} | "
        f"{abs(ours[0]['value'] - value) / abs(value):.0e} |", flush=True)
