"""What the make.py of every network here shares: training, export, and the reference numbers, all in Float64.

A make.py defines `problem()`, which returns a `Problem`, and calls `make(__file__, problem)`.
"""
import dataclasses, importlib.util, json, logging, os, pathlib, warnings
from collections.abc import Callable

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.reference
import torch
from onnx.reference.op_run import OpRun
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.set_num_threads(1)  # sums in one order
torch.backends.mha.set_fastpath_enabled(False)  # the fast path has no derivatives


class Erf(OpRun):
    """onnx's own rounds to Float32."""
    def _run(self, x):
        return (torch.erf(torch.from_numpy(np.asarray(x))).numpy(),)


class Gelu(OpRun):
    """onnx's own computes with a √2 of Float32."""
    def _run(self, x, approximate=None):
        return (nn.functional.gelu(torch.from_numpy(x), approximate=approximate or "none").numpy(),)


@dataclasses.dataclass
class Problem:
    """A network with its data and its loss."""
    module: nn.Module
    # Of data.npz: the graph's inputs by name, and targets and weights that the loss reads.
    arrays: dict[str, np.ndarray]
    inputs: list[str]
    outputs: list[str]
    # Options of `landscape import` besides the data.
    options: str
    # The mean loss over the data, from the outputs and all arrays.
    loss: Callable[[tuple[torch.Tensor, ...], dict[str, torch.Tensor]], torch.Tensor]
    # The same loss from the prediction alone, for Gauss–Newton products; None where there is none. The prediction comes from the
    # outputs; where they are probabilities it is their logits.
    prediction: Callable[[tuple[torch.Tensor, ...]], torch.Tensor] | None = None
    loss_of_prediction: Callable[[torch.Tensor, dict[str, torch.Tensor]], torch.Tensor] | None = None
    # Where the loss is defined for batches: their size. The loss is the mean over the batches.
    batch_size: int | None = None
    # Whether the graph is exported for batches of that size alone.
    has_fixed_batch: bool = False
    # The share of counted elements whose largest logit is the label's, from the outputs and all arrays; None where undefined.
    accuracy: Callable[[tuple[torch.Tensor, ...], dict[str, torch.Tensor]], torch.Tensor] | None = None
    # A test split under the same names; data.npz has it under NAME_test.
    test: dict[str, np.ndarray] | None = None
    # How the training runs.
    steps: int = 60
    rate: float = 0.02
    # False where the exporter notes the wrong shape of an intermediate value.
    shapes_noted: bool = True
    # Makes the exporter's graph valid ONNX for the checks, where it is not.
    mend: Callable[[onnx.ModelProto], None] | None = None
    # Rounds the trained parameters; the graph's rounding where it stores them in fewer bits.
    rounding: Callable[[nn.Module], None] | None = None
    # Writes the graph, if `torch.onnx.export` of the module itself is not it.
    export: Callable[["Problem", str], None] | None = None
    # Names of the parameters in the graph by those in the module, in the graph's order, where they differ.
    names: dict[str, str] | None = None
    # The parameters of the graph by their names there, where they are no initializers.
    weights: Callable[[onnx.ModelProto], dict[str, np.ndarray]] | None = None
    # How far the graph's outputs may lie from PyTorch's, relative to the largest.
    tolerance: float = 1e-12


def parameters(problem, path=None):
    """Tensors of θ by name, in the module's order; with the names and the order of the graph at `path`, if given."""
    if path is None:
        return {name: p for name, p in problem.module.named_parameters() if p.requires_grad}
    if problem.names is not None:
        return {name: parameters(problem)[own] for own, name in problem.names.items()}
    named = dict(problem.module.named_parameters(remove_duplicate=False))
    found = {t.name: named[t.name] for t in onnx.load(path).graph.initializer if t.name in named and named[t.name].requires_grad}
    assert {id(p) for p in found.values()} == {id(p) for p in parameters(problem).values()}, list(found)
    return found


