"""A trained network with its data and its loss: what all analyses start from."""
from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
import weakref
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Union

import numpy as np

from . import _results
from ._arrays import array, copy_file, is_array, mark, read_metadata, write_npz, write_safetensors
from ._commands import Commands
from ._data import Leaves, check_same, leaves, roles
from ._options import PathLike, call, style_words, words
from ._program import LandscapeError, _ignore, _print

if TYPE_CHECKING:
    import torch


class Folder:
    """A temporary folder. It goes with the last object that has it, in the process that made it alone; copies share it."""

    def __init__(self):
        self.name = tempfile.mkdtemp(prefix="landscape-")
        weakref.finalize(self, _remove, self.name, os.getpid())

    def __deepcopy__(self, memo: Any) -> "Folder":
        return self


def _remove(path: str, process: int):
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True)


class Checkpoint(Commands):
    """A checkpoint file of the program's. `landscape_sharpness.open` opens one.

    Every analysis of the command line is a method, with the same options by the same names.
    """

    def __init__(self, path: PathLike, *, progress: bool = True, remarks: bool = True, threads: Optional[int] = None):
        self.path = os.fspath(path)
        if not os.path.isfile(self.path):
            raise FileNotFoundError(f"{self.path} is no file; expected a checkpoint of landscape's")
        self._begin(progress, remarks, threads)

    def _begin(self, progress: bool, remarks: bool, threads: Optional[int]):
        self.progress, self.remarks, self.threads = progress, remarks, threads
        self._folder = Folder()
        self.found: Any = None  # The result of the command that wrote it, such as `align`.
        self._home: Optional[Folder] = None
        self._weights: Optional[str] = None
        self._precision: Optional[str] = None
        self._info: Optional[dict] = None
        self._first_axes: Optional[dict] = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    # Parameters.

    @property
    def info(self) -> dict:
        """What `landscape info` says of the checkpoint."""
        if self._info is None:
            self._info = json.loads(call(["info", self.path, "--json"], progress=False, remark=self._remark))
        return self._info

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter tensor, in the order that they have in θ."""
        found = {}
        for tensor in self.info["tensors"]:
            if tensor["role"] == "parameter":
                shape = list(tensor["shape"])
                if shape:
                    shape.insert(self._axes.get(tensor["name"], 0), shape.pop(0))
                found[tensor["name"]] = tuple(shape)
        return found

    @property
    def _axes(self) -> dict[str, int]:
        """The axis in the module of what is the first axis in θ, where that is another: of x @ W, the second."""
        if self._first_axes is None:
            self._first_axes = json.loads(read_metadata(self.path).get("source_filter_axes", "{}"))
        return self._first_axes

    @property
    def parameters(self) -> int:
        """Number of parameters, the length of θ."""
        return sum(int(np.prod(shape, dtype=np.int64)) for shape in self.shapes.values())

    def unflatten(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """A vector of θ's length as arrays by parameter name, in the parameters' shapes."""
        if len(vector) != self.parameters:
            raise ValueError(f"the vector has {len(vector)} numbers, expected the {self.parameters} of the parameters")
        found, start = {}, 0
        for name, shape in self.shapes.items():
            count, axis = int(np.prod(shape, dtype=np.int64)), self._axes.get(name, 0)
            own = (shape[axis], *shape[:axis], *shape[axis + 1 :]) if shape else ()
            part = vector[start : start + count].reshape(own)
            found[name] = np.moveaxis(part, 0, axis) if axis else part
            start += count
        return found

    def flatten(self, vector: Union[np.ndarray, Mapping[str, Any]]) -> np.ndarray:
        """Arrays by parameter name as one vector of θ's length. Raises `ValueError` for missing names and other shapes."""
        if not isinstance(vector, Mapping):
            flat = array(vector).astype(np.float64).reshape(-1)
            if flat.size != self.parameters:
                raise ValueError(f"the vector has {flat.size} numbers, expected the {self.parameters} of the parameters")
            return flat
        shapes = self.shapes
        missing = [name for name in shapes if name not in vector]
        foreign = [name for name in vector if name not in shapes]
        if missing or foreign:
            raise ValueError(
                "the vector has " + "; ".join(
                    ([f"nothing for {', '.join(missing[:3])}"] if missing else [])
                    + ([f"{', '.join(foreign[:3])}, which is no parameter"] if foreign else [])))
        parts = []
        for name, shape in shapes.items():
            part, axis = array(vector[name]).astype(np.float64), self._axes.get(name, 0)
            if part.shape != shape:
                raise ValueError(f"the vector's {name} has shape {part.shape}, expected {shape}")
            parts.append((np.moveaxis(part, axis, 0) if axis else part).reshape(-1))
        return np.concatenate(parts)

    # Runs.

    def _temporary(self, suffix: str) -> str:
        # Unlike those of copies and of forked processes, which have the same folder.
        return os.path.join(self._folder.name, uuid.uuid4().hex[:12] + suffix)

    def _remark(self, text: str):
        if self.remarks:
            _print(text)

    def _file(self, kind: str, value: Any) -> str:
        """A value of an option in a file; its word for the program."""
        if kind == "data":
            return "npz:" + self._written(value)
        if kind == "checkpoint":
            return checkpoint_path(value)
        if kind == "vector":
            path = self._temporary(".npy")
            np.save(path, self.flatten(value))
            return path
        if kind == "directions":
            several = list(value) if isinstance(value, (tuple, list)) else [value]
            if several and isinstance(several[0], str) and several[0] in ("to", "pca"):
                return several[0] + ":" + ",".join(checkpoint_path(part) for part in several[1:])
            if all(isinstance(part, Checkpoint) for part in several):
                return "to:" + ",".join(checkpoint_path(part) for part in several)
            paths = [os.fspath(part) if isinstance(part, (str, os.PathLike)) else self._file("vector", part) for part in several]
            return "file:" + ",".join(self._file("vector", np.load(path)) if "," in path else path for path in paths)
        raise TypeError(f"found {type(value).__name__}, expected a string")

    def _written(self, data: Any) -> str:
        """Data of one analysis as an .npz file."""
        found = leaves(data)
        path = self._temporary(".npz")
        if isinstance(found.structure, dict):
            names = found.names
        elif isinstance(found.structure, tuple) and len(found.structure) == 2 and len(found.arrays) == 2:
            names = ["x", "y"]
        else:
            raise TypeError("data: expected (X, y) or arrays by the names of the checkpoint's inputs")
        write_npz(path, dict(zip(names, found.arrays)))
        return path

    def _analysis(self, command: str, given: dict) -> Any:
        given = {name: value for name, value in given.items() if name != "self"}
        style = dict(given.pop("style", {}))
        if given.get("threads") is None and self.threads is not None:
            given["threads"] = self.threads
        # A saddle takes Float64 unless something else is asked for.
        if given.get("precision") is None and command != "saddle":
            given["precision"] = self._precision
        files: dict[str, str] = {}
        kept = {
            "save": "gradient", "save_vectors": "eigenvectors", "save_epsilon": "epsilon", "save_product": "product",
            "save_diagonal": "diagonal_by_parameter", "save_norms": "example_norms"}
        if command == "gradient" and given.get("save") is None:
            given["save"] = True
        if command == "saddle":
            del kept["save"]
        for name, value in list(given.items()):
            if name in kept and value not in (None, False):
                given[name] = self._temporary(".npy") if value is True else os.fspath(value)
                files[kept[name]] = given[name]
            elif name in kept:
                given[name] = None
        options = words(command, given, self._file) + style_words(command, style)
        files[".json"] = self._temporary(".json")
        out = ["-o", files[".json"]]
        if command == "slice" or (command == "measure" and "slice" in str(given.get("measures") or "")):
            files[".npz"] = self._temporary(".npz")
            out += ["-o", files[".npz"]]
        if self._weights is not None:
            out += ["--weights", self._weights]
        call([command, self.path, *options, *out, "--json"], progress=self.progress, remark=self._remark)
        return _results.result(_results.read(files[".json"]), self, files, style)

    def _current(self) -> str:
        """A file with the present weights."""
        return self.path

    def save(self, path: PathLike) -> str:
        """Writes the checkpoint with its present weights to a file for the command line, and returns its path.

        Its data stay where they are; a checkpoint names them by their path.
        """
        copy_file(self.path, os.fspath(path))
        return os.fspath(path)


