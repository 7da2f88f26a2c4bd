"""A torch module, with its loss, as one graph whose parameters are the module's own, under their own names."""
from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import threading
import traceback
import warnings
from dataclasses import dataclass
from typing import Any, Callable, Optional, Union

import numpy as np
import torch
from torch import nn

from ._arrays import array
from ._data import Leaves, Roles, fill
from ._program import LandscapeError

RANDOM = (
    "the model or its loss draws random numbers in evaluation mode, too, so it is no function of its weights; draw them once and pass"
    " them with the data, or use their mean")
CHANGING = (
    "two runs of the same weights differ: the model or its loss draws random numbers in evaluation mode, too, or computes with what it"
    " changes itself, such as a counter; draw numbers once and pass them with the data, and change nothing in evaluation mode")

# The exporter is not made for several threads, and its notes are kept from streams that all threads have in common.
_ALONE = threading.RLock()

# Losses of torch whose mean over the examples is one of the program's, with the program's name and how to compute it here.
_LOSSES = {
    "cross-entropy": nn.functional.cross_entropy,
    "nll": nn.functional.nll_loss,
    "mse": nn.functional.mse_loss,
    "l1": nn.functional.l1_loss,
    "bce": nn.functional.binary_cross_entropy_with_logits,
    "huber": nn.functional.huber_loss,
    "smooth-l1": nn.functional.smooth_l1_loss,
}


def named_loss(loss: nn.Module) -> Optional[str]:
    """The program's name of a loss of torch.nn, with its settings; None for another module.

    Raises `ValueError` for a setting that the program does not have.
    """
    kind = type(loss)
    names = {
        nn.CrossEntropyLoss: "cross-entropy", nn.NLLLoss: "nll", nn.MSELoss: "mse", nn.L1Loss: "l1", nn.HuberLoss: "huber",
        nn.SmoothL1Loss: "smooth-l1", nn.BCEWithLogitsLoss: "bce", nn.BCELoss: "bce",
    }
    if kind not in names:
        return None
    if loss.reduction != "mean":
        raise ValueError(f"loss: {kind.__name__} has reduction {loss.reduction}, expected mean")
    if kind in (nn.HuberLoss, nn.SmoothL1Loss):
        return f"{names[kind]}:{loss.delta if kind is nn.HuberLoss else loss.beta}"
    settings = []
    if kind in (nn.CrossEntropyLoss, nn.NLLLoss):
        if loss.ignore_index != -100:
            settings.append(f"ignore-index={loss.ignore_index}")
        if getattr(loss, "label_smoothing", 0):
            settings.append(f"label-smoothing={loss.label_smoothing}")
        if loss.weight is not None:
            settings.append("class-weights=" + ";".join(repr(float(w)) for w in loss.weight))
    elif kind is nn.BCELoss:
        settings.append("outputs=probabilities")
    if kind in (nn.BCELoss, nn.BCEWithLogitsLoss) and loss.weight is not None:
        raise ValueError(f"loss: {kind.__name__} has weights of examples; give them as the array weight of the data")
    if kind is nn.BCEWithLogitsLoss and loss.pos_weight is not None:
        settings.append("pos-weights=" + ";".join(repr(float(w)) for w in loss.pos_weight.reshape(-1)))
    return names[kind] + (":" + ",".join(settings) if settings else "")


@dataclass
class Exported:
    """What the export found out beside the graph."""

    inputs: list[str]  # Names of the leaves that the graph reads, in order.
    trainable: list[str]  # Parameters of the graph that require gradients, under their own names.
    unused: list[str]  # Parameters that require gradients and that the loss does not depend on.
    outputs: list[str]
    has_prediction: bool
    buffers: dict[str, np.ndarray]  # Buffers of the graph, as they were.