def tensors(arrays):
    """Arrays as tensors, real ones in Float64."""
    found = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {name: t.double() if t.is_floating_point() else t for name, t in found.items()}


def outputs(problem, data):
    with sdpa_kernel(SDPBackend.MATH):  # the one with second derivatives
        found = problem.module(*(data[name] for name in problem.inputs))
    return found if isinstance(found, tuple) else (found,)


def batches(problem, data):
    """All data at once, or the fixed batches."""
    count = len(data[problem.inputs[0]])
    size = problem.batch_size or count
    assert count % size == 0
    return [{name: array[start:start + size] for name, array in data.items()} for start in range(0, count, size)]


def total_loss(problem, data):
    """The loss over all data, or its mean over the fixed batches."""
    if problem.batch_size is None:
        return problem.loss(outputs(problem, data), data)
    return torch.stack([problem.loss(outputs(problem, batch), batch) for batch in batches(problem, data)]).mean()


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def derivative(of, theta, keep=True):
    """The derivative of a number by the parameters, as one vector; zero where it does not depend on them."""
    found = torch.autograd.grad(of, theta, create_graph=keep, retain_graph=True, allow_unused=True)
    return flat([torch.zeros_like(t) if d is None else d for d, t in zip(found, theta)])


def gauss_newton_product(problem, data, theta, vector):
    """vᵀ Jᵀ H_ℓ J v, with J of the prediction and H_ℓ of the mean loss by the prediction."""
    z = problem.prediction(outputs(problem, data))
    u = torch.zeros_like(z, requires_grad=True)
    transposed = derivative((z * u).sum(), theta)  # Jᵀu, linear in u
    (jv,) = torch.autograd.grad(transposed @ vector, u)
    z = z.detach().requires_grad_()
    (slope,) = torch.autograd.grad(problem.loss_of_prediction(z, data), z, create_graph=True)
    if not slope.requires_grad:  # linear loss
        return 0.0
    (product,) = torch.autograd.grad((slope * jv).sum(), z)
    return (product * jv).sum().item()


def reference_numbers(problem, path):
    """Every number of expected.json that comes from the module, and the gradient; θ is in the order of the graph at `path`."""
    data = tensors(problem.arrays)
    theta = list(parameters(problem, path).values())
    assert all(t.dtype == torch.float64 for t in theta)
    loss = total_loss(problem, data)
    g = derivative(loss, theta)
    fixed = g.detach()
    rows = [derivative(component, theta, keep=False) for component in g]
    hessian = torch.stack(rows)
    asymmetry = (hessian - hessian.T).abs().max() / hessian.abs().max()
    assert asymmetry < 1e-11, asymmetry
    eigenvalues = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    numbers = {
        "loss": loss.item(),
        "gradient_norm": fixed.norm().item(),
        "gHg": (fixed @ hessian @ fixed).item(),
        "lambda_max": eigenvalues[-1].item(),
        "lambda_min": eigenvalues[0].item(),
        "parameters": len(fixed),
    }
    if problem.prediction is not None:
        parts = batches(problem, data)
        alone = np.mean([problem.loss_of_prediction(problem.prediction(outputs(problem, part)), part).item() for part in parts])
        assert abs(alone - loss.item()) <= 1e-13 * max(1, abs(alone)), (alone, loss.item())
        numbers["gGg"] = float(np.mean([gauss_newton_product(problem, part, theta, fixed) for part in parts]))
    if problem.accuracy is not None:
        numbers["accuracy"] = problem.accuracy(outputs(problem, data), data).item()
    if problem.test is not None:
        test = tensors(problem.test)
        numbers["loss_test"] = total_loss(problem, test).item()
    return numbers, fixed.numpy()


def train(problem):
    data = tensors(problem.arrays)
    optimizer = torch.optim.Adam(parameters(problem).values(), lr=problem.rate)
    for _ in range(problem.steps):
        optimizer.zero_grad()
        total_loss(problem, data).backward()
        optimizer.step()


