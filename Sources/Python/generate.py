#!/usr/bin/env python3
"""Writes landscape_sharpness/_commands.py: each command's options with their types, defaults and help, as the program has them.

    python generate.py --landscape PROGRAM            writes the file
    python generate.py --landscape PROGRAM --check    fails if the file is another

An option that has no type in the tables here is an error: decide its type.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import textwrap

# How a value is written on the command line (landscape_sharpness/_options.py), and its type in Python.
TYPES = {
    "flag": "bool", "integer": "int", "number": "float", "text": "str", "numbers": "Union[float, Sequence[float]]",
    "range": "Union[str, tuple[float, float]]", "points": "Union[int, str, tuple[int, int]]", "path": "PathLike",
    "length": "Union[str, float]", "limit": "Union[str, int]", "list": "Union[str, Sequence[str]]", "data": "Data",
    "directions": "Directions", "vector": "Vector", "output": "Union[bool, PathLike]", "checkpoint": "Any",
}
KINDS = {
    "top": "integer", "bottom": "integer", "iterations": "integer", "probes": "integer", "dims": "integer", "planes": "integer",
    "examples": "integer", "batch-size": "integer", "seed": "integer", "threads": "integer", "steps": "integer",
    "restarts": "integer", "samples": "integer", "subspace": "integer", "box-steps": "integer", "box-repeats": "integer",
    "scout": "integer", "m": "integer", "bends": "integer", "cycles": "integer", "save-curve": "path", "save-minima": "path", "curve-batch-size": "integer", "epochs": "number",
    "align-examples": "integer", "align-refine": "integer", "align-lr": "number",
    "gradients": "integer", "look-every": "integer", "eigen-every": "integer", "swa-start": "integer", "track-top": "integer",
    "accumulate": "integer", "track-sharpness": "integer",
    "save-every": "integer", "sampling-error": "integer", "ignore-index": "integer", "class-axis": "integer",
    "tolerance": "number", "range": "length", "adaptive": "number", "eta": "number", "weight-decay": "number", "lr": "number",
    "momentum": "number", "alpha": "number", "adam-lr": "number", "sigma": "number", "averaging": "number", "ema": "number",
    "label-noise": "number", "label-smoothing": "number", "grad-clip": "number",
    "deviation": "number", "adaptive-deviation": "number", "adaptive-rho": "number",
    "rho": "numbers", "box-epsilon": "numbers", "class-weights": "numbers", "pos-weights": "numbers", "mean": "numbers",
    "std": "numbers", "view": "numbers", "contours": "numbers",
    "x-range": "range", "y-range": "range", "z-range": "range", "value-range": "range", "x-limits": "range", "y-limits": "range", "points": "points",
    "memory": "limit", "width": "length", "height": "length", "font-size": "number", "dpi": "number",
    "data": "data", "directions": "directions", "along": "vector", "save": "output", "save-vectors": "output",
    "save-product": "output", "save-epsilon": "output", "save-diagonal": "output", "save-norms": "output", "style": "path", "start": "checkpoint",
    "measures": "list", "measure": "list", "increase": "number", "logdet": "number", "damping": "number",
    "audit": "path", "audit-seeds": "integer", "audit-lr": "number", "audit-batch-size": "number",
    "index": "integer", "descent-steps": "integer", "gradient-tolerance": "number", "radius": "number",
    "chains": "integer", "draws": "integer", "localization": "number", "threshold": "number", "error": "number", "levels": "numbers",
    **{name: "text" for name in (
        "split", "precision", "batchnorm", "normalization", "metric", "shard", "norm", "method", "operator", "theme",
        "font-family", "colors", "fill", "scale", "title", "subtitle", "x-label", "y-label", "curve", "model", "optimizer",
        "perturb", "base", "align", "by", "scaled-by", "schedule", "warmup", "loss", "augment", "activation", "target", "prediction", "adapter", "step", "picture")},
}
# Of the program as a process, not of an analysis.
LEFT_OUT = {"o", "json", "key", "quiet", "show", "version", "help", "progress", "weights"}
# Commands on one checkpoint are methods, the others functions; with what they give.
METHODS = {
    "evaluate": "Evaluation", "gradient": "Gradient", "slice": "Slice", "sharpness": "Sharpness", "hessian": "Hessian",
    "measure": "Measures", "saddle": "Result",
}
FUNCTIONS = {
    "interpolate": ("*checkpoints: Any", "Result"), "compare": ("*checkpoints: Any", "Result"),
    "trajectory": ("folder: PathLike, *others: PathLike", "Result"), "study": ("folder: PathLike", "Result"),
    "align": ("reference: Any, checkpoint: Any, o: Optional[PathLike] = None", "Checkpoint"),
    "average": ("*checkpoints: Any, o: Optional[PathLike] = None", "Checkpoint"), "topology": ("surface: Any", "Result"),
    "report": ("*checkpoints: Any, o: PathLike = \"report\"", "str"), "train": ("o: PathLike = \"ckpt.bin\"", "Checkpoint"),
}
DRAWING = {"slice", "sharpness", "hessian", "interpolate", "compare", "trajectory", "study", "measure", "topology"}


def python_name(name: str) -> str:
    """The option's name as an identifier."""
    return {"3d": "in_3d"}.get(name, name.replace("-", "_"))