class _Graph(nn.Module):
    """The module and its loss as one function of arrays."""

    def __init__(self, model: nn.Module, leaves: Leaves, roles: Optional[Roles], loss: Optional[Callable]):
        super().__init__()
        self.model = model
        self.structure, self.roles = leaves.structure, roles
        self.loss_function = [loss]  # In a list: a module's parameters are no part of θ.
        self.predictions: list = []

    def forward(self, *leaves):
        if self.roles is not None:
            arguments = [fill(part, leaves) for part in self.roles.arguments]
            keywords = {name: fill(part, leaves) for name, part in self.roles.keywords.items()}
            return _prediction(self.model(*arguments, **keywords))
        self.predictions.clear()
        hook = self.model.register_forward_hook(lambda module, inputs, output: self.predictions.append(output))
        try:
            value = self.loss_function[0](self.model, fill(self.structure, leaves))
        finally:
            hook.remove()
        if not isinstance(value, torch.Tensor):
            raise LandscapeError(f"loss: found {type(value).__name__}, expected a tensor: one value an example, or one number")
        if not value.is_floating_point():
            raise LandscapeError(f"loss: found values of {value.dtype}, which have no derivatives; expected real numbers")
        # The Gauss–Newton matrix needs what the loss is computed of.
        if len(self.predictions) == 1:
            prediction = _prediction(self.predictions[0])
            if isinstance(prediction, torch.Tensor) and prediction.dim() > 0 and prediction.is_floating_point():
                return value, prediction
        return value


def _state(module: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers, each once."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _all_names(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Parameters and buffers under all of their names."""
    return [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]


class _Traced(nn.Module):
    """The same function with the derivatives that it takes inside (torch.autograd.grad, torch.func.jvp) written out."""

    def __init__(self, graph: _Graph, inputs: tuple):
        super().__init__()
        from torch._decomp import core_aten_decompositions
        from torch.func import functional_call
        from torch.fx.experimental.proxy_tensor import make_fx

        self.model = graph.model
        known = _state(graph)
        self.names = list(known)
        decompositions = dict(core_aten_decompositions())
        decompositions[torch.ops.aten._new_zeros_with_same_feature_meta.default] = (
            lambda value, other, **_: torch.zeros_like(other))

        def function(values, *leaves):
            with torch.enable_grad():
                return functional_call(graph, dict(zip(self.names, values)), leaves)

        values = [known[name].detach().requires_grad_(known[name].requires_grad) for name in self.names]
        trace = make_fx(function, tracing_mode="symbolic", decomposition_table=decompositions, _allow_non_fake_inputs=True)
        self.trace = [trace(values, *inputs)]

    def forward(self, *leaves):
        known = _state(self)
        return self.trace[0]([known[name] for name in self.names], *leaves)


def _prediction(output: Any) -> Any:
    """Of a model's output the part that a loss is computed of: logits where there are any by that name."""
    if isinstance(output, torch.Tensor):
        return output
    logits = output.get("logits") if isinstance(output, dict) else getattr(output, "logits", None)
    return logits if isinstance(logits, torch.Tensor) else output


@contextlib.contextmanager
def evaluating(model: nn.Module):
    """The module in evaluation mode; afterwards every part of it has its own mode, attributes and buffers again."""
    modes = [(part, part.training) for part in model.modules()]
    attributes = [(part, dict(part.__dict__)) for part in model.modules()]
    buffers = [
        (part, name, value, None if value is None else value.detach().clone())
        for part in model.modules() for name, value in part._buffers.items()]
    model.eval()
    try:
        yield
    finally:
        for part, own in attributes:
            for name in set(part.__dict__) - set(own):
                del part.__dict__[name]
            part.__dict__.update(own)
        with torch.no_grad():
            for part, name, value, numbers in buffers:
                part._buffers[name] = value
                if value is not None and not torch.equal(value, numbers):
                    value.copy_(numbers)
        for part, mode in modes:
            part.training = mode


def tensors(leaves: Leaves, count: int, model: nn.Module) -> list[torch.Tensor]:
    """The first examples as tensors on the module's device."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    kind = precision(model)
    found = [torch.from_numpy(np.array(value[:count], order="C")).to(device) for value in leaves.arrays]
    return [value.to(kind) if value.is_floating_point() else value for value in found]


def unwrapped(model: nn.Module) -> nn.Module:
    """The module inside the wrappers of torch.compile, DataParallel and DistributedDataParallel."""
    while True:
        parallel = isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel))
        inner = getattr(model, "_orig_mod", None) if not parallel else model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def precision(model: nn.Module) -> torch.dtype:
    """Of the module's parameters: that of the first of real numbers."""
    return next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)