def export(problem, path, module=None, kind=None):
    """Writes the graph with its first axis open; `module` and real inputs of `kind` in place of the problem's own."""
    arguments = [torch.from_numpy(problem.arrays[name][:problem.batch_size or 5]) for name in problem.inputs]
    if kind is not None:
        arguments = [a.to(kind) if a.is_floating_point() else a for a in arguments]
    n = torch.export.Dim("n")
    torch.onnx.export(
        problem.module if module is None else module, tuple(arguments), path, dynamo=True, optimize=False,
        dynamic_shapes=None if problem.has_fixed_batch else tuple({0: n} for _ in arguments), input_names=problem.inputs, output_names=problem.outputs,
        external_data=False, verbose=False)
    model = onnx.load(path)
    remove_traces(model)
    onnx.save(model, path)


def remove_traces(model):
    """Drops what the exporter notes of each node and each intermediate value: it is long, and names folders of this machine.

    What it notes of parameters, buffers, inputs and outputs stays.
    """
    kept = {t.name for t in model.graph.initializer}
    graphs = [model.graph, *model.functions]
    while graphs:
        graph = graphs.pop()
        for node in graph.node:
            del node.metadata_props[:]
            graphs += [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
        for value in graph.value_info:
            if value.name not in kept:
                del value.metadata_props[:]
    text = model.SerializeToString()
    for folder in (os.path.expanduser("~"), os.path.dirname(torch.__file__), str(pathlib.Path(__file__).resolve().parent)):
        assert folder.encode() not in text, folder


def evaluator(model):
    """onnxruntime's; onnx's own where that lacks an operator in Float64, such as Conv, or computes one in Float32."""
    if not any(node.op_type == "Gelu" for node in model.graph.node):
        try:
            import onnxruntime
            settings = onnxruntime.SessionOptions()
            settings.log_severity_level = 3
            settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # which round constants
            return onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
        except Exception as error:
            print(f"  onnx's evaluator in place of onnxruntime: {str(error)[:100]}")
    return onnx.reference.ReferenceEvaluator(model, new_ops=[Erf, Gelu])


def check_graph(problem, path):
    """onnx's checker, and the graph's outputs against PyTorch's, for two numbers of examples.

    """
    model = onnx.load(path)
    if problem.mend is not None:
        problem.mend(model)
    onnx.checker.check_model(model, full_check=problem.shapes_noted)
    assert [i.name for i in model.graph.input] == problem.inputs, [i.name for i in model.graph.input]
    assert [o.name for o in model.graph.output] == problem.outputs, [o.name for o in model.graph.output]
    session = evaluator(model)
    whole = problem.batch_size or len(problem.arrays[problem.inputs[0]])
    for count in {whole, whole if problem.has_fixed_batch else 3}:
        feeds = {name: problem.arrays[name][:count] for name in problem.inputs}
        kinds = {i.name: onnx.helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type) for i in model.graph.input}
        found = session.run(problem.outputs, {name: array.astype(kinds[name]) for name, array in feeds.items()})
        with torch.no_grad():
            expected = outputs(problem, tensors(feeds))
        for name, a, b in zip(problem.outputs, found, expected):
            b = b.numpy()
            assert a.shape == b.shape, (name, a.shape, b.shape)
            error = np.abs(a - b).max() / max(1, np.abs(b).max())
            assert error < problem.tolerance, (name, error)


def commands(problem):
    batches = "" if problem.batch_size is None else f" --batch-size {problem.batch_size}"
    options = "" if problem.options == "" else f" {problem.options}"
    lines = [
        f"landscape import model.onnx --data npz:data.npz{options}{batches} -o ckpt.bin",
        f"landscape evaluate ckpt.bin --precision double{batches} --key loss",
    ]
    return lines


