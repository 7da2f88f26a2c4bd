#!/usr/bin/env python3
"""Products that the five largest Hessian eigenvalues of a ResNet-20 take: `landscape hessian` and PyHessian's power iteration.

Both see the same weights and images. Eigenvalues are compared with a third computation, ARPACK (scipy) on PyTorch's products in double
precision. In single precision activations that rounding moves across a kink of ReLU change the Hessian itself, so that neither program
comes closer than that; `--precision double` has them come as close as they are asked. PyHessian stops where an eigenvalue changes by less
than `tol` from one iteration to the next, so the accuracy asked for is met by trying tolerances. Needs torch, scipy and pyhessian.

    examples/pyhessian_products.py WEIGHTS X.npy Y.npy [--accuracy 1e-3] [--landscape FILE] [--threads N]

WEIGHTS: a state dict of ResNet-20 for CIFAR-10 as github.com/akamaster/pytorch_resnet_cifar10 publishes; X.npy: images, normalised as
in its training, N×3×32×32; Y.npy: their classes.
"""
import argparse, json, os, subprocess, sys, tempfile, warnings

import numpy as np
import pyhessian, torch
import torch.nn.functional as F
from scipy.sparse.linalg import LinearOperator, eigsh

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("weights")
parser.add_argument("x")
parser.add_argument("y")
parser.add_argument("--accuracy", type=float, default=1e-3)
parser.add_argument("--precision", choices=("float", "double"), default="float")
parser.add_argument("--landscape", default=os.path.join(root, ".build/release/landscape"))
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
warnings.filterwarnings("ignore", message="Using backward")  # create_graph, which is what PyHessian is for
torch.set_num_threads(options.threads)
if options.precision == "double":
    torch.set_default_dtype(torch.float64)  # PyHessian's random vectors too
count = 5


class Block(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.stride, self.padding = stride, (outputs - inputs) // 2

    def forward(self, x):
        h = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:  # option A: every other pixel, new channels zero
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding))
        return F.relu(h + x)


class ResNet20(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(16)
        inputs = 16
        for group, outputs in enumerate((16, 32, 64)):
            blocks = []
            for block in range(3):
                blocks.append(Block(inputs, outputs, 2 if group and not block else 1))
                inputs = outputs
            setattr(self, f"layer{group + 1}", torch.nn.Sequential(*blocks))
        self.linear = torch.nn.Linear(64, 10)

    def forward(self, x):
        h = F.relu(self.bn1(self.conv1(x)))
        h = self.layer3(self.layer2(self.layer1(h)))
        return self.linear(h.mean((2, 3)))


def model(dtype):
    state = torch.load(options.weights, map_location="cpu", weights_only=True)
    state = {name.removeprefix("module."): value for name, value in state.get("state_dict", state).items()}
    network = ResNet20()
    network.load_state_dict(state)
    return network.eval().to(dtype)


x, y = torch.from_numpy(np.load(options.x)).double(), torch.from_numpy(np.load(options.y)).long()

# The truth: ARPACK, which knows nothing of either program.
network = model(torch.float64)
parameters = list(network.parameters())
gradient = torch.autograd.grad(F.cross_entropy(network(x), y), parameters, create_graph=True)


def product(v):
    pieces, first = [], 0
    for parameter in parameters:
        pieces.append(torch.from_numpy(v.reshape(-1)[first:first + parameter.numel()].copy()).view_as(parameter))
        first += parameter.numel()
    result = torch.autograd.grad(gradient, parameters, grad_outputs=pieces, retain_graph=True)
    return torch.cat([piece.reshape(-1) for piece in result]).numpy()


size = sum(parameter.numel() for parameter in parameters)
start = np.random.default_rng(0).standard_normal(size)
truth = np.sort(eigsh(LinearOperator((size, size), product, dtype=np.float64), count, which="LA", v0=start, tol=1e-10,
                      return_eigenvectors=False))[::-1]
del network, parameters, gradient
print("eigenvalues by ARPACK:", " ".join(f"{value:.6f}" for value in truth), flush=True)


def error(values):
    return max(abs(a - b) / abs(b) for a, b in zip(values, truth))


print("\n| program | stops at | products | largest relative error of the five |")
print("| --- | --- | --- | --- |")


def row(program, stops, products, values):
    print(f"| {program} | {stops} | {products} | {error(values):.1e} |", flush=True)


with tempfile.TemporaryDirectory() as folder:
    checkpoint = os.path.join(folder, "resnet20.bin")
    data = f"npy:{options.x},{options.y}"
    subprocess.run([options.landscape, "import", options.weights, "--model", "resnet20", "--data", data, "-o", checkpoint,
                    "--quiet"], stdout=subprocess.DEVNULL, check=True)
    for tolerance in ("1e-1", "3e-2", "1e-2", "1e-3", "1e-4"):
        command = [options.landscape, "hessian", checkpoint, "--top", str(count), "--tolerance", tolerance, "--precision",
                   options.precision, "--threads", str(options.threads), "--json", "--quiet"]
        result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        row("`landscape hessian --top 5`", f"`--tolerance {tolerance}`", result["products"], result["eigenvalues"])

# PyHessian as published, with its products counted where it calls for them.
library = sys.modules["pyhessian.hessian"]
original, products = library.hessian_vector_product, 0


def counted(gradients, parameters, v):
    global products
    products += 1
    return original(gradients, parameters, v)


library.hessian_vector_product = counted
peer = pyhessian.hessian(
    model(torch.get_default_dtype()), torch.nn.CrossEntropyLoss(), data=(x.to(torch.get_default_dtype()), y), cuda=False)
for tolerance in (1e-3, 1e-4, 1e-5, 1e-6):
    torch.manual_seed(0)
    products = 0
    values, _ = peer.eigenvalues(maxIter=1000, tol=tolerance, top_n=count)
    row("PyHessian `eigenvalues(top_n=5)`", f"`tol={tolerance:.0e}`", products, values)
    if error(values) <= options.accuracy:
        break