def graph_inputs(names: list[str]) -> list[str]:
    """Names that are unlike the program's own for targets and weights, and unlike each other."""
    found: list[str] = []
    for name in names:
        name = re.sub(r"\W", "_", name)
        if name in ("labels", "targets", "y", "weight", "") or name.endswith("_test") or name in found:
            name = f"{name}_input"
        while name in found:
            name += "_"
        found.append(name)
    return found


def export(
    model: nn.Module, leaves: Leaves, roles: Optional[Roles], loss: Optional[Callable], path: str, batch: Optional[int]
) -> Exported:
    """Writes the graph, and says what it holds.

    Parameters
    ----------
    model: the module; as it was when this returns
    leaves: the data, of which a few examples are run
    roles: of the leaves, for a loss that the program computes of the outputs; None if the graph holds the loss
    loss: of model and batch
    batch: examples of a batch, for a loss that is one number of a whole batch; None for one of single examples

    Raises `LandscapeError` with the place in the module that is in the way.
    """
    examples = min(leaves.count, batch or 4)
    names = graph_inputs(leaves.names)
    graph = _Graph(model, leaves, roles, loss)
    dynamic = examples > 1
    with _ALONE, evaluating(model):
        inputs = tuple(tensors(leaves, examples, model))
        fixed, free = {0: torch.export.Dim("examples")}, {0: torch.export.Dim.AUTO}
        ways = [(False, fixed), (True, fixed), (False, free)] if dynamic else [(False, None), (True, None)]
        problem: Optional[BaseException] = None
        for traced, axis in ways:
            try:
                with _quiet():
                    function = _Traced(graph, inputs) if traced else graph
                    program = torch.onnx.export(
                        function, inputs, dynamo=True, optimize=False, verbose=False, input_names=names,
                        dynamic_shapes=None if axis is None else {"leaves": tuple(dict(axis) for _ in inputs)})
                break
            except LandscapeError:
                raise
            except Exception as error:
                problem = problem or error
        else:
            own = [part for part in _chain(problem) if isinstance(part, LandscapeError)]
            raise LandscapeError(str(own[0]) if own else _reason(problem)) from None
    random = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
    if any(node.op_type in random for node in program.model.graph.all_nodes()):
        raise LandscapeError(RANDOM)
    found = _named(program, model, names)
    program.save(path)
    return found