def checkpoint_path(value: Any) -> str:
    """A file with the present weights of a checkpoint or problem, or the path itself."""
    if isinstance(value, Checkpoint):
        return value._current()
    return os.fspath(value)


def open(path: PathLike, *, progress: bool = True, remarks: bool = True, threads: Optional[int] = None) -> Checkpoint:
    """Opens a checkpoint that `landscape train` or `landscape import` wrote.

    Parameters
    ----------
    path: the file
    progress: whether runs show how far they are
    remarks: whether lines that the program remarks beside a result are printed on standard error
    threads: number of threads of every run (default: all processors)

    Raises `FileNotFoundError`; a damaged file is a `LandscapeError` of the first analysis.
    """
    return Checkpoint(path, progress=progress, remarks=remarks, threads=threads)


class Problem(Checkpoint):
    """A torch module with its data and its loss.

    θ is the module's parameters that require gradients, under their own names. The module is exported once, in evaluation
    mode; afterwards it is as it was.
    """

    def __init__(
        self,
        model: "torch.nn.Module",
        data: Any,
        loss: Union[str, "torch.nn.Module", Callable[["torch.nn.Module", Any], "torch.Tensor"], None] = None,
        *,
        test: Any = None,
        target: Optional[str] = None,
        batch_size: Optional[int] = None,
        folder: Optional[PathLike] = None,
        check: bool = True,
        progress: bool = True,
        remarks: bool = True,
        threads: Optional[int] = None,
    ):
        """
        Parameters
        ----------
        model: the module
        data: (X, y) or ((X1, X2), y) of tensors or arrays; a dictionary of them, by the names of the module's arguments, with
            labels, targets or y; a Dataset; or a DataLoader, of which one pass is taken
        loss: the name of a loss as in `landscape import --loss`, such as "cross-entropy" or "mse"; a loss of torch.nn with
            reduction "mean"; or a function of the module and a batch that returns one value an example, or one number, and is
            exported with the module as one graph. By default what suits outputs and targets
        test: the test split, of the same kind
        target: the name of the target in a dictionary
        batch_size: examples of a batch, for a loss that is one number and no mean over examples (contrastive ones)
        folder: where graph, data and checkpoint are kept; by default they are deleted with this object
        check: compares the loss of a few examples with torch's, and raises `LandscapeError` if they differ
        progress, remarks, threads: as for `open`

        Raises `LandscapeError` for a module that cannot be exported or that the program cannot read, with the place in it;
        `TypeError` and `ValueError` for data that cannot be used.
        """
        import torch

        from . import _export

        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"model: found {type(model).__name__}, expected a torch.nn.Module; landscape_sharpness.open opens a checkpoint")
        model = _export.unwrapped(model)
        self._begin(progress, remarks, threads)
        home = os.path.abspath(folder) if folder is not None else self._folder.name
        os.makedirs(home, exist_ok=True)
        self.path = os.path.join(home, "checkpoint.bin")
        self._graph, self._data = os.path.join(home, f"{type(model).__name__}.onnx"), os.path.join(home, "data.npz")

        if isinstance(loss, type) and issubclass(loss, torch.nn.Module):
            raise TypeError(f"loss: found the class {loss.__name__}, expected one of its objects, such as {loss.__name__}()")
        if getattr(loss, "__module__", "") == "torch.nn.functional" or not (loss is None or isinstance(loss, str) or callable(loss)):
            raise TypeError(
                f"loss: found {getattr(loss, '__name__', repr(loss))}, expected a name such as 'cross-entropy', a loss of torch.nn, or a"
                " function of model and batch")
        if isinstance(loss, torch.nn.Module):
            name = _export.named_loss(loss)
            module = loss
            loss = name if name is not None else lambda model, batch: module(model(batch[0]), batch[1])
        kind = _export.precision(model)
        if not any(p.requires_grad for p in model.parameters()):
            raise ValueError("model: none of its parameters requires a gradient, so there is no θ")
        self._precision = "double" if kind == torch.float64 else None
        found = _cast(leaves(data), kind, torch)
        other = None if test is None else _cast(leaves(test), kind, torch)
        if other is not None:
            check_same(found, other)
        function = loss if callable(loss) else None
        parts = None if function is not None else roles(found, target)
        exported = _export.export(model, found, parts, function, self._graph, batch_size)
        if exported.unused:
            self._remark(
                f"{len(exported.unused)} parameters that the loss does not depend on are no part of θ: "
                + ", ".join(exported.unused[:4]) + ("…" if len(exported.unused) > 4 else ""))

        self._inputs = {i: name for i, name in enumerate(_export.graph_inputs(found.names)) if name in exported.inputs}
        if not self._inputs:
            raise LandscapeError("the loss does not depend on the data; is the batch used?")
        # For other data of the same kind.
        self._structure, self._roles, self._kind = found.structure, parts, kind
        self._shapes_of_data = [value.shape[1:] for value in found.arrays]
        arrays = self._by_name(found)
        if other is not None:
            arrays.update({f"{name}_test": value for name, value in self._by_name(other).items()})
        write_npz(self._data, arrays)
        words_ = ["--data", f"npz:{self._data}", "-o", self.path]
        if parts is not None:
            words_ += ["--target", "labels"]
            if loss is not None:
                words_ += ["--loss", loss]
        else:
            words_ += ["--loss", f"output:{exported.outputs[0]}"]
            if batch_size is not None:
                words_ += ["--batch-size", str(batch_size)]
        for name in exported.trainable:
            words_ += ["--parameters", name]
        self._import = words_
        prediction = ["--prediction", exported.outputs[1]] if parts is None and exported.has_prediction else []
        try:
            call(["import", self._graph, *words_, *prediction], progress=progress, remark=self._remark)
        except LandscapeError:
            if not prediction:
                raise
            call(["import", self._graph, *words_], progress=progress, remark=self._remark)
        self._written_at = mark(self.path)
        # What the program took for constants of the graph.
        varying = {tensor["name"] for tensor in self.info["tensors"] if tensor["role"] in ("parameter", "buffer")}
        self._constants = {name: value for name, value in exported.buffers.items() if name not in varying}
        self._verify(model, found, parts, loss, exported, batch_size, check)

    def _verify(self, model: Any, found: Leaves, parts: Any, loss: Any, exported: Any, batch: Optional[int], check: bool):
        """That θ is the module's, and the loss of a few examples torch's."""
        from . import _export

        if set(self.shapes) != set(exported.trainable):
            differing = sorted(set(self.shapes) ^ set(exported.trainable))
            raise LandscapeError(
                f"θ is not the module's parameters: {', '.join(differing[:4])} differ; please report this with the module")
        if not check or batch is not None:
            return
        examples = min(found.count, 16)
        expected, gradient, remark = _export.torch_loss(model, found, parts, loss, examples)
        if remark:
            self._remark(remark)
        if expected is None or not np.isfinite(expected):
            return
        exact = _export.precision(model).itemsize >= 4
        tolerance = 1e-3 if exact else 5e-2
        result = self._silently(
            lambda: self.evaluate(examples=examples) if gradient is None else self.gradient(examples=examples))
        own = result.loss
        if abs(own - expected) > tolerance * max(abs(expected), 1e-3):
            raise LandscapeError(
                f"the loss of the first {examples} examples is {own:.9g} here and {expected:.9g} by torch; give the loss as a function of"
                " model and batch if another is meant, or check=False")
        if gradient is None:
            return
        parts_ = {name: (float(np.linalg.norm(value - gradient[name])), gradient[name]) for name, value in result.gradient.items()}
        os.unlink(result._files["gradient"])
        difference = np.sqrt(sum(d**2 for d, _ in parts_.values()))
        norm = max(result.gradient_norm, np.sqrt(sum(float(np.linalg.norm(g)) ** 2 for _, g in parts_.values())))
        if difference > (1e-2 if exact else 0.3) * norm + 1e-5 * (1 + abs(expected)):
            self._remark(
                f"the gradient of the first {examples} examples differs from torch's by {100 * difference / norm:.2g} %, most in"
                f" {max(parts_, key=lambda name: parts_[name][0])}: derivatives are those of the loss as it is computed, where torch has"
                " others at detach, no_grad, padding_idx, a backward pass of one's own, and at kinks")

    def _silently(self, action: Callable[[], Any]) -> Any:
        """Without remarks and progress."""
        before = self.remarks, self.progress
        self.remarks, self.progress = False, False
        try:
            return action()
        finally:
            self.remarks, self.progress = before

    def update(self, model: Union["torch.nn.Module", Mapping[str, Any]]) -> "Problem":
        """Takes the weights and buffers that the module has now (or those of a state dictionary); the graph stays.

        Raises `LandscapeError` if a buffer has changed that is a constant of the graph, such as one of whole numbers; and at the
        next analysis if tensors are missing or have other shapes. Returns itself.
        """
        self._check_constants(model)
        path = self._temporary(".safetensors")
        write_safetensors(path, self._tensors(model))
        if self._weights is not None:
            os.unlink(self._weights)
        self._weights = path
        return self

    def _check_constants(self, model: Any):
        from . import _export

        if not isinstance(model, Mapping):
            if not hasattr(model, "named_parameters"):
                raise TypeError(f"model: found {type(model).__name__}, expected the module or its state_dict()")
            model = dict(_export.unwrapped(model).named_buffers())
        for name, value in self._constants.items():
            if name in model and not np.array_equal(array(model[name]), value):
                raise LandscapeError(
                    f"the buffer {name} has changed since the module was exported, and is a constant of its graph; make a new Problem")

    def _tensors(self, model: Any) -> dict[str, Any]:
        if isinstance(model, Mapping):
            return {name: value for name, value in model.items() if name in self._all_names and is_array(value)}
        from . import _export

        found = _export.weights(model)
        return {name: value for name, value in found.items() if name in self._all_names}

    @property
    def _all_names(self) -> set[str]:
        return {tensor["name"] for tensor in self.info["tensors"]}

    def _analysis(self, command: str, given: dict) -> Any:
        self._same_folder()
        return super()._analysis(command, given)

    def _same_folder(self):
        """Raises `LandscapeError` if another problem has been written to the folder since."""
        if mark(self.path) != self._written_at:
            raise LandscapeError(
                f"{os.path.dirname(self.path)} holds another problem by now, or none; give every Problem a folder= of its own")

    def _written(self, data: Any) -> str:
        import torch

        found = _cast(leaves(data), self._kind, torch)
        if isinstance(found.structure, dict) and isinstance(self._structure, dict):  # In the order of the problem's.
            missing = [name for name in self._structure if name not in found.structure]
            if missing:
                raise ValueError(f"data: found no {missing[0]}, expected {', '.join(map(str, self._structure))} as in the problem's data")
            order: list[int] = []
            structure = {name: _renumbered(found.structure[name], order) for name in self._structure}
            found = Leaves([found.arrays[i] for i in order], structure, [found.names[i] for i in order])
        if found.structure != self._structure:
            raise ValueError("data: they have another structure than the problem's, expected the same, such as (X, y)")
        for name, value, shape in zip(found.names, found.arrays, self._shapes_of_data):
            if value.shape[1:] != shape:
                raise ValueError(f"data: {name} has examples of shape {value.shape[1:]}, expected {shape} as in the problem's data")
        path = self._temporary(".npz")
        write_npz(path, self._by_name(found))
        return path

    def _by_name(self, found: Leaves) -> dict[str, np.ndarray]:
        """The arrays that the graph reads, by its names, and the target."""
        arrays = {name: found.arrays[i] for i, name in self._inputs.items()}
        if self._roles is not None:
            arrays["labels"] = found.arrays[self._roles.target]
        return arrays

    def _current(self) -> str:
        self._same_folder()
        if self._weights is None:
            return self.path
        path = self._temporary(".bin")
        call(["import", self._weights, "--model", self._graph, *self._import, "-o", path], progress=False, remark=_ignore)
        return path

    def save(self, path: PathLike) -> str:
        """Writes a checkpoint with the present weights for the command line, and its data beside it as `NAME.npz`.

        Returns the checkpoint's path.
        """
        self._same_folder()
        path = os.fspath(path)
        data = os.path.splitext(path)[0] + ".npz"
        if data == path:
            raise ValueError(f"{path}: its data go to that name; expected one such as {os.path.splitext(path)[0]}.bin")
        copy_file(self._data, data)
        source = self._weights if self._weights is not None else self._graph
        model = ["--model", self._graph] if self._weights is not None else []
        own = [f"npz:{data}" if word == f"npz:{self._data}" else path if word == self.path else word for word in self._import]
        call(["import", source, *model, *own], progress=False, remark=_ignore)
        if os.path.samefile(path, self.path):
            self._written_at = mark(self.path)
        return path


def _renumbered(structure: Any, order: list[int]) -> Any:
    """The structure with indices from `len(order)` on; `order` gets the old ones."""
    if isinstance(structure, dict):
        return {name: _renumbered(part, order) for name, part in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_renumbered(part, order) for part in structure)
    order.append(structure)
    return len(order) - 1


def _cast(found: Leaves, kind: Any, torch: Any) -> Leaves:
    """Real numbers in the module's precision, and whole numbers that the program would take for pixels in wider ones."""
    wanted = np.float64 if kind == torch.float64 else np.float32
    arrays = [
        value.astype(wanted) if np.issubdtype(value.dtype, np.floating)
        else value.astype(np.int64) if np.issubdtype(value.dtype, np.integer) and value.dtype != np.int64
        else value
        for value in found.arrays
    ]
    return Leaves(arrays, found.structure, found.names)
