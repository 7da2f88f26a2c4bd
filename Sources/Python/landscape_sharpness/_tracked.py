"""The folder of a tracked training, and the measures that its weights get."""
from __future__ import annotations

import json
import os
import re
import time
import uuid
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union

from . import _results, _table
from ._arrays import copy_file, read_metadata
from ._commands import OPTIONS
from ._options import words
from ._program import LandscapeError, _ignore, run

NAMES = ("evaluate", "gradient", "hessian", "sharpness", "slice")
Plan = list[list[str]]


def plan(measures: Any, shared: Mapping[str, Any]) -> Plan:
    """The runs of `landscape measure` that give the measures: the words of each.

    Parameters
    ----------
    measures: their names; or a dictionary from names to options by the names of `Checkpoint`'s methods
    shared: options of all of them

    Measures on other data, or in other arithmetic, than the rest are a run of their own. Raises `ValueError` for an unknown
    name and `TypeError` for an unknown option.
    """
    asked: dict[str, dict] = {}
    for part in [measures] if isinstance(measures, (str, Mapping)) else list(measures):
        asked.update({name: dict(own) for name, own in part.items()} if isinstance(part, Mapping) else {part: {}})
    if not asked:
        raise ValueError("measures: found none, expected names of " + ", ".join(NAMES))
    runs: dict[tuple, list[tuple[str, list[str]]]] = {}
    for name, own in asked.items():
        if name not in NAMES:
            raise ValueError(f"measures: found {name!r}, expected names of {', '.join(NAMES)}")
        for option in own:
            if option.startswith("save") or option in ("along", "resume", "threads"):
                raise TypeError(f"measures: {name} takes no {option} while a training is tracked")
        own = {**shared, **own}
        common = {option: value for option, value in own.items() if option in OPTIONS["evaluate"]}
        others = {option: value for option, value in own.items() if option not in common}
        key = tuple(words(name, common))
        runs.setdefault(key, []).append((name, words(name, others)))
    return [
        ["--measures=" + ",".join(name for name, _ in parts), *key, *(word for _, own in parts for word in own)]
        for key, parts in runs.items()
    ]


def names(plan: Plan) -> list[str]:
    """The measures of a plan."""
    return [name for run_ in plan for name in run_[0].split("=", 1)[1].split(",")]


def wording(plan: Plan, name: str) -> list[str]:
    """The options that a measure has in a plan."""
    flags = {flag for flag, _, _ in OPTIONS[name].values()}
    return sorted(word for run_ in plan if name in names([run_]) for word in run_[1:] if word.partition("=")[0] in flags)


def has(row: Mapping, wanted: Iterable[str]) -> bool:
    """Whether a row has numbers of all these measures."""
    return all(any(key.startswith(name + ".") for key in row) for name in wanted)