@contextlib.contextmanager
def _quiet():
    """Without the exporter's pages of notes."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "torch._dynamo", "torch.fx", "onnxscript")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def _named(program: Any, model: nn.Module, names: list[str]) -> Exported:
    """Gives the graph's tensors the module's names, each tensor one name."""
    first: dict[int, str] = {}
    requires: dict[str, bool] = {}
    own: dict[str, str] = {}
    stored: dict[tuple, str] = {}  # Of tensors that the graph reads as constants, such as those of Keras' variables.
    for name, tensor in _all_names(model):
        own[name] = first.setdefault(id(tensor), name)
        if tensor.numel():
            stored.setdefault(_storage(tensor), own[name])
        if isinstance(tensor, nn.Parameter):
            requires[own[name]] = tensor.requires_grad
    graph = program.model.graph
    # Notes on the wrapper's modules and lines of code: several times what the graph itself takes.
    for node in graph.all_nodes():
        node.metadata_props.clear()
    values = {}
    for value in list(graph.initializers.values()):
        name = value.name
        target = own.get(name[len("model.") :]) if name.startswith("model.") else None
        if target is None and isinstance(getattr(value.const_value, "raw", None), torch.Tensor):
            target = stored.get(_storage(value.const_value.raw))
        if target is not None:
            if target in values:
                from onnxscript import ir

                ir.convenience.replace_all_uses_with(value, values[target])
                graph.initializers.pop(name)
                continue
            graph.initializers.pop(name)
            value.name = target
            graph.initializers[target] = value
            values[target] = value
    parameters = [name for name in values if name in requires]
    if not any(requires[name] for name in parameters):
        raise LandscapeError(
            "the loss reads none of the module's parameters that require gradients; does the loss call the model that it is given?")
    order = {name: place for place, name in enumerate(requires)}
    parameters.sort(key=order.__getitem__)
    read = {value.name for value in graph.inputs}
    return Exported(
        inputs=[name for name in names if name in read],
        trainable=[name for name in parameters if requires[name]],
        unused=[name for name, needs in requires.items() if needs and name not in values],
        outputs=[value.name for value in graph.outputs], has_prediction=len(graph.outputs) > 1,
        buffers={name: np.array(array(tensor)) for name, tensor in model.named_buffers() if name in values})


def _storage(tensor: torch.Tensor) -> tuple:
    """What two views of the same numbers have in common, and other tensors do not."""
    return tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype


_ADVICE = [
    (r"data-dependent|GuardOnDataDependent|Could not guard|Dynamic control flow|torch\.cond",
     "it branches on numbers of its data or of its weights; compute both branches and choose with torch.where"),
    (r"No ONNX function found for|aten\S* is not supported|DispatchError|No decompositions registered",
     "an operation has no form in ONNX; replace it by elementary ones"),
    (r"\.item\(\)|aten\._local_scalar_dense", "it makes a Python number of a tensor (.item(), int(), float()); keep it a tensor"),
    (r"TensorWrapper|functorch|vmap|make_dual",
     "torch.func and vmap inside cannot be followed; take derivatives by torch.autograd.grad(…, create_graph=True), and batches by"
     " operations on tensors"),
    (r"found a fake tensor in the exported program|torch\.autograd\.grad|does not require grad|Cannot call autograd",
     "it differentiates inside in a way that cannot be followed; docs/python.md shows one that can"),
    (r"ModuleNotFoundError|No module named", "a package is missing; pip install 'landscape-sharpness[torch]'"),
]


def _chain(problem: Optional[BaseException]) -> list[BaseException]:
    """The problem and what it came from, the origin last."""
    chain: list[BaseException] = []
    while problem is not None and problem not in chain:
        chain.append(problem)
        problem = problem.__cause__ or problem.__context__
    return chain


def _reason(problem: Optional[BaseException]) -> str:
    """One line on what in the module is in the way."""
    chain = _chain(problem)
    text = "\n".join(str(part) for part in chain)
    core = chain[-1]
    advice = next((words for pattern, words in _ADVICE if re.search(pattern, text)), "")
    lines = [line.strip() for line in str(core).splitlines() if line.strip()]
    what = f"{type(core).__name__}: {lines[0][:200] if lines else ''}"
    place = _place(chain, text)
    return "the module cannot be exported as a graph" + (f" at {place}" if place else "") + (f": {advice}" if advice else "") + f" ({what})"


def _place(chain: list[BaseException], text: str) -> str:
    """File, line and code of the user's that the problem comes from."""
    here = os.path.dirname(os.path.abspath(__file__))
    libraries = (os.path.dirname(torch.__file__), here)

    def foreign(path: str) -> bool:
        return path.startswith(libraries) or "site-packages" in path or path.startswith("<") or "/lib/python" in path

    for part in reversed(chain):
        # Below the call into this package: what stands above it is who asked.
        frames = traceback.extract_tb(part.__traceback__)
        last = next((i for i, frame in enumerate(frames) if frame.filename.startswith(here)), -1)
        below = [frame for frame in frames[last + 1 :] if not foreign(frame.filename)]
        if below:
            frame = below[-1]
            return f"{os.path.basename(frame.filename)}:{frame.lineno} `{frame.line}`"
    found = re.findall(r'File "([^"]+)", line (\d+), in \w+\n\s*(.+)', text)
    found = [(path, line, code) for path, line, code in found if not foreign(path)]
    if found:
        path, line, code = found[-1]
        return f"{os.path.basename(path)}:{line} `{code.strip()}`"
    return ""


