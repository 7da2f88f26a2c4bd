"""Results of analyses: dataclasses of NumPy's arrays, which draw themselves."""
from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Optional, Union

import numpy as np

from ._arrays import copy_file
from ._program import _ignore, run

if TYPE_CHECKING:
    from ._problem import Checkpoint


class Record(dict):
    """A JSON object whose values are attributes, too; lists of numbers are arrays, and null among numbers is NaN."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name} here, only {', '.join(self)}") from None


def _convert(value: Any) -> Any:
    if isinstance(value, dict):
        return Record({name: _convert(part) for name, part in value.items()})
    if isinstance(value, list):
        if value and all(isinstance(part, dict) for part in value):
            return [_convert(part) for part in value]
        if all(isinstance(part, (int, float, list, type(None))) for part in value):
            try:
                return np.array(_numbers(value), dtype=float)
            except ValueError:  # Rows of different lengths.
                return [_convert(part) for part in value]
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    return np.nan if value is None else value


@dataclass
class Estimate:
    """A number that was estimated by drawing, with its error. For several ρ, an array of each."""

    value: Any
    standard_error: Any = None
    interval95: Any = None  # [low, high]


@dataclass
class WorstCase:
    """The loss within a radius, as increases over the loss at θ. For several ρ, an array of each. See docs/definitions.md."""

    lower_bound: Any = None  # The largest increase found: the true worst case is at least this.
    one_step: Any = None  # At the one step that SAM takes.
    first_order: Any = None  # What the gradient alone says of that: ρ‖g‖.
    estimate: Any = None  # ρ‖g‖ + ½ρ²λmax; it bounds the quadratic model, not the loss.
    quadratic_model: Any = None  # The exact maximum of the quadratic model.
    largest_eigenvalue: Any = None
    epsilon_norm: Any = None
    standard_error: Any = None  # Over the batches of m-sharpness.
    interval95: Any = None


@dataclass
class Density:
    """The spectral density: y(x), with standard errors."""

    x: np.ndarray
    y: np.ndarray
    standard_error: Optional[np.ndarray] = None
    sigma: Optional[float] = None  # Width of the kernel.
    outliers: Optional[np.ndarray] = None


_PARTS = {"trace": Estimate, "frobenius": Estimate, "average_case": Estimate, "worst_case": WorstCase, "density": Density}


def _part(name: str, value: Any) -> Any:
    kind = _PARTS.get(name)
    if kind is None or not isinstance(value, dict):
        return value
    return kind(**{f.name: value[f.name] for f in fields(kind) if f.name in value})


@dataclass
class Result:
    """What one command found. `json` holds all of it, by the keys of docs/definitions.md; every key is an attribute, too."""

    command: str = ""
    loss: Any = None  # The mean loss at θ.
    accuracy: Any = None
    weight_norm: Optional[float] = None  # ‖θ‖₂
    seconds: Optional[float] = None
    json: dict = field(default_factory=dict, repr=False)
    _source: Any = field(default=None, repr=False)
    _files: dict = field(default_factory=dict, repr=False)
    _style: dict = field(default_factory=dict, repr=False)

    @classmethod
    def _of(cls, found: Mapping, **own: Any) -> "Result":
        values = {name: _part(name, _convert(value)) for name, value in cls._keys(found).items()}
        known = {f.name for f in fields(cls) if not f.name.startswith("_") and f.name != "json"}
        return cls(**{name: value for name, value in values.items() if name in known}, json=dict(found), **own)

    @classmethod
    def _keys(cls, found: Mapping) -> Mapping:
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "json" or name not in self.json:
            raise AttributeError(f"this result has no {name}; it has {', '.join(k for k in self.__dict__.get('json', {}))}")
        return _part(name, _convert(self.json[name]))

    def to_dict(self) -> dict[str, Union[int, float, bool, None]]:
        """All single numbers by their names in the program's `--key`, such as `trace.value` or `eigenvalues.0`: a row of a
        DataFrame, or what a logger takes. Lists of more than 20 numbers are left out."""
        return dict(_flat(self.json, ""))

    # Pictures.

    def save(self, path: Union[str, os.PathLike], **style: Any) -> str:
        """Writes the result to a file and returns its path: a picture (.png, .svg, .pdf, .eps, .pgf), or the data (.json, .npz).

        `style` takes the options of pictures by their names on the command line, such as `width="3.25in"`, `theme="dark"`,
        `in_3d=True`. Raises `LandscapeError` if the result has no picture.
        """
        path = os.fspath(path)
        suffix = os.path.splitext(path)[1]
        if suffix in self._files:
            copy_file(self._files[suffix], path)
            return path
        from ._options import words

        if suffix == ".npz":
            raise ValueError(f"{path}: the {self.command} has no arrays on a grid; expected a name in .json, or one of a picture")
        drawn = self._files.get(".npz") or self._files.get(".json")
        if drawn is None:
            raise ValueError(f"{path}: the {self.command} has kept no data to draw")
        run(["plot", drawn, "-o", path, *words("plot", {**self._style, **style})], progress=False, remark=_ignore)
        return path

    def _picture(self, suffix: str) -> Optional[bytes]:
        if not self._files:
            return None
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            try:
                with open(self.save(os.path.join(folder, "picture" + suffix)), "rb") as file:
                    return file.read()
            except Exception:  # A result without a picture is shown as its numbers.
                return None

    def _repr_svg_(self) -> Optional[str]:
        found = self._picture(".svg")
        # Without where it comes from: a cell's picture names no files of this machine.
        return None if found is None else re.sub(r"<metadata>.*?</metadata>\s*", "", found.decode(), flags=re.S)

    def _repr_html_(self) -> str:
        import html

        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(name)}</td><td>{value:.6g}</td></tr>"
            for name, value in _flat(self.json, "") if isinstance(value, (int, float)) and not isinstance(value, bool))
        picture = self._repr_svg_() or ""
        return f"<div>{picture}<details><summary>{html.escape(self.command)}: numbers</summary><table>{rows}</table></details></div>"

    # Vectors.

    def _array(self, name: str) -> np.ndarray:
        path = self._files.get(name)
        if path is None:
            raise AttributeError(f"the {self.command} has kept no {name}; ask for it with {_ASKED.get(name, name + '=True')}")
        return np.load(path, mmap_mode="r")

    def _vector(self, name: str) -> Any:
        values = self._array(name)
        return [self._source.unflatten(row) for row in values] if values.ndim == 2 else self._source.unflatten(values)


_ASKED = {
    "eigenvectors": "save_vectors=True", "epsilon": "save_epsilon=True", "product": "save_product=True",
    "diagonal_by_parameter": "diagonal=True, save_diagonal=True", "example_norms": "by_example=True, save_norms=True"}


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name not in ("provenance", "figure"):
                yield from _flat(part, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        if len(value) <= 20:
            for i, part in enumerate(value):
                yield from _flat(part, f"{place}.{i}")
    elif value is None or isinstance(value, (int, float, bool)):
        yield place, value


@dataclass
class Evaluation(Result):
    """Loss and accuracy."""


@dataclass
class Gradient(Result):
    """The norm of the gradient, whole and by tensor (`layers`); `gradient` is the vector itself by parameter."""

    gradient_norm: Optional[float] = None
    layers: list = field(default_factory=list)

    @property
    def gradient(self) -> dict[str, np.ndarray]:
        """∇L in the module's shapes, by parameter name."""
        return self._vector("gradient")

    @property
    def example_norms(self) -> np.ndarray:
        """The norm of every example's own gradient, in the data's order. Asked for with `by_example=True, save_norms=True`."""
        return self._array("example_norms")