def literal(value) -> str:
    """A default as Python writes it."""
    return json.dumps(value) if isinstance(value, str) else str(value)


def option(argument: dict, command: str) -> dict:
    name = argument["preferredName"]["name"]
    kind = "flag" if argument["kind"] == "flag" else KINDS.get(name)
    if kind is None:
        sys.exit(f"generate.py: {command} has a new option --{name} ({argument.get('valueName')}): give it a type in KINDS")
    values = argument.get("allValues") or argument.get("allValueStrings") or []
    default = argument.get("defaultValue")
    annotation = TYPES[kind]
    if kind == "text" and values:
        annotation = "Literal[" + ", ".join(json.dumps(value) for value in values) + "]"
    text = " ".join((argument.get("abstract") or "").split())
    if name == "precision":
        # The program's own default is that of no module.
        text = text.replace(" (default: float; of saddle double)", "") + (" (Default: double.)" if command == "saddle" else " (Default: that of the module, else float.)")
        default = None
    if kind == "flag":
        value = False
    elif default is None:
        value, annotation = None, f"Optional[{annotation}]"
    elif kind == "integer" or (kind == "points" and default.isdigit()):
        value = int(default)
    elif kind in ("number", "numbers", "length"):
        value = float(default)
    else:
        value = default
    return {"name": name, "python": python_name(name), "kind": kind, "annotation": annotation, "default": value, "help": text}


def options(command: dict) -> list:
    found = []
    for argument in command.get("arguments", []):
        if argument["kind"] == "positional" or argument["preferredName"]["name"] in LEFT_OUT:
            continue
        found.append(option(argument, command["commandName"]))
    return found


def docstring(command: dict, own: list, positional: str, draws: bool, indent: str) -> str:
    lines = [command["abstract"], ""]
    text = (command.get("discussion") or "").split("EXAMPLES:")[0].strip()
    if text:
        lines += [*textwrap.wrap(" ".join(text.split()), 120), ""]
    lines += ["Parameters", "----------"]
    if positional:
        lines += positional.split("\n")
    for item in own:
        lines += textwrap.wrap(f"{item['python']}: {item['help']}", 120, subsequent_indent="    ")
    if draws:
        lines += ["style: options of its pictures, see `Style`"]
    lines += ["", "Raises `LandscapeError` with the program's line."]
    escaped = [line.replace("\\", "\\\\").replace('"""', "'''") for line in lines]
    return f'{indent}"""' + f"\n{indent}".join(escaped).replace(f"\n{indent}\n", "\n\n") + f'\n{indent}"""'


def signature(name: str, leading: str, own: list, draws: bool, gives: str, indent: str) -> str:
    # Of `measure` the measures come first, by place, too.
    first = [item for item in own if item["name"] == "measures"]
    own = [item for item in own if item["name"] != "measures"]
    written = [f"{item['python']}: {item['annotation']} = {literal(item['default'])}" for item in first + own]
    parts = [leading, *written[: len(first)], *([] if "*" in leading else ["*"]), *written[len(first) :]]
    if draws:
        parts.append("**style: Unpack[Style]")
    body = "".join(f"\n{indent}    {part}," for part in parts if part)
    return f"{indent}def {name}({body}\n{indent}) -> {gives}:"