def weights(model: nn.Module, names: Optional[set[str]] = None) -> dict[str, torch.Tensor]:
    """Parameters and buffers of floating point, each under the first of its names; of these names alone, if any are given."""
    model = unwrapped(model)
    seen: set[int] = set()
    found = {}
    for name, tensor in _all_names(model):
        if id(tensor) in seen or not tensor.is_floating_point():
            continue
        seen.add(id(tensor))
        if names is None or name in names:
            found[name] = tensor
    return found


def torch_loss(
    model: nn.Module, leaves: Leaves, roles: Optional[Roles], loss: Union[str, Callable, None], examples: int
) -> tuple[Optional[float], Optional[dict[str, np.ndarray]], str]:
    """The mean loss of the first examples by torch, to compare the program's with, its gradient, and a remark on shapes.

    No loss where it is not clear which is meant. Raises `LandscapeError` if two runs differ.
    """
    name, _, settings = loss.partition(":") if isinstance(loss, str) else ("", "", "")
    function = _LOSSES.get(name) if not settings else None
    # A loss may differentiate inside, but not tensors that were made in inference mode.
    inference = any(tensor.is_inference() for tensor in [*model.parameters(), *model.buffers()])
    with _ALONE, torch.inference_mode(inference), evaluating(model), torch.enable_grad():
        inputs = tensors(leaves, examples, model)
        graph = _Graph(model, leaves, roles, loss if roles is None else None)
        outputs = [graph(*inputs) for _ in range(2)]
        first, second = (output[0] if isinstance(output, tuple) else output for output in outputs)
        if not isinstance(first, torch.Tensor):
            return None, None, ""
        if not torch.equal(first.nan_to_num(), second.nan_to_num()):
            raise LandscapeError(CHANGING)
        if roles is None:
            mean = first.double().mean()
            return mean.item(), _gradient(model, mean), ""
        target, remark = inputs[roles.target], ""
        has_classes = name in ("cross-entropy", "nll") and not target.is_floating_point()
        if function is not None and has_classes:
            classes = [
                axis for axis in range(1, first.dim())
                if first.dim() == target.dim() + 1 and first.shape[:axis] + first.shape[axis + 1 :] == target.shape]
            if len(classes) != 1:
                return None, None, ""
            first, target = first.movedim(classes[0], 1), target.long()
        elif first.shape != target.shape:
            if first.numel() != target.numel():
                return None, None, ""
            remark = (
                f"outputs have shape {list(first.shape)} and targets {list(target.shape)}: they are compared one by one, where torch would"
                " broadcast")
            target = target.reshape(first.shape)
        if function is None:
            return None, None, remark
        mean = function(first.double(), target if has_classes else target.double())
        return mean.item(), _gradient(model, mean), remark


def _gradient(model: nn.Module, loss: torch.Tensor) -> Optional[dict[str, np.ndarray]]:
    """The gradient by parameter name, with zeros where the loss does not reach; None where torch has none."""
    known = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if torch.is_inference_mode_enabled():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = torch.autograd.grad(loss, list(known.values()), allow_unused=True)
    except Exception:  # Such as operations that have no backward pass on this device or in this mode.
        return None if loss.requires_grad else {name: np.zeros(p.shape) for name, p in known.items()}
    return {
        name: np.zeros(p.shape) if value is None else array(value.to_dense() if value.is_sparse else value)
        for (name, p), value in zip(known.items(), found)}
