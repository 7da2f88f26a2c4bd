"""Commands on several checkpoints, or on none."""
from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from . import _results
from ._options import words
from ._problem import Checkpoint, checkpoint_path
from ._program import run


def call(command: str, given: dict) -> Any:
    """Runs a command of `_commands.FUNCTIONS`, with its parameters by name."""
    given = dict(given)
    given.pop("call", None)
    if command == "train":
        o = os.fspath(given.pop("o"))
        run(["train", *words(command, given, _file), "-o", o])
        return Checkpoint(o)
    style = dict(given.pop("style", {}))
    sources = [checkpoint_path(part) for part in given.pop("checkpoints", ())]
    if "folder" in given:
        sources.append(os.fspath(given.pop("folder")))
    if not sources:
        raise TypeError(f"{command}: no checkpoint was given")
    first = None
    if command == "report":
        o = os.fspath(given.pop("o"))
        run(["report", *sources, *words(command, given, _file), "-o", o])
        return os.path.join(o, "index.html")
    folder = tempfile.TemporaryDirectory(prefix="landscape-")
    files = {".json": os.path.join(folder.name, "result.json")}
    out = ["-o", files[".json"]]
    if command in ("interpolate", "trajectory", "compare"):
        files[".npz"] = os.path.join(folder.name, "result.npz")
        out += ["-o", files[".npz"]]
    run([command, *sources, *words(command, given, _file), *_scale(command, style), *out, "--json"])
    found = _results.result(_results.read(files[".json"]), None, files, style)
    found._folder = folder
    return found


def _scale(command: str, style: dict) -> list[str]:
    words(command, style)
    return words(command, {name: style[name] for name in ("scale", "log") if name in style})


def _file(kind: str, value: Any) -> str:
    if kind == "checkpoint":
        return checkpoint_path(value)
    raise TypeError(f"found {type(value).__name__}, expected a string, such as npz:data.npz")