def module(dump: dict) -> str:
    commands = {command["commandName"]: command for command in dump["command"]["subcommands"]}
    plot = options(commands["plot"])
    style = [item for item in plot if item["name"] not in ("metric", "no-points")]
    styles = {item["name"] for item in style}
    out = [
        '"""The commands of the program with all of their options. Made by generate.py from the program\'s own help: do not edit."""',
        "from __future__ import annotations",
        "",
        "from typing import TYPE_CHECKING, Any, Literal, Optional, Sequence, TypedDict, Union",
        "",
        "if TYPE_CHECKING:",
        "    from typing_extensions import Unpack",
        "",
        "    from ._options import Data, Directions, PathLike, Vector",
        "    from ._problem import Checkpoint",
        "    from ._results import Evaluation, Gradient, Hessian, Measures, Result, Sharpness, Slice",
        "",
        "# Of each command: the option, how its value is written, and its default, by the name of the parameter.",
        "OPTIONS: dict[str, dict[str, tuple[str, str, Any]]] = {",
    ]
    for name in [*METHODS, *FUNCTIONS, "plot"]:
        out.append(f"    {json.dumps(name)}: {{")
        for item in options(commands[name]):
            parts = [json.dumps("--" + item["name"]), json.dumps(item["kind"]), literal(item["default"])]
            out.append(f"        {json.dumps(item['python'])}: ({', '.join(parts)}),")
        out.append("    },")
    out += ["}", "", ""]
    out.append("class Style(TypedDict, total=False):")
    out.append('    """Options of every picture."""')
    out.append("")
    for item in style:
        annotation = item["annotation"]
        if annotation.startswith("Optional["):
            annotation = annotation[len("Optional[") : -1]
        out += textwrap.wrap(f"# {item['help']}", 116, initial_indent="    ", subsequent_indent="    # ")
        out.append(f"    {item['python']}: {annotation}")
    out += ["", ""]
    out.append("class Commands:")
    out.append('    """Every analysis of one checkpoint."""')
    for name, gives in METHODS.items():
        draws = name in DRAWING
        own = [item for item in options(commands[name]) if not draws or item["name"] not in styles]
        out += ["", signature(name, "self", own, draws, gives, "    "),
                docstring(commands[name], own, "", draws, "        "), f'        return self._analysis("{name}", locals())  # type: ignore']
    for name, (leading, gives) in FUNCTIONS.items():
        draws = name in DRAWING
        own = [item for item in options(commands[name]) if not draws or item["name"] not in styles]
        positional = {
            "*checkpoints: Any": "checkpoints: problems, checkpoints or their paths", "folder: PathLike": "folder: the folder",
            "surface: Any": "surface: a slice that was computed, or its .npz file",
            "folder: PathLike, *others: PathLike": "folder: the folder\nothers: the folders of other trainings",
        }.get(leading, "o: " + ("folder of the page" if name == "report" else "the checkpoint to write"))
        if name in ("align", "average"):
            positional += "; without it a temporary file, which goes with the checkpoint. `found` of that is the command's result"
        if "*checkpoints: Any, " in leading:
            positional = "checkpoints: problems, checkpoints or their paths\n" + positional
        if name == "align":
            positional = "reference, checkpoint: problems, checkpoints or their paths; the second is reordered\n" + positional
        out += ["", "", signature(name, leading, own, draws, gives, ""),
                docstring(commands[name], own, positional, draws, "    "),
                "    from ._functions import call", "", f'    return call("{name}", locals())']
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--landscape", default="landscape", help="the program")
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    dump = json.loads(subprocess.run(
        [arguments.landscape, "--experimental-dump-help"], stdout=subprocess.PIPE, check=True, text=True).stdout)
    path = pathlib.Path(__file__).parent / "landscape_sharpness" / "_commands.py"
    text = module(dump)
    if arguments.check:
        if path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} is not what generate.py makes of this program's help: run generate.py")
    else:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