@dataclass
class Hessian(Result):
    """Eigenvalues with residuals, and whatever else was asked for."""

    eigenvalues: Optional[np.ndarray] = None  # The largest, in descending order.
    residuals: Optional[np.ndarray] = None  # ‖Hv − λv‖: an eigenvalue of H lies within it of each.
    eigenvalues_low: Optional[np.ndarray] = None
    residuals_low: Optional[np.ndarray] = None
    converged: Optional[bool] = None
    products: Optional[int] = None  # Hessian–vector products taken.
    trace: Optional[Estimate] = None
    frobenius: Optional[Estimate] = None
    density: Optional[Density] = None
    layers: list = field(default_factory=list)

    @property
    def eigenvectors(self) -> list[dict[str, np.ndarray]]:
        """The largest eigenvectors, each by parameter name in the module's shapes. Asked for with `save_vectors=True`."""
        return self._vector("eigenvectors")

    @property
    def product(self) -> dict[str, np.ndarray]:
        """Hv of `along`, by parameter name. Asked for with `save_product=True`."""
        return self._vector("product")

    @property
    def diagonal_by_parameter(self) -> dict[str, np.ndarray]:
        """diag H by parameter name. Asked for with `diagonal=True, save_diagonal=True`."""
        return self._vector("diagonal_by_parameter")

    def plot(self, ax: Any = None, **settings: Any) -> Any:
        """Draws density or eigenvalues on matplotlib's axes (the current ones by default), and returns these."""
        ax = _axes(ax)
        if self.density is not None:
            ax.plot(self.density.x, self.density.y, **settings)
            ax.set_yscale("log")
            ax.set_xlabel("eigenvalue λ")
            ax.set_ylabel("density")
        elif self.eigenvalues is None:
            raise ValueError("the hessian has neither eigenvalues nor a density to draw")
        else:
            ax.errorbar(
                np.arange(1, len(self.eigenvalues) + 1), self.eigenvalues, yerr=self.residuals, **{"fmt": "o", **settings})
            ax.set_xlabel("index")
            ax.set_ylabel("eigenvalue λ")
        return ax


