#!/usr/bin/env python3
"""Large models beside PyTorch, whole commands in turns: the table "Large models" of docs/performance.md.

    mlp    64-4096-4096-4096-4096-10, 50.7 million parameters, 32 examples
    gpt2   the shape of GPT-2 small: 12 blocks of width 768, 12 heads, 50 257 tokens, tied, 124 million parameters, 4 texts of 128 tokens

PyTorch's process reads the weights and data, and computes once what the command computes: the mean loss, its gradient, or one product of the
Hessian with a vector (a double backward). Both have the same weights, in Float32, and the same number of threads; medians over the rounds
of the wall time, and the largest peak of memory. Needs torch, onnx, onnxscript, and 3 GB in the folder of temporary files.

    examples/large_models.py [--landscape FILE] [--models mlp,gpt2] [--rounds 3] [--threads 2] [--folder DIR]
"""
import argparse, json, math, os, statistics, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--landscape", default="landscape")
parser.add_argument("--models", default="mlp,gpt2")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--folder", help="where models are made, and found again")
parser.add_argument("--make", metavar="MODEL", help="makes one model in the folder")
parser.add_argument("--torch", nargs=2, metavar=("MODEL", "WORK"), help="PyTorch's turn")
options = parser.parse_args()


def module(name):
    import torch
    from torch import nn
    from torch.nn import functional as F

    if name == "mlp":
        widths = [64, 4096, 4096, 4096, 4096, 10]
        layers = [part for pair in zip(widths, widths[1:]) for part in (nn.Linear(*pair), nn.ReLU())]
        return nn.Sequential(*layers[:-1])

    class Block(nn.Module):
        def __init__(self, width, heads):
            super().__init__()
            self.heads = heads
            self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.c_fc, self.c_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x):
            n, t, width = x.shape
            q, k, v = self.c_attn(self.ln_1(x)).reshape(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
            scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads)
            mask = torch.triu(torch.ones(t, t, dtype=torch.bool), 1)
            mixed = scores.masked_fill(mask, float("-inf")).softmax(-1) @ v
            x = x + self.c_proj(mixed.permute(0, 2, 1, 3).reshape(n, t, width))
            return x + self.c_out(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))

    class GPT(nn.Module):
        def __init__(self, tokens=50257, positions=1024, width=768, heads=12, blocks=12):
            super().__init__()
            self.wte, self.wpe = nn.Embedding(tokens, width), nn.Embedding(positions, width)
            self.h = nn.Sequential(*[Block(width, heads) for _ in range(blocks)])
            self.ln_f = nn.LayerNorm(width)
            for p in self.parameters():
                if p.ndim > 1:
                    nn.init.normal_(p, std=0.02)

        def forward(self, x):
            hidden = self.h(self.wte(x) + self.wpe(torch.arange(x.shape[1])))
            return F.linear(self.ln_f(hidden), self.wte.weight)

    return GPT()


def make(name, folder):
    """The checkpoint, PyTorch's weights, the data and a vector; kept for the next time."""
    import numpy as np
    import torch

    place = os.path.join(folder, name)
    if os.path.exists(place + "_v.npy"):
        return
    torch.manual_seed(0)
    model = module(name)
    if name == "mlp":
        x, y = torch.randn(32, 64), torch.randint(0, 10, (32,))
    else:
        text = torch.randint(0, 50257, (4, 129))
        x, y = text[:, :-1].contiguous(), text[:, 1:].contiguous()
    np.save(place + "_x.npy", x.numpy() if name == "mlp" else x.numpy().astype(np.int32))
    np.save(place + "_y.npy", y.numpy())
    torch.save(model.state_dict(), place + ".pt")
    torch.onnx.export(
        model, (x[:2],), place + ".onnx", dynamo=True, optimize=False, dynamic_shapes=({0: torch.export.Dim("n")},), verbose=False)
    subprocess.run(
        [options.landscape, "import", place + ".onnx", "--data", f"npy:{place}_x.npy,{place}_y.npy", "-o", place + ".bin", "--quiet"],
        check=True)
    info = json.loads(subprocess.run(
        [options.landscape, "info", place + ".bin", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    names = [tensor["name"] for tensor in info["tensors"] if tensor["role"] == "parameter"]
    # The vector in the order of θ, and for PyTorch in the order of the module's parameters.
    random = np.random.default_rng(1)
    parts = {n: random.standard_normal(p.numel()).astype(np.float32) for n, p in model.named_parameters()}
    np.save(place + "_t.npy", np.concatenate(list(parts.values())))
    np.save(place + "_v.npy", np.concatenate([parts[n] for n in names]))


def torch_turn(name, work):
    import numpy as np
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(options.threads)
    place = os.path.join(options.folder, name)
    model = module(name)
    model.load_state_dict(torch.load(place + ".pt", mmap=True), assign=True)
    parameters = [p.requires_grad_() for p in model.parameters()]
    x, y = (torch.from_numpy(np.load(f"{place}_{end}.npy")) for end in "xy")
    x = x.long() if name == "gpt2" else x

    def loss():
        out = model(x)
        return F.cross_entropy(out.flatten(0, -2), y.flatten())

    if work == "evaluate":
        with torch.no_grad():
            return print(float(loss()))
    if work == "gradient":
        return print(length(torch.autograd.grad(loss(), parameters)))
    v = torch.from_numpy(np.load(place + "_t.npy")).split([p.numel() for p in parameters])
    v = [part.reshape(p.shape) for part, p in zip(v, parameters)]
    first = torch.autograd.grad(loss(), parameters, create_graph=True)
    product = torch.autograd.grad(first, parameters, grad_outputs=v)
    print(sum(float((a.double() * b.double()).sum()) for a, b in zip(product, v)))


def length(parts):
    return math.sqrt(sum(float((part.double() ** 2).sum()) for part in parts))


def measured(command, environment=None):
    """Seconds, peak in MB, and what it prints."""
    begin = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)}: status {status}")
    return time.time() - begin, usage.ru_maxrss / 1024, float(text)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or temporary
        os.makedirs(options.folder, exist_ok=True)
        print(f"{'':24}{'landscape':>22}{'PyTorch':>22}   times   memory")
        for name in options.models.split(","):
            # A process that this one starts counts this one's memory as its own, so this one stays small.
            this = [sys.executable, os.path.abspath(__file__), "--folder", options.folder, "--threads", str(options.threads)]
            subprocess.run(this + ["--make", name, "--landscape", options.landscape], check=True)
            place = os.path.join(options.folder, name)
            threads = ["--threads", str(options.threads)]
            commands = {
                "evaluate": ["evaluate", place + ".bin", "--key", "loss"],
                "gradient": ["gradient", place + ".bin", "--key", "gradient_norm"],
                "product": ["hessian", place + ".bin", "--top", "0", "--along", place + "_v.npy", "--key", "along.quadratic_form"],
            }
            for work, words in commands.items():
                own, other = [], []
                for _ in range(options.rounds):
                    own.append(measured([options.landscape] + words + threads))
                    other.append(measured(this + ["--torch", name, work]))
                (a, b) = (statistics.median(r[0] for r in runs) for runs in (own, other))
                (m, n) = (max(r[1] for r in runs) for runs in (own, other))
                error = abs(own[0][2] - other[0][2]) / abs(other[0][2])
                print(f"{name} {work:18} {a:8.2f} s {m:8.0f} MB {b:8.2f} s {n:8.0f} MB   {b / a:5.2f}   {m / n:5.2f}   differ by {error:.0e}", flush=True)


if options.torch:
    torch_turn(*options.torch)
elif options.make:
    make(options.make, options.folder)
else:
    main()