class Folder:
    """Where a training is tracked:

        NAME.onnx, data.npz, checkpoint.bin    the problem
        tracker.json                            what is measured, and how
        weights/step-00000100.safetensors       weights of each step, with its epoch, loss and learning rate as metadata
        measures.csv                            one line a step
        failures.log                            what could not be measured, and why
        options.json                            options of measures that were not taken with those of tracker.json
    """

    def __init__(self, path: Union[str, os.PathLike]):
        self.path = os.path.abspath(os.fspath(path))
        self.table, self.failures = self.file("measures.csv"), self.file("failures.log")
        self._lock: Any = None

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def weights(self, step: int) -> str:
        return os.path.join(self.path, "weights", f"step-{step:08d}.safetensors")

    def kept(self) -> list[int]:
        """Steps whose weights are here, in order."""
        try:
            found = os.listdir(self.file("weights"))
        except FileNotFoundError:
            return []
        return sorted(int(match[1]) for name in found if (match := re.fullmatch(r"step-(\d+)\.safetensors", name)))

    def rows(self) -> dict[int, dict[str, str]]:
        """What is known of each step, in order: the cells of all its lines, of which a later one goes before."""
        found: dict[int, dict[str, str]] = {}
        for row in _table.rows(self.table):
            if (row.get("step") or "").lstrip("-").isdigit():
                found.setdefault(int(row["step"]), {}).update({k: v for k, v in row.items() if k and v})
        return dict(sorted(found.items()))

    def missing(self, wanted: Iterable[str], failed: bool) -> list[int]:
        """Steps with weights that lack one of these measures; also those that have failed before, if asked."""
        rows = self.rows()

        def lacks(step: int) -> bool:
            row = rows.get(step, {})
            if row.get("status") == NOT_FINITE or (not failed and row.get("status", "").startswith(FAILED)):
                return False
            return not has(row, wanted)

        return [step for step in self.kept() if lacks(step)]

    def known(self, step: int) -> dict:
        """Epoch, loss and learning rate that were kept with the weights of a step."""
        return json.loads(read_metadata(self.weights(step)).get("landscape", "{}"))

    @property
    def settings(self) -> dict:
        with open(self.file("tracker.json"), encoding="utf-8") as file:
            return json.load(file)

    def write_settings(self, settings: Mapping):
        self._write("tracker.json", settings)

    @property
    def options(self) -> dict:
        """Options of measures by name and step, where `note_options` has noted them."""
        if not os.path.isfile(self.file("options.json")):
            return {}
        with open(self.file("options.json"), encoding="utf-8") as file:
            return json.load(file)

    def note_options(self, step: int, plan: Plan):
        """Notes with which options a step was measured."""
        found = self.options
        for name in names(plan):
            found.setdefault(name, {})[str(step)] = wording(plan, name)
        self._write("options.json", found)

    def _write(self, name: str, value: Mapping):
        temporary = self.file(f"{name}.{os.getpid()}.part")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        os.replace(temporary, self.file(name))

    def lock(self):
        """Keeps other processes from writing here until `unlock`, or until this process ends. Raises `LandscapeError` if one does."""
        import fcntl

        os.makedirs(self.path, exist_ok=True)
        file = open(self.file("lock"), "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip()
            file.close()
            raise LandscapeError(
                f"{self.path} is being tracked{f' by process {owner}' if owner else ''}; take another folder, or wait until it has"
                " ended") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._lock = file
        for name in os.listdir(self.path):  # Of a process that was killed.
            if re.fullmatch(r"(measures|tracker|options|data|checkpoint)\..*\.part|.*\.onnx.*\.part|checkpoint\.measure-.*\.unfinished|measure-\w+\.json", name):
                os.unlink(self.file(name))
        for name in os.listdir(self.file("weights")) if os.path.isdir(self.file("weights")) else []:
            if name.endswith(".part"):
                os.unlink(os.path.join(self.file("weights"), name))

    def unlock(self):
        import fcntl

        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            self._lock.close()
            self._lock = None

    def fail(self, step: Optional[int], problem: Any):
        """Notes what went wrong."""
        text = " ".join(str(problem).split()) or type(problem).__name__
        try:
            with open(self.failures, "a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} step {'–' if step is None else step}: {text}\n")
        except OSError:  # A full disk is no reason to stop a training.
            pass

    def set_aside(self, step: int) -> Optional[str]:
        """Moves what is here of this step and later ones, of a training that now takes another way, to a folder of its own."""
        rows = _table.rows(self.table)
        later = [row for row in rows if int(row["step"]) >= step]
        weights = [self.weights(s) for s in self.kept() if s >= step]
        if not later and not weights:
            return None
        number = 1
        while os.path.exists(aside := self.file(f"superseded-{number}")):
            number += 1
        os.makedirs(os.path.join(aside, "weights"))
        if later:
            columns = _table.Table(self.table).columns
            _table.write(os.path.join(aside, "measures.csv"), later, columns)
            _table.write(self.table, [row for row in rows if int(row["step"]) < step], columns)
        for path in weights:
            os.replace(path, os.path.join(aside, "weights", os.path.basename(path)))
        return aside

    def adopt(self, problem: Any):
        """Copies the problem here. Raises `ValueError` if another one is tracked here."""
        os.makedirs(self.file("weights"), exist_ok=True)
        if os.path.exists(self.file("tracker.json")):
            tensors = {t["name"]: [t["shape"], t["role"]] for t in problem.info["tensors"]}
            if self.settings["tensors"] != tensors or not _same_data(problem._data, self.file("data.npz")):
                raise ValueError(
                    f"{self.path} tracks another problem: its {'weights' if self.settings['tensors'] != tensors else 'data'} differ;"
                    " take another folder")
            return
        home = os.path.dirname(problem._graph)
        for name in sorted(os.listdir(home)):
            if name in ("data.npz", "checkpoint.bin") or name.startswith(os.path.basename(problem._graph)):
                source, target = os.path.join(home, name), self.file(name)
                if not (os.path.exists(target) and os.path.samefile(source, target)):
                    copy_file(source, target)


NOT_FINITE, FAILED = "weights not finite", "failed"
# What is the same in all rows, and the single starts of a search.
_DETAIL = re.compile(r"(^|\.)(seed|examples|weight_decay_in_loss)$|\.(starts|restarts)\.")


def _same_data(a: str, b: str) -> bool:
    import zipfile

    if os.path.exists(b) and os.path.samefile(a, b):
        return True
    with zipfile.ZipFile(a) as first, zipfile.ZipFile(b) as second:
        return [(i.filename, i.CRC, i.file_size) for i in first.infolist()] == [
            (i.filename, i.CRC, i.file_size) for i in second.infolist()]


def measure(
    folder: Folder, source: Sequence[str], runs: Plan, threads: Optional[int], nice: int, started: Optional[Callable] = None,
) -> tuple[dict, list[str]]:
    """Takes the measures of one step.

    Parameters
    ----------
    source: words for checkpoint, weights and data
    started: gets each process

    Returns the numbers, and what failed.
    """
    row: dict = {}
    problems: list[str] = []
    begin = time.monotonic()
    # A name of its own: of a training that was killed, a process may still write its result.
    out = folder.file(f"measure-{uuid.uuid4().hex}.json")
    for own in runs:
        data = [] if any(word.startswith("--data=") for word in own) else [w for w in source if w.startswith("--data=")]
        rest = [word for word in source if not word.startswith("--data=")]
        limit = ["--threads", str(threads)] if threads is not None else []
        if os.path.exists(out):
            os.unlink(out)
        try:
            run(
                ["measure", *rest, *data, *own, *limit, "-o", out, "--json"], progress=False, remark=_ignore, nice=nice,
                started=started)
        except LandscapeError as error:
            problems.append(str(error))
            if not os.path.exists(out):
                continue
        try:  # Also where some of its measures failed.
            found = _results.result(_results.read(out), None, {}, {}).to_dict()
            row = {**{name: value for name, value in found.items() if not _DETAIL.search(name)}, **row}
        except (OSError, ValueError) as error:
            problems.append(f"{out} is no result of measure: {error}")
    row["seconds"] = time.monotonic() - begin
    return row, problems


def line(step: int, known: Mapping, row: Mapping, problems: Sequence[str]) -> dict:
    """A line of measures.csv."""
    status = f"{FAILED}: {'; '.join(problems)}" if problems else NOT_FINITE if known.get("finite") is False else "ok"
    first = {"step": step, **{name: known.get(name) for name in ("epoch", "train_loss", "lr", "stability_edge")}, "status": status}
    return {**first, **row}
