"""Makes small ONNX models with operators that few networks have, and the numbers that Landscape must find for them.

    pip install torch numpy onnx onnxscript
    python generate.py

`reference.json` holds for each model the number of parameters, the loss (cross-entropy), the norm of the gradient g and gᵀHg by
PyTorch in Float64, for the data of x_N.npy (N numbers an example) and y.npy. Weights are Float64. Volumes are exported by PyTorch,
with `optimize=False`; the other graphs are written by hand beside the same function in PyTorch.
"""
import json, logging, os, warnings
import numpy as np, onnx, torch
from onnx import helper as H, numpy_helper, TensorProto as T
from torch import nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)
torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))
SHAPE = (2, 4, 5, 4)
rng = np.random.default_rng(0)


class Volume(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers, self.head = nn.Sequential(*layers), nn.LazyLinear(3)

    def forward(self, x):
        return self.head(self.layers(x.reshape(-1, *SHAPE)).flatten(1)[:, ::5])


VOLUMES = {
    "volume": Volume(nn.Conv3d(2, 3, 2, padding=1), nn.BatchNorm3d(3), nn.Tanh(), nn.MaxPool3d(2), nn.Conv3d(3, 4, (2, 1, 2)), nn.Softplus()),
    "volume-strided": Volume(nn.Conv3d(2, 4, (3, 2, 2), (2, 1, 2), (1, 0, 1), (1, 2, 1), groups=2, bias=False), nn.Tanh()),
    "volume-max": Volume(nn.Conv3d(2, 3, 2), nn.MaxPool3d((2, 3, 2), (1, 2, 2), (1, 1, 0), ceil_mode=True), nn.Tanh()),
    "volume-max-dilated": Volume(nn.Conv3d(2, 3, 1), nn.MaxPool3d(2, 1, 1, (2, 1, 2)), nn.Tanh()),
    "volume-average": Volume(nn.Conv3d(2, 3, 2), nn.AvgPool3d((2, 3, 2), (2, 1, 2), (1, 1, 1)), nn.Tanh(), nn.InstanceNorm3d(3, affine=True)),
    "volume-average-inside": Volume(nn.Conv3d(2, 3, 2), nn.AvgPool3d(3, 2, 1, ceil_mode=True, count_include_pad=False), nn.Tanh()),
    "volume-transposed": Volume(nn.Conv3d(2, 4, 2), nn.ConvTranspose3d(4, 2, (3, 2, 3), (2, 3, 2), (1, 0, 1), (1, 1, 0), groups=2), nn.Tanh()),
    "volume-transposed-dilated": Volume(nn.ConvTranspose3d(2, 3, (2, 3, 2), (2, 1, 1), (2, 1, 0), dilation=(3, 1, 2), bias=False), nn.Tanh()),
    "volume-global": Volume(nn.Conv3d(2, 16, 2), nn.Tanh(), nn.AdaptiveAvgPool3d(1)),
}


class Seven(nn.Module):
    """Seven and eight dimensions in operations that move and reduce them."""
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(5, 64), nn.Linear(64, 3)

    def forward(self, x):
        h = torch.tanh(self.a(x)).view(-1, 2, 2, 2, 2, 2, 2).permute(0, 6, 2, 4, 1, 3, 5)
        h = h * torch.linspace(0, 1, 64).view(1, 2, 2, 2, 2, 2, 2) + h.mean((2, 4), keepdim=True) * h.permute(0, 2, 1, 3, 4, 6, 5)
        h = h.unsqueeze(1) + h.transpose(1, 3).unsqueeze(1)
        return self.b(h.reshape(-1, 64))


W, V = (torch.tensor(rng.normal(size=s), requires_grad=True) for s in ((5, 5), (5, 3)))
U = torch.tensor(rng.normal(size=(4, 3)), requires_grad=True)
SPARSE = torch.tensor(np.where(rng.random((5, 5)) < 0.6, 0, W.detach().numpy()), requires_grad=True)
Q, SCALES, ZEROS = rng.integers(-127, 127, (5, 5)).astype("i1"), rng.random(5) * 0.02, np.arange(5).astype("i1")
BLOCKS = rng.random((3, 5)) * 0.02
ROWS, PLACES = np.array([[0], [2], [2], [4]]), rng.integers(0, 5, (4, 3))


def array(value, name): return numpy_helper.from_array(value.detach().numpy() if torch.is_tensor(value) else np.asarray(value), name)
def value(name, kind=T.DOUBLE, shape=None): return H.make_tensor_value_info(name, kind, shape)
def number(name, number, kind=T.INT64): return H.make_node("Constant", [], [name], value=H.make_tensor("", kind, [], [number]))


def network(nodes, tensors, x=(None, 5), opset=21, sparse=()):
    graph = H.make_graph(nodes, "g", [value("x", shape=x)], [value("y", shape=[None, 3])], tensors, sparse_initializer=sparse)
    model = H.make_model(graph, opset_imports=[H.make_opsetid("", opset)])
    model.ir_version = 9
    return model


def hidden(name): return [H.make_node("MatMul", ["x", name], ["a"]), H.make_node("Tanh", ["a"], ["b"]), H.make_node("MatMul", ["b", "V"], ["y"])]


def loop(x):
    h, rows = x, 0
    for _ in range(5):
        h = torch.tanh(h @ W)
        rows = rows + h
    return (h + rows) @ V


def scan(x):
    x = x.reshape(-1, 3, 5)
    h, rows = torch.zeros(len(x), 5), []
    for t in reversed(range(3)):
        h = torch.tanh(h @ W + x[:, t])
        rows.append(h)
    return (torch.stack(rows, 1).amax(1) + h) @ V


def scattered(reduction):
    def f(x):
        rows = list(V)
        for row, place in enumerate(ROWS[:, 0]):
            rows[place] = {"none": lambda a, b: b, "add": torch.add, "mul": torch.mul, "max": torch.maximum, "min": torch.minimum}[reduction](rows[place], U[row])
        return x @ torch.stack(rows)
    return f


def by_hand():
    """Name: model, function, parameters."""
    step = H.make_graph(
        [H.make_node("MatMul", ["hi", "W"], ["z"]), H.make_node("Tanh", ["z"], ["ho"]), H.make_node("Identity", ["ci"], ["co"]), H.make_node("Identity", ["ho"], ["row"])],
        "step", [value("i", T.INT64, []), value("ci", T.BOOL, []), value("hi")], [value("co", T.BOOL, []), value("ho"), value("row")])
    yield "loop", network(
        [H.make_node("Shape", ["x"], ["s"], start=1), H.make_node("Squeeze", ["s"], ["n"]), number("go", True, T.BOOL),
         H.make_node("Loop", ["n", "go", "x"], ["h", "rows"], body=step), H.make_node("ReduceSum", ["rows", "first"], ["r"], keepdims=0),
         H.make_node("Add", ["h", "r"], ["q"]), H.make_node("MatMul", ["q", "V"], ["y"])],
        [array(W, "W"), array(V, "V"), array([0], "first")]), loop, [W, V]
    # A weight that only a branch has.
    then = H.make_graph([H.make_node("MatMul", ["x", "W"], ["t"]), H.make_node("Tanh", ["t"], ["u"])], "then", [], [value("u")], [array(W, "W")])
    other = H.make_graph([H.make_node("Identity", ["x"], ["e"])], "other", [], [value("e")])
    yield "if", network(
        [H.make_node("Shape", ["x"], ["s"], start=1), H.make_node("Equal", ["s", "five"], ["is"]),
         H.make_node("If", ["is"], ["k"], then_branch=then, else_branch=other), H.make_node("MatMul", ["k", "V"], ["y"])],
        [array(V, "V"), array([5], "five")]), lambda x: torch.tanh(x @ W) @ V, [W, V]
    step = H.make_graph(
        [H.make_node("MatMul", ["h", "W"], ["a"]), H.make_node("Add", ["a", "xt"], ["b"]), H.make_node("Tanh", ["b"], ["ho"]), H.make_node("Identity", ["ho"], ["row"])],
        "step", [value("h"), value("xt")], [value("ho"), value("row")])
    yield "scan", network(
        [H.make_node("ReduceMean", ["x", "one"], ["m"], keepdims=0), H.make_node("Mul", ["m", "zero"], ["h0"]),
         H.make_node("Scan", ["h0", "x"], ["hN", "rows"], body=step, num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1], scan_output_axes=[1], scan_output_directions=[1]),
         H.make_node("ReduceMax", ["rows", "one"], ["most"], keepdims=0), H.make_node("Add", ["most", "hN"], ["q"]), H.make_node("MatMul", ["q", "V"], ["y"])],
        [array(W, "W"), array(V, "V"), array([1], "one"), array(0.0, "zero")], x=(None, 3, 5)), scan, [W, V]
    dense = SPARSE.detach().numpy()
    places = np.flatnonzero(dense)
    for name, indices in (("sparse", places), ("sparse-pairs", np.stack(np.unravel_index(places, dense.shape), 1))):
        tensor = H.make_sparse_tensor(H.make_tensor("W", T.DOUBLE, [len(places)], dense.ravel()[places]), H.make_tensor("i", T.INT64, indices.shape, indices.ravel()), [5, 5])
        yield name, network(hidden("W"), [array(V, "V")], sparse=[tensor]), lambda x: torch.tanh(x @ SPARSE) @ V, [SPARSE, V]
    by_column = torch.tensor((Q.astype("f8") - ZEROS) * SCALES, requires_grad=True)
    yield "dequantized", network(
        [H.make_node("DequantizeLinear", ["q", "scales", "zeros"], ["W"], axis=1)] + hidden("W"),
        [array(V, "V"), array(Q, "q"), array(SCALES, "scales"), array(ZEROS, "zeros")]), lambda x: torch.tanh(x @ by_column) @ V, [by_column, V]
    by_block = torch.tensor(Q.astype("f8") * np.repeat(BLOCKS, 2, 0)[:5], requires_grad=True)
    yield "dequantized-blocks", network(
        [H.make_node("DequantizeLinear", ["q", "scales"], ["W"], axis=0, block_size=2)] + hidden("W"),
        [array(V, "V"), array(Q, "q"), array(BLOCKS, "scales")]), lambda x: torch.tanh(x @ by_block) @ V, [by_block, V]
    for reduction in ("none", "add", "mul", "max", "min"):
        yield "scatter-" + reduction, network(
            [H.make_node("ScatterND", ["V", "rows", "U"], ["M"], reduction=reduction), H.make_node("MatMul", ["x", "M"], ["y"])],
            [array(U, "U"), array(V, "V"), array(ROWS, "rows")]), scattered(reduction), [U, V]
    yield "scatter-elements", network(
        [H.make_node("ScatterElements", ["V", "places", "U"], ["M"], reduction="add", axis=0), H.make_node("Tanh", ["M"], ["N"]), H.make_node("MatMul", ["x", "N"], ["y"])],
        [array(U, "U"), array(V, "V"), array(PLACES, "places")]), lambda x: x @ torch.tanh(V.scatter_add(0, torch.tensor(PLACES), U)), [U, V]
    yield "erfc", network(
        [H.make_node("MatMul", ["x", "W"], ["a"]), H.make_node("Erfc", ["a"], ["b"]), H.make_node("MatMul", ["b", "V"], ["y"])],
        [array(W, "W"), array(V, "V")]), lambda x: torch.erfc(x @ W) @ V, [W, V]