@dataclass
class Slice(Result):
    """The loss along one direction or over a plane through θ."""

    loss: Any = None  # Of each point: [alpha], or [beta][alpha].
    accuracy: Any = None  # The same shape.
    alpha: Optional[np.ndarray] = None
    beta: Optional[np.ndarray] = None
    center: Optional[float] = None  # L(θ), computed apart from the grid.
    curvature_hvp: Any = None  # dᵀHd, by an exact product.
    curvature_grid: Any = None  # The same from differences of the grid.

    @classmethod
    def _keys(cls, found: Mapping) -> Mapping:
        return {**found, "loss": found.get("values"), "accuracy": found.get("accuracies")}

    @property
    def directions(self) -> list[dict[str, np.ndarray]]:
        """The one or two directions, by parameter name in the module's shapes."""
        with np.load(self._files[".npz"]) as file:
            return [self._source.unflatten(file[name]) for name in ("direction_1", "direction_2") if name in file.files]

    def plot(self, ax: Any = None, **settings: Any) -> Any:
        """Draws the curve, or the contours of the plane, on matplotlib's axes (the current ones by default), and returns these."""
        ax = _axes(ax)
        ax.set_xlabel("α")
        if self.loss.ndim == 2:
            ax.contourf(self.alpha, self.beta, self.loss, **{"levels": 20, **settings})
            ax.set_ylabel("β")
        else:
            ax.plot(self.alpha, self.loss, **settings)
            ax.set_ylabel("loss")
        return ax


@dataclass
class Sharpness(Result):
    """How much the loss rises within a radius. For several ρ, every number is an array over them."""

    rho: Any = None
    worst_case: Optional[WorstCase] = None
    average_case: Optional[Estimate] = None
    gradient_norm: Optional[float] = None
    keskar: Any = None  # In percent.

    @classmethod
    def _keys(cls, found: Mapping) -> Mapping:
        curve = found.get("curve")
        if not curve:
            return found
        gathered = dict(found)
        for name in ("worst_case", "average_case"):
            points = [point[name] for point in curve if name in point]
            if len(points) == len(curve):
                gathered[name] = {
                    key: [point.get(key) for point in points]
                    for key in points[0] if isinstance(points[0][key], (int, float, list)) and key not in ("restarts", "starts")}
        return gathered

    @property
    def epsilon(self) -> dict[str, np.ndarray]:
        """The best ε, by parameter name in the module's shapes. Asked for with `save_epsilon=True`, for one ρ."""
        return self._vector("epsilon")

    def plot(self, ax: Any = None, **settings: Any) -> Any:
        """Draws the increase over ρ on matplotlib's axes (the current ones by default), and returns these."""
        ax = _axes(ax)
        rho = np.atleast_1d(self.rho)
        if self.worst_case is not None:
            ax.plot(rho, np.atleast_1d(self.worst_case.lower_bound), **{"marker": "o", "label": "worst case, at least", **settings})
        if self.average_case is not None:
            ax.errorbar(
                rho, np.atleast_1d(self.average_case.value), yerr=np.atleast_1d(self.average_case.standard_error),
                **{"marker": "o", "label": "average case", **settings})
        ax.set_xlabel("ρ")
        ax.set_ylabel("increase of the loss")
        ax.legend()
        return ax


@dataclass
class Measures(Result):
    """Several measures of the same weights, each under its own name."""

    evaluate: Optional[Evaluation] = None
    gradient: Optional[Gradient] = None
    hessian: Optional[Hessian] = None
    sharpness: Optional[Sharpness] = None
    slice: Optional[Slice] = None


KINDS = {"evaluate": Evaluation, "gradient": Gradient, "hessian": Hessian, "slice": Slice, "sharpness": Sharpness}


def _axes(ax: Any) -> Any:
    if ax is None:
        import matplotlib.pyplot

        ax = matplotlib.pyplot.gca()
    return ax


def result(found: Mapping, source: Optional["Checkpoint"], files: dict, style: dict) -> Result:
    """The result of a command's JSON object."""
    own = {"_source": source, "_files": files, "_style": style}
    if found.get("command") == "measure":
        parts = {}
        for name, kind in KINDS.items():
            if isinstance(found.get(name), Mapping):
                parts[name] = kind._of({"command": name, **found[name]}, _source=source, _files=files if name == "slice" else {})
        whole = {key: value for key, value in found.items() if key not in KINDS}
        values = {f.name: _convert(whole[f.name]) for f in fields(Result) if f.name in whole and not f.name.startswith("_")}
        return Measures(**values, **parts, json=dict(found), **own)
    return KINDS.get(found.get("command", ""), Result)._of(found, **own)


def read(path: str) -> dict:
    """A result's JSON object."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)