def make(file, problem):
    folder = pathlib.Path(file).resolve().parent
    torch.manual_seed(0)
    problem = problem()
    problem.module.double().eval()
    train(problem)
    if problem.rounding is not None:
        problem.rounding(problem.module)
    model = str(folder / "model.onnx")
    (problem.export or export)(problem, model)
    test = {f"{name}_test": array for name, array in (problem.test or {}).items()}
    np.savez_compressed(folder / "data.npz", **problem.arrays, **test)
    check_graph(problem, model)
    numbers, gradient = reference_numbers(problem, model)
    np.save(folder / "gradient.npy", gradient)
    expected = {
        "commands": commands(problem),
        **numbers,
        "parameter_names": list(parameters(problem, model)),
        "examples": len(problem.arrays[problem.inputs[0]]),
        "torch": torch.__version__.split("+")[0],
        "onnx": onnx.__version__,
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    size = sum(os.path.getsize(p) for p in folder.iterdir() if p.is_file())
    print(f"{folder.name}: {size} bytes, loss {numbers['loss']:.6g}, {numbers['parameters']} parameters, "
          f"λ {numbers['lambda_min']:.4g} to {numbers['lambda_max']:.4g}")


def load_data(problem, path):
    """Takes the problem's arrays from the file. Returns the names that only one of both has."""
    with np.load(path) as file:
        stored = {name: file[name] for name in file.files}
    own = set(problem.arrays) | {f"{name}_test" for name in problem.test or {}}
    problem.arrays = {name: stored[name] for name in problem.arrays if name in stored}
    if problem.test is not None:
        problem.test = {name: stored[f"{name}_test"] for name in problem.test if f"{name}_test" in stored}
    return sorted(own ^ set(stored))


def load_weights(problem, path):
    """Takes the module's parameters and buffers from the graph, by name."""
    model = onnx.load(path)
    found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    if problem.weights is not None:
        found = problem.weights(model)
    state = problem.module.state_dict(keep_vars=True)
    names = {name: (problem.names or {}).get(name, name) for name in state}
    shared = {id(v) for name, v in state.items() if names[name] in found}  # tied weights have one name in the graph
    with torch.no_grad():
        for name, value in state.items():
            if names[name] in found:
                value.copy_(torch.from_numpy(np.array(found[names[name]])))
            elif value.requires_grad and id(value) not in shared:
                raise ValueError(f"{path}: no initializer {names[name]}; it has {sorted(found)}")


def sibling(name):
    """The make.py of the folder `name`, as a module."""
    path = pathlib.Path(__file__).resolve().parent / name / "make.py"
    specification = importlib.util.spec_from_file_location(f"make_{name}", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


# Losses

def cross_entropy(logits, labels, weights=None, ignored=-100):
    """Sum of the losses by the sum of the weights of all counted labels; classes on axis 1."""
    return nn.functional.cross_entropy(logits, labels.long(), weight=weights, ignore_index=ignored)


def share_correct(logits, labels, ignored=-100):
    counted = labels != ignored
    return (logits.argmax(1) == labels)[counted].double().mean()


def classes(module, arrays, inputs, options="", weights=None, ignored=-100, logits=lambda z: z, **rest):
    """A problem with logits in the first output, which `logits` brings to N×K×…, and `labels`."""
    def of_prediction(z, data):
        return cross_entropy(logits(z), data["labels"], weights, ignored)
    if weights is None:
        rest.setdefault("accuracy", lambda found, data: share_correct(logits(found[0]), data["labels"], ignored))
    return Problem(
        module, arrays, inputs, ["logits"], options, lambda found, data: of_prediction(found[0], data), lambda found: found[0],
        of_prediction, **rest)


def with_prediction(module, arrays, inputs, options, loss, output="prediction", **rest):
    """A problem whose loss is a function of the one output and the data."""
    return Problem(module, arrays, inputs, [output], options, lambda found, data: loss(found[0], data), lambda found: found[0],
        loss, **rest)


def coarse(values, step=1 / 16):
    """Values of few digits, so that files are small."""
    return np.round(np.asarray(values, dtype=np.float64) / step) * step