def places(x, count):
    """Whole numbers below 5 that the data give, some of them negative."""
    return (x[:, :count] * 2).trunc().clamp(-5, 4).long()


def by_data():
    """Name: model, function, parameters; of places that the data name."""
    index = [
        H.make_node("Slice", ["x", "from", "to", "one"], ["part"]), H.make_node("Mul", ["part", "two"], ["wide"]),
        H.make_node("Cast", ["wide"], ["whole"], to=T.INT64), H.make_node("Clip", ["whole", "least", "most"], ["places"])]
    tensors = [array(np.array([0]), "from"), array(np.array([1]), "one"), array(2.0, "two"), array(np.array(-5), "least"), array(np.array(4), "most")]
    yield "gather-by-data", network(
        index + [H.make_node("Tanh", ["V"], ["table"]), H.make_node("GatherND", ["table", "places"], ["rows"]),
                 H.make_node("MatMul", ["x", "W"], ["h"]), H.make_node("MatMul", ["h", "V"], ["k"]), H.make_node("Mul", ["rows", "k"], ["y"])],
        tensors + [array(np.array([1]), "to"), array(W, "W"), array(V, "V")]), lambda x: torch.tanh(V)[places(x, 1)[:, 0]] * (x @ W @ V), [W, V]

    def added(x):
        h = torch.tanh(x @ W)
        return h.scatter_add(1, places(x, 3) % 5, x @ V) @ V
    yield "scatter-by-data", network(
        index + [H.make_node("MatMul", ["x", "W"], ["z"]), H.make_node("Tanh", ["z"], ["h"]), H.make_node("MatMul", ["x", "V"], ["u"]),
                 H.make_node("ScatterElements", ["h", "places", "u"], ["s"], axis=1, reduction="add"), H.make_node("MatMul", ["s", "V"], ["y"])],
        tensors + [array(np.array([3]), "to"), array(W, "W"), array(V, "V")]), added, [W, V]


