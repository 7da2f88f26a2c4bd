"""The path of a training and its curvature over time, from the folder that it was tracked in."""
from __future__ import annotations

import glob
import json
import os
import tempfile
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np

from . import _results, _tracked
from ._arrays import copy_file, mark
from ._commands import trajectory
from ._options import PathLike
from ._program import LandscapeError, _Bar, _ignore, run
from ._table import Table

_EIGENVALUE, _RESIDUAL = "hessian.eigenvalues.0", "hessian.residuals.0"


class Trajectory:
    """A training in a folder: one that a `Tracker` filled, or one of the program's own, `train(…, save_every=1)`."""

    def __init__(self, folder: PathLike):
        """Opens the folder. Raises `FileNotFoundError` if it holds no training."""
        self._folder = _tracked.Folder(folder)
        self.folder = self._folder.path
        self._read: dict[str, tuple[Any, dict]] = {}
        self._tracked = os.path.isfile(self._folder.file("tracker.json"))
        if not self._tracked and not self._checkpoints:
            raise FileNotFoundError(
                f"{self.folder} holds no training: expected tracker.json of a Tracker, or checkpoints of train(…, save_every=1)")

    def __repr__(self) -> str:
        return f"Trajectory({self.folder!r})"

    # Numbers.

    @property
    def table(self) -> dict[str, np.ndarray]:
        """What is known of each measured step, by the columns of measures.csv: numbers, NaN where there is none, and `status`."""
        rows = self._rows
        columns = list(dict.fromkeys(name for row in rows.values() for name in row))
        found: dict[str, np.ndarray] = {}
        for name in columns:
            cells = [row.get(name, "") for row in rows.values()]
            found[name] = np.array(cells) if name == "status" else np.array([float(cell or "nan") for cell in cells])
        found["step"] = np.array(list(rows), dtype=np.int64)
        return found

    @property
    def steps(self) -> np.ndarray:
        """The measured steps, in order."""
        return np.array(list(self._rows), dtype=np.int64)

    @property
    def lambda_max(self) -> np.ndarray:
        """The largest eigenvalue of the Hessian at each of `steps`, NaN where it is not known."""
        return self._column(_EIGENVALUE)

    @property
    def residuals(self) -> np.ndarray:
        """‖Hv − λv‖ of each of `lambda_max`: an eigenvalue lies within it."""
        return self._column(_RESIDUAL)

    def measure(
        self, measures: Union[str, Sequence[Any], Mapping[str, Mapping[str, Any]], None] = None, *, threads: Optional[int] = None,
        progress: bool = True, **options: Any,
    ) -> "Trajectory":
        """Measures what is not measured yet, what has failed before, and what was measured with other options, whose numbers the
        new ones replace in `table`.

        Parameters
        ----------
        measures: names, or a dictionary from names to options, as for `Tracker` (default: the tracker's)
        threads: number of threads (default: all processors)
        options: options of all measures

        Returns itself. Raises `LandscapeError` if the folder is being tracked, or if measures failed, after the others.
        """
        if measures is None and not self._tracked:
            raise TypeError("measures: expected names such as ['hessian'], since these checkpoints were not tracked")
        settings = self._folder.settings if self._tracked else {}
        if measures is None:
            plan = settings["measures"]
        else:
            precision = "double" if any("--precision=double" in own for own in settings.get("measures", [])) else None
            plan = _tracked.plan(measures, {"precision": precision, **options})
        wanted = _tracked.names(plan)
        self._folder.lock()
        bar, failed = _Bar("measure") if progress else None, []
        try:
            table = Table(self._folder.table)
            missing = self._missing(wanted, plan)
            for i, (step, source) in enumerate(missing.items()):
                if bar is not None:
                    bar.show(f"step {step}", i, len(missing))
                known = self._folder.known(step) if self._tracked else {}
                row, problems = _tracked.measure(self._folder, source, plan, threads, 0)
                if not problems:  # Numbers of other options do not stay beside the new ones.
                    old = self._folder.rows().get(step, {})
                    row = {**{key: float("nan") for key in old if key.startswith(tuple(f"{name}." for name in wanted))}, **row}
                table.append(_tracked.line(step, known, row, problems))
                if not problems:
                    self._folder.note_options(step, plan)
                for problem in problems:
                    self._folder.fail(step, problem)
                    failed.append((step, problem))
        finally:
            if bar is not None:
                bar.close()
            self._folder.unlock()
        if failed:
            raise LandscapeError(f"{len(failed)} measures failed, see {self._folder.failures}: step {failed[-1][0]}: {failed[-1][1]}")
        return self

    def path(self, points: Union[int, str, tuple[int, int]] = 41, **options: Any) -> _results.Result:
        """The path of the weights over the loss in its principal plane, as `landscape trajectory`, with the same options.

        Of a tracked training those steps count whose weights are kept and finite. Raises `LandscapeError` if there are too few.
        """
        if not self._tracked:
            return trajectory(self.folder, points=points, **options)
        weights = [self._folder.weights(s) for s in self._folder.kept() if self._folder.known(s).get("finite") is not False]
        if not weights:
            raise LandscapeError(f"{self.folder} keeps no weights; expected those of several steps (keep=)")
        settings = self._folder.settings
        data = f"npz:{self._folder.file('data.npz')}"
        if any("--precision=double" in own for own in settings["measures"]):
            options.setdefault("precision", "double")
        with tempfile.TemporaryDirectory(prefix="landscape-") as folder:
            run(
                ["import", *weights, "--model", self._folder.file(settings["graph"]), "--data", data, *settings["import"],
                 "--step", "step-N", "-o", folder + os.sep],
                progress=False, remark=_ignore)
            return trajectory(folder, points=points, **options)

    # Pictures.

    def plot(self, ax: Any = None, **settings: Any) -> Any:
        """Draws λmax over the steps, with its residuals and with the edge of stability where it is known, on matplotlib's axes
        (the current ones by default), and returns these. `settings` are those of `errorbar`."""
        steps, values, residuals = self.steps, self.lambda_max, self.residuals
        if not np.isfinite(values).any():
            raise LandscapeError(f"{self.folder} has no λmax yet; Trajectory.measure('hessian') measures it")
        ax = _results._axes(ax)
        known = np.isfinite(values)
        ax.errorbar(
            steps[known], values[known], yerr=np.nan_to_num(residuals[known]), **{"fmt": "o-", "markersize": 3, "label": "λmax", **settings})
        edge = self._column("stability_edge")
        if np.isfinite(edge).any():
            ax.plot(steps, edge, linestyle="--", color="0.5", label="edge of stability")
        table = self.table
        for step in steps[table["status"] == _tracked.NOT_FINITE] if "status" in table else []:
            ax.axvline(step, color="0.5", linestyle=":", linewidth=1)
        ax.set_xlabel("step")
        ax.set_ylabel("λmax of the Hessian")
        ax.legend()
        return ax

    def save(self, path: PathLike) -> str:
        """Writes λmax over the steps as a picture that matplotlib can write (.png, .svg, .pdf), or the table (.csv), and returns
        the path."""
        path = os.fspath(path)
        if path.endswith(".csv") and os.path.isfile(self._folder.table):
            copy_file(self._folder.table, path)
            return path
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        self.plot(figure.add_subplot())
        figure.savefig(path, dpi=144)
        return path

    # Where it comes from.

    @property
    def _checkpoints(self) -> list[str]:
        return sorted(glob.glob(os.path.join(glob.escape(self.folder), "*.bin")))

    @property
    def _rows(self) -> dict[int, dict[str, str]]:
        found = self._folder.rows()
        if not self._tracked:
            for step, row in self._history.items():
                found[step] = {**row, **found.get(step, {})}
        return dict(sorted(found.items()))

    @property
    def _infos(self) -> dict[str, dict]:
        """What the program says of each checkpoint, asked anew where a file is another."""
        marks = {path: mark(path) for path in self._checkpoints}
        self._read = {
            path: self._read[path] if path in self._read and self._read[path][0] == own
            else (own, json.loads(run(["info", path, "--json"], progress=False)))
            for path, own in marks.items()}
        return {path: info for path, (_, info) in self._read.items()}

    @property
    def _history(self) -> dict[int, dict[str, str]]:
        """What the program's own training has recorded."""
        records = [info.get("metadata", {}) for info in self._infos.values()]
        last = max(records, key=lambda record: record.get("step", 0))
        names = {"lambda_max": _EIGENVALUE, "lambda_residual": _RESIDUAL, "gradient_norm": "gradient.gradient_norm"}
        found = {}
        for record in last.get("history") or []:
            own = {name: value for name, value in record.items() if isinstance(value, (int, float))}
            own.update({names.get(name, name): value for name, value in (record.get("measures") or {}).items()})
            found[record["step"]] = {name: repr(value) for name, value in own.items() if value is not None}
        return found

    def _missing(self, wanted: Sequence[str], plan: _tracked.Plan) -> dict[int, list[str]]:
        """Words for the weights of each step that lacks one of the measures, or has it with other options."""
        options, own = self._folder.options, self._folder.settings["measures"] if self._tracked else []

        def differs(step: int) -> bool:
            return any(
                options.get(name, {}).get(str(step), _tracked.wording(own, name)) != _tracked.wording(plan, name) for name in wanted)

        data = f"--data=npz:{self._folder.file('data.npz')}"
        if self._tracked:
            checkpoint = self._folder.file("checkpoint.bin")
            missing = {*self._folder.missing(wanted, failed=True)}
            finite = [step for step in self._folder.kept() if self._folder.known(step).get("finite") is not False]
            missing |= {step for step in finite if differs(step)}
            return {step: [checkpoint, "--weights", self._folder.weights(step), data] for step in sorted(missing)}
        rows = self._folder.rows()
        steps = {info["metadata"]["step"]: [path] for path, info in sorted(self._infos.items(), reverse=True)}
        return {
            step: source for step, source in sorted(steps.items())
            if differs(step) or not _tracked.has(rows.get(step, {}), wanted)}

    def _column(self, name: str) -> np.ndarray:
        table = self.table
        return table.get(name, np.full(len(table["step"]), np.nan))
