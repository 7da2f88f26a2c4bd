"""Commands on several checkpoints, or on none."""
from __future__ import annotations

import json
import os
from typing import Any

from . import _results
from ._options import call as run_call
from ._options import style_words, words
from ._problem import Checkpoint, Folder, checkpoint_path
from ._program import _print


def call(command: str, given: dict) -> Any:
    """Runs a command of `_commands.FUNCTIONS`, with its parameters by name."""
    given = dict(given)
    given.pop("call", None)
    if command == "train":
        o = os.fspath(given.pop("o"))
        run_call(["train", *words(command, given, _file), "-o", o], True, _print)
        return Checkpoint(o)
    if given.get("precision") is None and "precision" in given:
        given["precision"] = next(
            (part._precision for part in given.get("checkpoints", ()) if isinstance(part, Checkpoint) and part._precision), None)
    style = dict(given.pop("style", {}))
    sources = [checkpoint_path(part) for part in given.pop("checkpoints", ())]
    sources += [checkpoint_path(given.pop(name)) for name in ("reference", "checkpoint") if name in given]
    if "surface" in given:
        surface = given.pop("surface")
        sources.append(surface._files.get(".npz", "") if isinstance(surface, _results.Result) else os.fspath(surface))
    if "folder" in given:
        sources.append(os.fspath(given.pop("folder")))
        sources += [os.fspath(other) for other in given.pop("others", ())]
    if not sources:
        raise TypeError(f"{command}: no checkpoint was given")
    if command == "report":
        o = os.fspath(given.pop("o"))
        run_call(["report", *sources, *words(command, given, _file), "-o", o], True, _print)
        return os.path.join(o, "index.html")
    if command in ("align", "average"):
        o, home = given.pop("o"), Folder()
        o = os.path.join(home.name, command + ".bin") if o is None else os.fspath(o)
        found = json.loads(run_call([command, *sources, *words(command, given, _file), "-o", o, "--json"], True, _print))
        checkpoint = Checkpoint(o)
        # A file without a name of its own goes with the checkpoint.
        checkpoint.found, checkpoint._home = _results.result(found, None, {}, {}), home
        return checkpoint
    folder = Folder()
    files = {".json": os.path.join(folder.name, "result.json")}
    out = ["-o", files[".json"]]
    if command in ("interpolate", "trajectory", "compare"):
        files[".npz"] = os.path.join(folder.name, "result.npz")
        out += ["-o", files[".npz"]]
    run_call([command, *sources, *words(command, given, _file), *style_words(command, style), *out, "--json"], True, _print)
    found = _results.result(_results.read(files[".json"]), None, files, style)
    found._folder = folder
    return found


def _file(kind: str, value: Any) -> str:
    if kind == "checkpoint":
        return checkpoint_path(value)
    raise TypeError(f"found {type(value).__name__}, expected a string, such as npz:data.npz")