def main():
    n, reference = 6, {}
    y = torch.arange(n) % 3
    data = {size: torch.tensor(rng.normal(size=(n, size))) for size in (5, 15, int(np.prod(SHAPE)))}
    np.save(os.path.join(HERE, "y.npy"), y.numpy())
    for size, x in data.items():
        np.save(os.path.join(HERE, f"x_{size}.npy"), x.numpy())

    def note(name, f, parameters, size):
        loss = F.cross_entropy(f(data[size]), y)
        g = torch.autograd.grad(loss, parameters, create_graph=True)
        h = torch.autograd.grad(sum((a * a.detach()).sum() for a in g), parameters, allow_unused=True, materialize_grads=True)
        reference[name] = {
            "inputs": size, "parameters": sum(p.numel() for p in parameters), "loss": loss.item(),
            "gradientNorm": sum((a * a).sum().item() for a in g) ** 0.5, "gHg": sum((a * b).sum().item() for a, b in zip(g, h)),
        }

    networks = [(name, model, int(np.prod(SHAPE))) for name, model in VOLUMES.items()] + [("seven", Seven(), 5)]
    for number, (name, model, size) in enumerate(networks):
        torch.manual_seed(number)
        model.train()
        with torch.no_grad():
            model(data[size])
        model.eval()
        path = os.path.join(HERE, f"{name}.onnx")
        torch.onnx.export(model, (data[size][:2],), path, dynamo=True, optimize=False, external_data=False, verbose=False, dynamic_shapes=({0: torch.export.Dim("n")},))
        m = onnx.load(path)
        for node in m.graph.node:  # they name files of the machine
            del node.metadata_props[:]
        onnx.save(m, path)
        note(name, model, list(model.parameters()), size)
    for name, model, f, parameters in [*by_hand(), *by_data()]:
        onnx.save(model, os.path.join(HERE, f"{name}.onnx"))
        note(name, f, parameters, 15 if name == "scan" else 5)
    with open(os.path.join(HERE, "reference.json"), "w") as f:
        json.dump(reference, f, indent=1)


if __name__ == "__main__":
    main()
