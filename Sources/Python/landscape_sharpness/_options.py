"""Values of options as the program's words."""
from __future__ import annotations

import os
import re
from typing import Any, Callable, Mapping, Optional, Sequence, Union

import numpy as np

from ._arrays import is_array
from ._commands import OPTIONS
from ._program import LandscapeError, run

PathLike = Union[str, os.PathLike]
# A specification such as "npz:data.npz", or arrays, a Dataset or a DataLoader.
Data = Any
# A vector of θ's length: an .npy file, an array, or arrays by parameter name in the module's shapes.
Vector = Union[PathLike, np.ndarray, Mapping[str, Any]]
# A rule such as "random" or "eigen", one vector or two, or ("to", checkpoint[, checkpoint]).
Directions = Union[str, Vector, Sequence[Any]]


def words(command: str, given: Mapping[str, Any], file: Optional[Callable[[str, Any], str]] = None) -> list[str]:
    """The options of a command.

    Parameters
    ----------
    command: the command
    given: values by parameter name; what is None, False or the default says nothing
    file: writes a value of an option (its kind, and the value) to a file, and gives its path

    Raises `TypeError` for an option that the command does not have, or a value that it cannot take.
    """
    options = OPTIONS[command]
    found: list[str] = []
    for name, value in given.items():
        if name not in options:
            from difflib import get_close_matches

            close = get_close_matches(name, options, 1)
            raise TypeError(
                f"{command} has no option {name}" + (f"; did you mean {close[0]}?" if close else f"; it has {', '.join(options)}"))
        flag, kind, default = options[name]
        value = _plain(value)
        if kind == "flag" and not (value is None or isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1))):
            raise TypeError(f"{name}: found {value!r}, expected True or False")
        if value is None or (kind == "flag" and not value) or (value is default) or (kind != "data" and _is_equal(value, default)):
            continue
        if kind == "flag":
            found.append(flag)
        else:
            # One word, so that a value may begin with a minus.
            found.append(f"{flag}={_word(name, kind, value, file)}")
    return found


def style_words(command: str, style: Mapping[str, Any]) -> list[str]:
    """Of the options of a command's pictures those that its work depends on. All are checked, and not only when a picture is drawn."""
    words(command, style)
    return words(command, {name: style[name] for name in ("scale", "log") if name in style})


def _is_equal(value: Any, default: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value == default


def _plain(value: Any) -> Any:
    """An array or tensor of one number and no axes as that number."""
    return value.item() if is_array(value) and getattr(value, "ndim", 0) == 0 else value


def _number(value: Any) -> str:
    value = _plain(value)
    return repr(value.item()) if isinstance(value, np.generic) else repr(value) if isinstance(value, float) else str(value)


def _list(value: Any) -> list:
    several = isinstance(value, (tuple, list, range)) or (is_array(value) and getattr(value, "ndim", 0))
    return list(value) if several else [value]


def _word(name: str, kind: str, value: Any, file: Optional[Callable[[str, Any], str]]) -> str:
    if kind == "directions" and file is not None and (
            isinstance(value, os.PathLike) or (isinstance(value, str) and value.endswith(".npy") and ":" not in value.split("/")[0])):
        return file(kind, value)
    if kind in ("data", "vector", "directions", "checkpoint", "output"):
        if isinstance(value, str) or (isinstance(value, os.PathLike) and kind != "output"):
            return os.fspath(value)
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if file is None:
            raise TypeError(f"{name}: found {type(value).__name__}, expected a string")
        return file(kind, value)
    if kind == "numbers":
        return ",".join(_number(part) for part in _list(value)) if not isinstance(value, str) else value
    if kind == "list":
        return value if isinstance(value, str) else ",".join(value)
    if kind == "range" and not isinstance(value, str):
        if len(_list(value)) != 2:
            raise TypeError(f"{name}: found {value!r}, expected two numbers, such as (-1, 1)")
        low, high = _list(value)
        return f"{_number(low)}:{_number(high)}"
    if kind == "points" and not isinstance(value, (str, bool)):
        if any(isinstance(part, (str, bool)) or int(part) != part for part in _list(value)):
            raise TypeError(f"{name}: found {value!r}, expected whole numbers, such as 51 or (51, 41)")
        return "x".join(str(int(part)) for part in _list(value))
    if kind == "integer" and not isinstance(value, str) and int(value) != value:
        raise TypeError(f"{name}: found {value}, expected a whole number")
    if isinstance(value, bool) or value.__class__.__module__ == "builtins" and not isinstance(value, (str, int, float)):
        raise TypeError(f"{name}: found {value!r}, expected {'a number' if kind in ('number', 'integer') else 'a string'}")
    if kind == "integer" and not isinstance(value, str):
        return str(int(value))
    return os.fspath(value) if isinstance(value, os.PathLike) else _number(value)


def in_python(text: str) -> str:
    """A line of the program's, with its options as they are written in Python: `--batch-size` as batch_size."""
    text = re.sub(r"[;,]? see landscape [\w-]+ --help", "", text)
    flags = {flag for options in OPTIONS.values() for flag, kind, _ in options.values() if kind == "flag"}

    def word(match: re.Match) -> str:
        name = match[0][2:].replace("-", "_")
        return f"{name}=True" if match[0] in flags else name

    return re.sub(r"--[a-z][a-z0-9-]*", word, text)


def call(words: Sequence[str], progress: bool, remark: Callable[[str], None]) -> str:
    """Runs the program for a call in Python. Raises `LandscapeError` in Python's words."""
    try:
        return run(words, progress=progress, remark=lambda text: remark(in_python(text)))
    except LandscapeError as error:
        raise LandscapeError(in_python(str(error))) from None
