"""The commands of the program with all of their options. Made by generate.py from the program's own help: do not edit."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Optional, Sequence, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Data, Directions, PathLike, Vector
    from ._problem import Checkpoint
    from ._results import Evaluation, Gradient, Hessian, Measures, Result, Sharpness, Slice

# Of each command: the option, how its value is written, and its default, by the name of the parameter.
OPTIONS: dict[str, dict[str, tuple[str, str, Any]]] = {
    "evaluate": {
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "gradient": {
        "save": ("--save", "output", None),
        "by_example": ("--by-example", "flag", False),
        "save_norms": ("--save-norms", "output", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "slice": {
        "dims": ("--dims", "integer", None),
        "points": ("--points", "points", 51),
        "range": ("--range", "length", 1.0),
        "x_range": ("--x-range", "range", None),
        "y_range": ("--y-range", "range", None),
        "z_range": ("--z-range", "range", None),
        "normalization": ("--normalization", "text", None),
        "include_1d": ("--include-1d", "flag", False),
        "directions": ("--directions", "directions", "random"),
        "no_orthogonalize": ("--no-orthogonalize", "flag", False),
        "planes": ("--planes", "integer", 1),
        "adaptive": ("--adaptive", "number", None),
        "both_splits": ("--both-splits", "flag", False),
        "metric": ("--metric", "text", "loss"),
        "shard": ("--shard", "text", None),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "sharpness": {
        "rho": ("--rho", "numbers", 0.05),
        "norm": ("--norm", "text", "l2"),
        "adaptive": ("--adaptive", "flag", False),
        "eta": ("--eta", "number", None),
        "measure": ("--measure", "list", "worst"),
        "m": ("--m", "integer", None),
        "steps": ("--steps", "integer", None),
        "restarts": ("--restarts", "integer", None),
        "scout": ("--scout", "integer", None),
        "samples": ("--samples", "integer", None),
        "increase": ("--increase", "number", None),
        "box_epsilon": ("--box-epsilon", "numbers", None),
        "subspace": ("--subspace", "integer", None),
        "box_steps": ("--box-steps", "integer", None),
        "box_repeats": ("--box-repeats", "integer", None),
        "chains": ("--chains", "integer", None),
        "draws": ("--draws", "integer", None),
        "localization": ("--localization", "number", None),
        "normalize_logits": ("--normalize-logits", "flag", False),
        "save_epsilon": ("--save-epsilon", "output", None),
        "along": ("--along", "vector", None),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "hessian": {
        "top": ("--top", "integer", 1),
        "bottom": ("--bottom", "integer", 0),
        "method": ("--method", "text", "lanczos"),
        "tolerance": ("--tolerance", "number", 0.0001),
        "iterations": ("--iterations", "integer", 1000),
        "trace": ("--trace", "flag", False),
        "frobenius": ("--frobenius", "flag", False),
        "density": ("--density", "flag", False),
        "layers": ("--layers", "flag", False),
        "by_class": ("--by-class", "flag", False),
        "relative_flatness": ("--relative-flatness", "flag", False),
        "diagonal": ("--diagonal", "flag", False),
        "logdet": ("--logdet", "number", None),
        "top_space": ("--top-space", "flag", False),
        "noise": ("--noise", "flag", False),
        "damping": ("--damping", "number", None),
        "probes": ("--probes", "integer", None),
        "operator": ("--operator", "text", "hessian"),
        "multiplicities": ("--multiplicities", "flag", False),
        "along": ("--along", "vector", None),
        "save_product": ("--save-product", "output", None),
        "save_vectors": ("--save-vectors", "output", None),
        "save_diagonal": ("--save-diagonal", "output", None),
        "sampling_error": ("--sampling-error", "integer", None),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "measure": {
        "measures": ("--measures", "list", "evaluate,gradient,hessian,sharpness"),
        "top": ("--top", "integer", 1),
        "bottom": ("--bottom", "integer", 0),
        "method": ("--method", "text", "lanczos"),
        "tolerance": ("--tolerance", "number", 0.0001),
        "iterations": ("--iterations", "integer", 1000),
        "trace": ("--trace", "flag", False),
        "frobenius": ("--frobenius", "flag", False),
        "density": ("--density", "flag", False),
        "layers": ("--layers", "flag", False),
        "by_class": ("--by-class", "flag", False),
        "relative_flatness": ("--relative-flatness", "flag", False),
        "diagonal": ("--diagonal", "flag", False),
        "logdet": ("--logdet", "number", None),
        "top_space": ("--top-space", "flag", False),
        "noise": ("--noise", "flag", False),
        "damping": ("--damping", "number", None),
        "probes": ("--probes", "integer", None),
        "operator": ("--operator", "text", "hessian"),
        "multiplicities": ("--multiplicities", "flag", False),
        "rho": ("--rho", "numbers", 0.05),
        "norm": ("--norm", "text", "l2"),
        "adaptive": ("--adaptive", "flag", False),
        "eta": ("--eta", "number", None),
        "measure": ("--measure", "list", "worst"),
        "m": ("--m", "integer", None),
        "steps": ("--steps", "integer", None),
        "restarts": ("--restarts", "integer", None),
        "scout": ("--scout", "integer", None),
        "samples": ("--samples", "integer", None),
        "increase": ("--increase", "number", None),
        "box_epsilon": ("--box-epsilon", "numbers", None),
        "subspace": ("--subspace", "integer", None),
        "box_steps": ("--box-steps", "integer", None),
        "box_repeats": ("--box-repeats", "integer", None),
        "chains": ("--chains", "integer", None),
        "draws": ("--draws", "integer", None),
        "localization": ("--localization", "number", None),
        "dims": ("--dims", "integer", None),
        "points": ("--points", "points", 51),
        "range": ("--range", "length", 1.0),
        "x_range": ("--x-range", "range", None),
        "y_range": ("--y-range", "range", None),
        "z_range": ("--z-range", "range", None),
        "normalization": ("--normalization", "text", None),
        "include_1d": ("--include-1d", "flag", False),
        "directions": ("--directions", "directions", "random"),
        "no_orthogonalize": ("--no-orthogonalize", "flag", False),
        "planes": ("--planes", "integer", 1),
        "resume": ("--resume", "flag", False),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "saddle": {
        "index": ("--index", "integer", 1),
        "gradient_tolerance": ("--gradient-tolerance", "number", 1e-10),
        "steps": ("--steps", "integer", 1000),
        "descent_steps": ("--descent-steps", "integer", 1000),
        "radius": ("--radius", "number", None),
        "tolerance": ("--tolerance", "number", 0.0001),
        "iterations": ("--iterations", "integer", 1000),
        "save": ("--save", "output", None),
        "save_minima": ("--save-minima", "path", None),
        "resume": ("--resume", "flag", False),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "interpolate": {
        "points": ("--points", "points", None),
        "align": ("--align", "text", None),
        "align_examples": ("--align-examples", "integer", None),
        "align_refine": ("--align-refine", "integer", None),
        "align_lr": ("--align-lr", "number", None),
        "repair": ("--repair", "flag", False),
        "curve": ("--curve", "text", None),
        "bends": ("--bends", "integer", None),
        "cycles": ("--cycles", "integer", None),
        "steps": ("--steps", "integer", None),
        "lr": ("--lr", "number", None),
        "curve_batch_size": ("--curve-batch-size", "integer", None),
        "save_curve": ("--save-curve", "path", None),
        "adaptive": ("--adaptive", "number", None),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "compare": {
        "dims": ("--dims", "integer", None),
        "points": ("--points", "points", 51),
        "range": ("--range", "length", 1.0),
        "x_range": ("--x-range", "range", None),
        "y_range": ("--y-range", "range", None),
        "z_range": ("--z-range", "range", None),
        "measures": ("--measures", "list", "default"),
        "rho": ("--rho", "numbers", 0.05),
        "adaptive": ("--adaptive", "number", None),
        "panels": ("--panels", "flag", False),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "trajectory": {
        "points": ("--points", "points", 41),
        "x_range": ("--x-range", "range", None),
        "y_range": ("--y-range", "range", None),
        "scaled_by": ("--scaled-by", "text", None),
        "adaptive": ("--adaptive", "number", None),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "study": {
        "measures": ("--measures", "list", "default"),
        "rho": ("--rho", "numbers", 0.05),
        "adaptive_rho": ("--adaptive-rho", "number", 0.5),
        "deviation": ("--deviation", "number", 0.01),
        "adaptive_deviation": ("--adaptive-deviation", "number", 0.1),
        "probes": ("--probes", "integer", 30),
        "samples": ("--samples", "integer", 20),
        "audit": ("--audit", "path", None),
        "audit_seeds": ("--audit-seeds", "integer", None),
        "audit_lr": ("--audit-lr", "number", None),
        "audit_batch_size": ("--audit-batch-size", "number", None),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "data": ("--data", "data", None),
        "split": ("--split", "text", "train"),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "include_weight_decay": ("--include-weight-decay", "flag", False),
        "weight_decay": ("--weight-decay", "number", None),
        "threads": ("--threads", "integer", None),
    },
    "align": {
        "by": ("--by", "text", "weights"),
        "align_examples": ("--align-examples", "integer", None),
        "align_refine": ("--align-refine", "integer", None),
        "align_lr": ("--align-lr", "number", None),
        "seed": ("--seed", "integer", 0),
        "resume": ("--resume", "flag", False),
        "threads": ("--threads", "integer", None),
    },
    "average": {
        "examples": ("--examples", "integer", None),
        "threads": ("--threads", "integer", None),
    },
    "topology": {
        "threshold": ("--threshold", "number", None),
        "error": ("--error", "number", None),
        "levels": ("--levels", "numbers", None),
        "top": ("--top", "integer", 10),
        "picture": ("--picture", "text", "all"),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "threads": ("--threads", "integer", None),
    },
    "report": {
        "rho": ("--rho", "numbers", 0.05),
        "points": ("--points", "points", 41),
        "adaptive": ("--adaptive", "number", 0.02),
        "measures": ("--measures", "list", "default"),
        "data": ("--data", "data", None),
        "examples": ("--examples", "integer", None),
        "batch_size": ("--batch-size", "integer", None),
        "precision": ("--precision", "text", None),
        "memory": ("--memory", "limit", None),
        "seed": ("--seed", "integer", 0),
        "batchnorm": ("--batchnorm", "text", "stored"),
        "resume": ("--resume", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "threads": ("--threads", "integer", None),
    },
    "train": {
        "model": ("--model", "text", None),
        "start": ("--start", "checkpoint", None),
        "data": ("--data", "data", None),
        "optimizer": ("--optimizer", "text", "sgd"),
        "base": ("--base", "text", None),
        "rho": ("--rho", "numbers", None),
        "eta": ("--eta", "number", None),
        "alpha": ("--alpha", "number", None),
        "look_every": ("--look-every", "integer", None),
        "eigen_every": ("--eigen-every", "integer", None),
        "sigma": ("--sigma", "number", None),
        "averaging": ("--averaging", "number", None),
        "m": ("--m", "integer", None),
        "lr": ("--lr", "number", None),
        "adam_lr": ("--adam-lr", "number", None),
        "momentum": ("--momentum", "number", None),
        "weight_decay": ("--weight-decay", "number", None),
        "perturb": ("--perturb", "text", "all"),
        "decay_in_ascent": ("--decay-in-ascent", "flag", False),
        "schedule": ("--schedule", "text", "cosine"),
        "warmup": ("--warmup", "text", None),
        "epochs": ("--epochs", "number", None),
        "steps": ("--steps", "integer", None),
        "gradients": ("--gradients", "integer", None),
        "batch_size": ("--batch-size", "integer", 128),
        "accumulate": ("--accumulate", "integer", 1),
        "examples": ("--examples", "integer", None),
        "loss": ("--loss", "text", None),
        "class_axis": ("--class-axis", "integer", None),
        "ignore_index": ("--ignore-index", "integer", None),
        "class_weights": ("--class-weights", "numbers", None),
        "pos_weights": ("--pos-weights", "numbers", None),
        "label_smoothing": ("--label-smoothing", "number", 0.0),
        "label_noise": ("--label-noise", "number", 0.0),
        "augment": ("--augment", "text", "none"),
        "grad_clip": ("--grad-clip", "number", None),
        "track_sharpness": ("--track-sharpness", "integer", None),
        "track_top": ("--track-top", "integer", None),
        "save_every": ("--save-every", "integer", None),
        "ema": ("--ema", "number", None),
        "swa_start": ("--swa-start", "integer", None),
        "activation": ("--activation", "text", None),
        "norm": ("--norm", "text", None),
        "precision": ("--precision", "text", None),
        "seed": ("--seed", "integer", 0),
        "resume": ("--resume", "flag", False),
        "standardize": ("--standardize", "flag", False),
        "mean": ("--mean", "numbers", None),
        "std": ("--std", "numbers", None),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "threads": ("--threads", "integer", None),
    },
    "plot": {
        "metric": ("--metric", "text", None),
        "no_points": ("--no-points", "flag", False),
        "width": ("--width", "length", None),
        "height": ("--height", "length", None),
        "font_size": ("--font-size", "number", None),
        "dpi": ("--dpi", "number", None),
        "theme": ("--theme", "text", None),
        "font_family": ("--font-family", "text", None),
        "colors": ("--colors", "text", None),
        "contours": ("--contours", "numbers", None),
        "fill": ("--fill", "text", None),
        "scale": ("--scale", "text", None),
        "log": ("--log", "flag", False),
        "value_range": ("--value-range", "range", None),
        "title": ("--title", "text", None),
        "subtitle": ("--subtitle", "text", None),
        "x_label": ("--x-label", "text", None),
        "y_label": ("--y-label", "text", None),
        "x_limits": ("--x-limits", "range", None),
        "y_limits": ("--y-limits", "range", None),
        "no_legend": ("--no-legend", "flag", False),
        "no_marks": ("--no-marks", "flag", False),
        "in_3d": ("--3d", "flag", False),
        "view": ("--view", "numbers", None),
        "style": ("--style", "path", None),
        "threads": ("--threads", "integer", None),
    },
}


class Style(TypedDict, total=False):
    """Options of every picture."""

    # Width of the picture, such as 3.25in, 82mm, 240pt or 600px.
    width: Union[str, float]
    # Height of the picture (default: what fits the width).
    height: Union[str, float]
    # Size of the letters that name axes, in points (default: 11). It stays the same at any width.
    font_size: float
    # Pixels per inch of a .png (default: 144).
    dpi: float
    # light, dark or transparent (default: light).
    theme: str
    # Family of the letters of an .svg that follows its page.
    font_family: str
    # Colours of a map: viridis, magma, inferno, plasma, cividis, turbo, coolwarm, grey, diverging, or one of these
    # with _r (default: viridis).
    colors: str
    # Contour lines of a map: auto, none, how many (such as 8), or levels such as 0.5,1,2.
    contours: Union[float, Sequence[float]]
    # smooth or cells: how a map is coloured between the points (default: smooth from 9 points on).
    fill: str
    # auto, linear or log. auto takes log where all values are positive and span more than 30 times.
    scale: str
    # Draw on a logarithmic scale.
    log: bool
    # Values at the ends of the colour scale, as a:b.
    value_range: Union[str, tuple[float, float]]
    # Title of the picture.
    title: str
    # The line under the title.
    subtitle: str
    # Name of the horizontal axis.
    x_label: str
    # Name of the vertical axis.
    y_label: str
    # Ends of the horizontal axis, as a:b.
    x_limits: Union[str, tuple[float, float]]
    # Ends of the vertical axis, as a:b.
    y_limits: Union[str, tuple[float, float]]
    # Leave out the key.
    no_legend: bool
    # Leave out the marks of centre, minimum and evaluated points.
    no_marks: bool
    # Draw a map as a surface in space.
    in_3d: bool
    # Direction that a surface is seen from, in degrees as matplotlib's view_init, such as -60,30 (default: one that
    # shows the minimum and hides least).
    view: Union[float, Sequence[float]]
    # A TOML file with any of these, such as width = "3.25in"; options here go before it.
    style: PathLike
    # Number of threads (default: all processors). Any number gives the same bits.
    threads: int


class Commands:
    """Every analysis of one checkpoint."""

    def evaluate(
        self,
        *,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        threads: Optional[int] = None,
    ) -> Evaluation:
        """Measures loss and accuracy.

        Parameters
        ----------
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        threads: Number of threads (default: all processors). Any number gives the same bits.

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("evaluate", locals())  # type: ignore

    def gradient(
        self,
        *,
        save: Optional[Union[bool, PathLike]] = None,
        by_example: bool = False,
        save_norms: Optional[Union[bool, PathLike]] = None,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        threads: Optional[int] = None,
    ) -> Gradient:
        """Measures the norm of the gradient, whole and by tensor.

        Parameters
        ----------
        save: Write the gradient to this .npy file: P numbers, in the order of the parameters.
        by_example: Measure the norm of every example's own gradient, too.
        save_norms: Write the norms of --by-example to this .npy file, in the data's order.
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        threads: Number of threads (default: all processors). Any number gives the same bits.

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("gradient", locals())  # type: ignore

    def slice(
        self,
        *,
        dims: Optional[int] = None,
        points: Union[int, str, tuple[int, int]] = 51,
        range: Union[str, float] = 1.0,
        x_range: Optional[Union[str, tuple[float, float]]] = None,
        y_range: Optional[Union[str, tuple[float, float]]] = None,
        z_range: Optional[Union[str, tuple[float, float]]] = None,
        normalization: Optional[Literal["filter", "layer", "weight", "none"]] = None,
        include_1d: bool = False,
        directions: Directions = "random",
        no_orthogonalize: bool = False,
        planes: int = 1,
        adaptive: Optional[float] = None,
        both_splits: bool = False,
        metric: Literal["loss", "accuracy"] = "loss",
        shard: Optional[str] = None,
        resume: bool = False,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        **style: Unpack[Style],
    ) -> Slice:
        """Draws the loss along a direction, over a plane or through a space of the weights, and audits it.

        Parameters
        ----------
        dims: 1 for a line, 2 for a plane, 3 for a space (default: as many as --points, --y-range, --z-range or --directions
            name, else 1).
        points: Points along each axis: 51, 51x41 for α × β, or 21x21x21 for α × β × γ.
        range: Half the length of all axes, which run from −length to length; auto: to where the loss is 10 times the
            checkpoint's, auto:F: F times.
        x_range: Range of α, as a:b.
        y_range: Range of β, as a:b.
        z_range: Range of γ, as a:b.
        normalization: How directions are scaled to the weights (default: filter for random and gradient directions, none for
            others).
        include_1d: Move biases and norm scales, too. Under filter each is one filter: the whole tensor gets its norm.
        directions: random, eigen, gradient, pca:DIR (the path of the checkpoints there), to:CKPT[,CKPT…], or
            file:d1.npy[,d2.npy…].
        no_orthogonalize: Leave the second direction, and the third, as it is. (Random, gradient and eigen directions are made
            orthogonal; to:, file: and pca: are used as given.)
        planes: Repeat with so many seeds of random directions and draw mean and band.
        adaptive: Evaluate only the points needed to interpolate the rest within this share of the values' range, such as 0.01.
        both_splits: Add the other split's values to the picture.
        metric: Quantity that a picture of a plane shows and that --adaptive refines.
        shard: Compute only every n-th point, as i/n. Needs -o part.npz; 'landscape merge' joins the parts.
        resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        style: options of its pictures, see `Style`

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("slice", locals())  # type: ignore

    def sharpness(
        self,
        *,
        rho: Union[float, Sequence[float]] = 0.05,
        norm: Literal["l2", "linf"] = "l2",
        adaptive: bool = False,
        eta: Optional[float] = None,
        measure: Union[str, Sequence[str]] = "worst",
        m: Optional[int] = None,
        steps: Optional[int] = None,
        restarts: Optional[int] = None,
        scout: Optional[int] = None,
        samples: Optional[int] = None,
        increase: Optional[float] = None,
        box_epsilon: Optional[Union[float, Sequence[float]]] = None,
        subspace: Optional[int] = None,
        box_steps: Optional[int] = None,
        box_repeats: Optional[int] = None,
        chains: Optional[int] = None,
        draws: Optional[int] = None,
        localization: Optional[float] = None,
        normalize_logits: bool = False,
        save_epsilon: Optional[Union[bool, PathLike]] = None,
        along: Optional[Vector] = None,
        resume: bool = False,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        **style: Unpack[Style],
    ) -> Sharpness:
        """Measures how much the loss can rise within a radius ρ of the weights.

        All values are increases over the loss. A worst case is a lower bound: the largest increase that the search found.

        Parameters
        ----------
        rho: Radius of the ball, or several: 0.01,0.05,0.1. For the average case, the deviation of each weight.
        norm: Norm of the ball.
        adaptive: Measure ε relative to the weights: T = |θ| + η.
        eta: η of --adaptive (default: 0.01).
        measure: What is measured, or several with commas between them: worst case, average case, Keskar's box, or all three;
            SAM's one step alone; the critical learning rate; curvature along a direction; the Fisher-Rao norm; the noise of
            PAC-Bayes bounds; the local learning coefficient; the worst case across the symmetry of attention.
        m: m-sharpness: the mean worst case of batches of so many examples.
        steps: Largest number of iterations from each start (default: 50).
        restarts: Random starts beside the informed ones (default: 4; linf 12, because its maxima lie in corners).
        scout: Examples on which the starts compete; the best continue on all. 0: all examples (default: 4096 of 16384 or more).
        samples: Antithetic pairs of the average case and of pac-bayes (default: 50).
        increase: What the noise of pac-bayes costs (default: 0.1).
        box_epsilon: Keskar's ε, or several: the box is |z| ≤ ε(|θ| + 1) (default: 0.0005,0.001).
        subspace: Dimension of the random subspaces of Keskar's measure (default: 100). 0: the full space only.
        box_steps: Iterations of L-BFGS-B in the box (default: 10).
        box_repeats: Repeats of the search in the box (default: 5).
        chains: Chains of the learning coefficient (default: 4).
        draws: Draws of each chain that count; as many come before (default: 1000).
        localization: γ that holds the learning coefficient's chains at the weights (default: 100).
        normalize_logits: Give each example's logits mean 0 and norm 1 before the loss.
        save_epsilon: Write the best ε to this .npy file.
        along: Step of --measure critical and directional: a .npy vector v, for θ + ηv; 'update', the next step of the
            checkpoint's optimizer; or 'preconditioned', Adam's without momentum (default: the negative gradient).
        resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        style: options of its pictures, see `Style`

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("sharpness", locals())  # type: ignore

    def hessian(
        self,
        *,
        top: int = 1,
        bottom: int = 0,
        method: Literal["lanczos", "power"] = "lanczos",
        tolerance: float = 0.0001,
        iterations: int = 1000,
        trace: bool = False,
        frobenius: bool = False,
        density: bool = False,
        layers: bool = False,
        by_class: bool = False,
        relative_flatness: bool = False,
        diagonal: bool = False,
        logdet: Optional[float] = None,
        top_space: bool = False,
        noise: bool = False,
        damping: Optional[float] = None,
        probes: Optional[int] = None,
        operator: Literal["hessian", "ggn", "fisher", "empirical-fisher"] = "hessian",
        multiplicities: bool = False,
        along: Optional[Vector] = None,
        save_product: Optional[Union[bool, PathLike]] = None,
        save_vectors: Optional[Union[bool, PathLike]] = None,
        save_diagonal: Optional[Union[bool, PathLike]] = None,
        sampling_error: Optional[int] = None,
        resume: bool = False,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        **style: Unpack[Style],
    ) -> Hessian:
        """Measures eigenvalues of the Hessian with residuals, its trace, norm and density.

        Parameters
        ----------
        top: Number of algebraically largest eigenvalues.
        bottom: Number of algebraically smallest eigenvalues.
        method: Solver.
        tolerance: Largest residual ‖Hv − λv‖ relative to |λ| of a converged eigenvalue.
        iterations: Largest number of Hessian–vector products.
        trace: Estimate the trace, by Hutch++.
        frobenius: Estimate the Frobenius norm, by Hutch++.
        density: Estimate the spectral density, by stochastic Lanczos quadrature.
        layers: Measure the largest eigenvalue and the trace of each parameter tensor's diagonal block.
        by_class: Measure eigenvalues, trace and gradient of each class's examples alone.
        relative_flatness: Measure the relative flatness of each layer's weights.
        diagonal: Estimate the diagonal, with its mean over each parameter tensor.
        logdet: Estimate log det(G + δI) and the effective dimension Σ λ/(λ + δ), with --operator ggn or a Fisher matrix.
        top_space: Measure the share of the gradient in the space of the --top eigenvectors.
        noise: Measure tr(HΣ) with the covariance Σ of the examples' gradients.
        damping: With --noise, measure tr((H + δI)⁻¹Σ), too: Takeuchi's criterion.
        probes: Products for the trace, the norm and the diagonal: a third each for a sketch, its range and the rest (default:
            30).
        operator: Matrix: the Hessian, Gauss–Newton (ggn), Fisher, or empirical Fisher.
        multiplicities: Look for further copies of repeated eigenvalues. Always on for regression with several outputs.
        along: Report vᵀHv and ‖Hv‖ for the vector in this .npy file.
        save_product: Write the Hv of --along to this .npy file.
        save_vectors: Write the largest eigenvectors to this .npy file, one row each.
        save_diagonal: Write the --diagonal to this .npy file, in the order of the weights.
        sampling_error: Draw --examples N anew so often, and enclose λmax of all examples by that of N.
        resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        style: options of its pictures, see `Style`

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("hessian", locals())  # type: ignore

    def measure(
        self,
        measures: Union[str, Sequence[str]] = "evaluate,gradient,hessian,sharpness",
        *,
        top: int = 1,
        bottom: int = 0,
        method: Literal["lanczos", "power"] = "lanczos",
        tolerance: float = 0.0001,
        iterations: int = 1000,
        trace: bool = False,
        frobenius: bool = False,
        density: bool = False,
        layers: bool = False,
        by_class: bool = False,
        relative_flatness: bool = False,
        diagonal: bool = False,
        logdet: Optional[float] = None,
        top_space: bool = False,
        noise: bool = False,
        damping: Optional[float] = None,
        probes: Optional[int] = None,
        operator: Literal["hessian", "ggn", "fisher", "empirical-fisher"] = "hessian",
        multiplicities: bool = False,
        rho: Union[float, Sequence[float]] = 0.05,
        norm: Literal["l2", "linf"] = "l2",
        adaptive: bool = False,
        eta: Optional[float] = None,
        measure: Union[str, Sequence[str]] = "worst",
        m: Optional[int] = None,
        steps: Optional[int] = None,
        restarts: Optional[int] = None,
        scout: Optional[int] = None,
        samples: Optional[int] = None,
        increase: Optional[float] = None,
        box_epsilon: Optional[Union[float, Sequence[float]]] = None,
        subspace: Optional[int] = None,
        box_steps: Optional[int] = None,
        box_repeats: Optional[int] = None,
        chains: Optional[int] = None,
        draws: Optional[int] = None,
        localization: Optional[float] = None,
        dims: Optional[int] = None,
        points: Union[int, str, tuple[int, int]] = 51,
        range: Union[str, float] = 1.0,
        x_range: Optional[Union[str, tuple[float, float]]] = None,
        y_range: Optional[Union[str, tuple[float, float]]] = None,
        z_range: Optional[Union[str, tuple[float, float]]] = None,
        normalization: Optional[Literal["filter", "layer", "weight", "none"]] = None,
        include_1d: bool = False,
        directions: Directions = "random",
        no_orthogonalize: bool = False,
        planes: int = 1,
        resume: bool = False,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        **style: Unpack[Style],
    ) -> Measures:
        """Takes several measures of one checkpoint at once: loss, gradient, spectrum, sharpness, slice.

        Data are read once. Each measure has the numbers that its own command gives with the same options.

        Parameters
        ----------
        measures: Which measures, with commas between them: evaluate, gradient, hessian, sharpness, slice.
        top: Number of algebraically largest eigenvalues.
        bottom: Number of algebraically smallest eigenvalues.
        method: Solver.
        tolerance: Largest residual ‖Hv − λv‖ relative to |λ| of a converged eigenvalue.
        iterations: Largest number of Hessian–vector products.
        trace: Estimate the trace, by Hutch++.
        frobenius: Estimate the Frobenius norm, by Hutch++.
        density: Estimate the spectral density, by stochastic Lanczos quadrature.
        layers: Measure the largest eigenvalue and the trace of each parameter tensor's diagonal block.
        by_class: Measure eigenvalues, trace and gradient of each class's examples alone.
        relative_flatness: Measure the relative flatness of each layer's weights.
        diagonal: Estimate the diagonal, with its mean over each parameter tensor.
        logdet: Estimate log det(G + δI) and the effective dimension Σ λ/(λ + δ), with --operator ggn or a Fisher matrix.
        top_space: Measure the share of the gradient in the space of the --top eigenvectors.
        noise: Measure tr(HΣ) with the covariance Σ of the examples' gradients.
        damping: With --noise, measure tr((H + δI)⁻¹Σ), too: Takeuchi's criterion.
        probes: Products for the trace, the norm and the diagonal: a third each for a sketch, its range and the rest (default:
            30).
        operator: Matrix: the Hessian, Gauss–Newton (ggn), Fisher, or empirical Fisher.
        multiplicities: Look for further copies of repeated eigenvalues. Always on for regression with several outputs.
        rho: Radius of the ball, or several: 0.01,0.05,0.1. For the average case, the deviation of each weight.
        norm: Norm of the ball.
        adaptive: Measure ε relative to the weights: T = |θ| + η.
        eta: η of --adaptive (default: 0.01).
        measure: What is measured, or several with commas between them: worst case, average case, Keskar's box, or all three;
            SAM's one step alone; the critical learning rate; curvature along a direction; the Fisher-Rao norm; the noise of
            PAC-Bayes bounds; the local learning coefficient; the worst case across the symmetry of attention.
        m: m-sharpness: the mean worst case of batches of so many examples.
        steps: Largest number of iterations from each start (default: 50).
        restarts: Random starts beside the informed ones (default: 4; linf 12, because its maxima lie in corners).
        scout: Examples on which the starts compete; the best continue on all. 0: all examples (default: 4096 of 16384 or more).
        samples: Antithetic pairs of the average case and of pac-bayes (default: 50).
        increase: What the noise of pac-bayes costs (default: 0.1).
        box_epsilon: Keskar's ε, or several: the box is |z| ≤ ε(|θ| + 1) (default: 0.0005,0.001).
        subspace: Dimension of the random subspaces of Keskar's measure (default: 100). 0: the full space only.
        box_steps: Iterations of L-BFGS-B in the box (default: 10).
        box_repeats: Repeats of the search in the box (default: 5).
        chains: Chains of the learning coefficient (default: 4).
        draws: Draws of each chain that count; as many come before (default: 1000).
        localization: γ that holds the learning coefficient's chains at the weights (default: 100).
        dims: 1 for a line, 2 for a plane, 3 for a space (default: as many as --points, --y-range, --z-range or --directions
            name, else 1).
        points: Points along each axis: 51, 51x41 for α × β, or 21x21x21 for α × β × γ.
        range: Half the length of all axes, which run from −length to length; auto: to where the loss is 10 times the
            checkpoint's, auto:F: F times.
        x_range: Range of α, as a:b.
        y_range: Range of β, as a:b.
        z_range: Range of γ, as a:b.
        normalization: How directions are scaled to the weights (default: filter for random and gradient directions, none for
            others).
        include_1d: Move biases and norm scales, too. Under filter each is one filter: the whole tensor gets its norm.
        directions: random, eigen, gradient, pca:DIR (the path of the checkpoints there), to:CKPT[,CKPT…], or
            file:d1.npy[,d2.npy…].
        no_orthogonalize: Leave the second direction, and the third, as it is. (Random, gradient and eigen directions are made
            orthogonal; to:, file: and pca: are used as given.)
        planes: Repeat with so many seeds of random directions and draw mean and band.
        resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        style: options of its pictures, see `Style`

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("measure", locals())  # type: ignore

    def saddle(
        self,
        *,
        index: int = 1,
        gradient_tolerance: float = 1e-10,
        steps: int = 1000,
        descent_steps: int = 1000,
        radius: Optional[float] = None,
        tolerance: float = 0.0001,
        iterations: int = 1000,
        save: Optional[Union[bool, PathLike]] = None,
        save_minima: Optional[PathLike] = None,
        resume: bool = False,
        data: Optional[Data] = None,
        split: Literal["train", "test"] = "train",
        examples: Optional[int] = None,
        batch_size: Optional[int] = None,
        precision: Optional[Literal["float", "double"]] = None,
        memory: Optional[Union[str, int]] = None,
        seed: int = 0,
        batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
        include_weight_decay: bool = False,
        weight_decay: Optional[float] = None,
        threads: Optional[int] = None,
    ) -> Result:
        """Finds a saddle near a checkpoint, verifies it, and follows it down to both sides.

        Computes in Float64 unless --precision says otherwise.

        Parameters
        ----------
        index: Directions that are climbed: the index of the saddle looked for.
        gradient_tolerance: Norm of the gradient at a critical point at most.
        steps: Steps of the search at most.
        descent_steps: Steps of each descent from the saddle at most; 0 for no descents.
        radius: Length of the first step at most (default: a twentieth of the weights' norm).
        tolerance: Residual of the eigenvalues that the verdict is about, relative to |λ|.
        iterations: Products for these eigenvalues at most.
        save: Write the point that was found as a checkpoint, in Float64.
        save_minima: Write the ends of the descents as checkpoints NAME.minus.bin and NAME.plus.bin.
        resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
        data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
            npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
        split: Split of the data.
        examples: Use only so many examples, the first ones.
        batch_size: Examples computed at once (default: what fits the memory).
        precision: Precision of the network. Sums over examples are always double. (Default: double.)
        memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
            less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
        seed: Seed of everything random.
        batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
            (averages over the data, measured first).
        include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
        weight_decay: Another λ for --include-weight-decay.
        threads: Number of threads (default: all processors). Any number gives the same bits.

        Raises `LandscapeError` with the program's line.
        """
        return self._analysis("saddle", locals())  # type: ignore


def interpolate(
    *checkpoints: Any,
    points: Optional[Union[int, str, tuple[int, int]]] = None,
    align: Optional[Literal["weights", "activations"]] = None,
    align_examples: Optional[int] = None,
    align_refine: Optional[int] = None,
    align_lr: Optional[float] = None,
    repair: bool = False,
    curve: Optional[Literal["bezier", "polygon", "neb"]] = None,
    bends: Optional[int] = None,
    cycles: Optional[int] = None,
    steps: Optional[int] = None,
    lr: Optional[float] = None,
    curve_batch_size: Optional[int] = None,
    save_curve: Optional[PathLike] = None,
    adaptive: Optional[float] = None,
    resume: bool = False,
    data: Optional[Data] = None,
    split: Literal["train", "test"] = "train",
    examples: Optional[int] = None,
    batch_size: Optional[int] = None,
    precision: Optional[Literal["float", "double"]] = None,
    memory: Optional[Union[str, int]] = None,
    seed: int = 0,
    batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
    include_weight_decay: bool = False,
    weight_decay: Optional[float] = None,
    **style: Unpack[Style],
) -> Result:
    """Measures the loss and the barrier between two networks, or draws the plane through three.

    Parameters
    ----------
    checkpoints: problems, checkpoints or their paths
    points: Points along the line (default: 51), or along each axis of the plane (default: 31).
    align: First reorder the second network's hidden units: weights so that its weights are nearest to the first's,
        activations so that they compute the same on training examples.
    align_examples: Training examples whose activations are compared, and by which a refined alignment is judged (default:
        1000).
    align_refine: Refine the alignment by so many steps of a straight-through estimator that lowers the loss half way
        between the networks.
    align_lr: Learning rate of the refinement (default: 1).
    repair: Correct the mean and variance of every hidden unit along the line (REPAIR), in networks without normalisation.
    curve: Also train a curve of low loss between the two: a Bezier curve, a chain of straight pieces, or a nudged elastic
        band.
    bends: Trained points of the curve (default: 1), or those that an elastic band begins with (3).
    cycles: Cycles of an elastic band, between which points are inserted (default: 4).
    steps: Steps of the curve's training (default: 1000).
    lr: Learning rate of the curve's training (default: 0.05).
    curve_batch_size: Batch size of the curve's training (default: 128).
    save_curve: Write the networks along the curve as checkpoints into this folder; it is made if missing.
    adaptive: For the plane: evaluate only the points needed to interpolate the rest within this share of the values' range,
        such as 0.01.
    resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
    data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
        npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
    split: Split of the data.
    examples: Use only so many examples, the first ones.
    batch_size: Examples computed at once (default: what fits the memory).
    precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
    memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
        less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
    seed: Seed of everything random.
    batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
        (averages over the data, measured first).
    include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
    weight_decay: Another λ for --include-weight-decay.
    style: options of its pictures, see `Style`

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("interpolate", locals())


def compare(
    *checkpoints: Any,
    measures: Union[str, Sequence[str]] = "default",
    dims: Optional[int] = None,
    points: Union[int, str, tuple[int, int]] = 51,
    range: Union[str, float] = 1.0,
    x_range: Optional[Union[str, tuple[float, float]]] = None,
    y_range: Optional[Union[str, tuple[float, float]]] = None,
    z_range: Optional[Union[str, tuple[float, float]]] = None,
    rho: Union[float, Sequence[float]] = 0.05,
    adaptive: Optional[float] = None,
    panels: bool = False,
    resume: bool = False,
    data: Optional[Data] = None,
    split: Literal["train", "test"] = "train",
    examples: Optional[int] = None,
    batch_size: Optional[int] = None,
    precision: Optional[Literal["float", "double"]] = None,
    memory: Optional[Union[str, int]] = None,
    seed: int = 0,
    batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
    include_weight_decay: bool = False,
    weight_decay: Optional[float] = None,
    **style: Unpack[Style],
) -> Result:
    """Measures several checkpoints side by side, and draws their slices on the same axes and colours.

    Parameters
    ----------
    checkpoints: problems, checkpoints or their paths
    dims: 1 for a line, 2 for a plane, 3 for a space (default: as many as --points, --y-range, --z-range or --directions
        name, else 1).
    points: Points along each axis: 51, 51x41 for α × β, or 21x21x21 for α × β × γ.
    range: Half the length of all axes, which run from −length to length; auto: to where the loss is 10 times the
        checkpoint's, auto:F: F times.
    x_range: Range of α, as a:b.
    y_range: Range of β, as a:b.
    z_range: Range of γ, as a:b.
    measures: Measures with commas between them, by their names in the JSON; 'default' or 'all' among them.
    rho: Radius ρ of the worst case, and deviation of each weight in the average case.
    adaptive: Evaluate only the points needed to interpolate the rest within this share of the values' range, such as 0.01.
    panels: Draw each checkpoint's line and accuracy in a panel of its own instead of all lines in one frame. Planes always
        have panels.
    resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
    data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
        npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
    split: Split of the data.
    examples: Use only so many examples, the first ones.
    batch_size: Examples computed at once (default: what fits the memory).
    precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
    memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
        less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
    seed: Seed of everything random.
    batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
        (averages over the data, measured first).
    include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
    weight_decay: Another λ for --include-weight-decay.
    style: options of its pictures, see `Style`

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("compare", locals())


def trajectory(
    folder: PathLike, *others: PathLike,
    points: Union[int, str, tuple[int, int]] = 41,
    x_range: Optional[Union[str, tuple[float, float]]] = None,
    y_range: Optional[Union[str, tuple[float, float]]] = None,
    scaled_by: Optional[Literal["adam"]] = None,
    adaptive: Optional[float] = None,
    resume: bool = False,
    data: Optional[Data] = None,
    split: Literal["train", "test"] = "train",
    examples: Optional[int] = None,
    batch_size: Optional[int] = None,
    precision: Optional[Literal["float", "double"]] = None,
    memory: Optional[Union[str, int]] = None,
    seed: int = 0,
    batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
    include_weight_decay: bool = False,
    weight_decay: Optional[float] = None,
    **style: Unpack[Style],
) -> Result:
    """Draws the paths of one training or several over the loss in their principal plane.

    Parameters
    ----------
    folder: the folder
    others: the folders of other trainings
    points: Points of the surface along each axis: 41, or 41x31.
    x_range: Range along the first axis, as a:b (default: what holds the path).
    y_range: Range along the second axis, as a:b (default: what holds the path).
    scaled_by: adam: scale weights by the root of what Adam divides by at the end of the first training.
    adaptive: Evaluate only the points needed to interpolate the rest within this share of the values' range, such as 0.01.
    resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
    data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
        npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
    split: Split of the data.
    examples: Use only so many examples, the first ones.
    batch_size: Examples computed at once (default: what fits the memory).
    precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
    memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
        less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
    seed: Seed of everything random.
    batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
        (averages over the data, measured first).
    include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
    weight_decay: Another λ for --include-weight-decay.
    style: options of its pictures, see `Style`

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("trajectory", locals())


def study(
    folder: PathLike,
    measures: Union[str, Sequence[str]] = "default",
    *,
    rho: Union[float, Sequence[float]] = 0.05,
    adaptive_rho: float = 0.5,
    deviation: float = 0.01,
    adaptive_deviation: float = 0.1,
    probes: int = 30,
    samples: int = 20,
    audit: Optional[PathLike] = None,
    audit_seeds: Optional[int] = None,
    audit_lr: Optional[float] = None,
    audit_batch_size: Optional[float] = None,
    resume: bool = False,
    data: Optional[Data] = None,
    split: Literal["train", "test"] = "train",
    examples: Optional[int] = None,
    batch_size: Optional[int] = None,
    precision: Optional[Literal["float", "double"]] = None,
    memory: Optional[Union[str, int]] = None,
    seed: int = 0,
    batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
    include_weight_decay: bool = False,
    weight_decay: Optional[float] = None,
    **style: Unpack[Style],
) -> Result:
    """Measures all checkpoints in a folder, and correlates each measure with the generalisation gap.

    Losses and accuracies are measured on the whole splits; --examples N limits the other measures only. --audit reports
    which measures survive small changes of the training.

    Parameters
    ----------
    folder: the folder
    measures: Measures with commas between them, by their names in the JSON; 'default' or 'all' among them.
    rho: Radius of the worst case.
    adaptive_rho: Radius of the adaptive worst case, T = |θ|.
    deviation: Deviation of each weight in the average case.
    adaptive_deviation: Deviation relative to each weight in the adaptive average case.
    probes: Products for the trace.
    samples: Antithetic pairs of the average cases.
    audit: Train each recipe again with other seeds, learning rates and batch sizes, and report which measures survive. The
        checkpoints go into this folder; those that are there are not trained again.
    audit_seeds: Other seeds of each recipe (default: 2).
    audit_lr: Factor by which the learning rate is multiplied and divided (default: 1.1; 1 for no such change).
    audit_batch_size: Factor by which the batch size is multiplied and divided (default: 1.25; 1 for no such change).
    resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
    data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
        npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
    split: Split of the data.
    examples: Use only so many examples, the first ones.
    batch_size: Examples computed at once (default: what fits the memory).
    precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
    memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
        less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.
    seed: Seed of everything random.
    batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
        (averages over the data, measured first).
    include_weight_decay: Add ½λ‖θ‖² to the loss, with λ the training's weight decay.
    weight_decay: Another λ for --include-weight-decay.
    style: options of its pictures, see `Style`

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("study", locals())


def align(
    reference: Any, checkpoint: Any, o: Optional[PathLike] = None,
    *,
    by: Literal["weights", "activations"] = "weights",
    align_examples: Optional[int] = None,
    align_refine: Optional[int] = None,
    align_lr: Optional[float] = None,
    seed: int = 0,
    resume: bool = False,
    threads: Optional[int] = None,
) -> Checkpoint:
    """Reorders a network's hidden units so that they agree with another's.

    The aligned network computes what B computes. Which units may be reordered is read off the network's graph.

    Parameters
    ----------
    reference, checkpoint: problems, checkpoints or their paths; the second is reordered
    o: the checkpoint to write; without it a temporary file, which goes with the checkpoint. `found` of that is the command's result
    by: weights: units are matched by their weights. activations: by what they compute on training examples.
    align_examples: Training examples whose activations are compared, and by which a refined alignment is judged (default:
        1000).
    align_refine: Refine the alignment by so many steps of a straight-through estimator that lowers the loss half way
        between the networks.
    align_lr: Learning rate of the refinement (default: 1).
    seed: Seed of the order in which hidden dimensions are matched, and of batches.
    resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
    threads: Number of threads (default: all processors). Any number gives the same bits.

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("align", locals())


def average(
    *checkpoints: Any, o: Optional[PathLike] = None,
    examples: Optional[int] = None,
    threads: Optional[int] = None,
) -> Checkpoint:
    """Writes the mean of several networks' weights, and measures it beside its parts.

    Statistics of batch normalisation are measured anew on the training data of the first network.

    Parameters
    ----------
    checkpoints: problems, checkpoints or their paths
    o: the checkpoint to write; without it a temporary file, which goes with the checkpoint. `found` of that is the command's result
    examples: Use only so many examples, the first ones.
    threads: Number of threads (default: all processors). Any number gives the same bits.

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("average", locals())


def topology(
    surface: Any,
    *,
    threshold: Optional[float] = None,
    error: Optional[float] = None,
    levels: Optional[Union[float, Sequence[float]]] = None,
    top: int = 10,
    picture: Literal["all", "tree", "barcode", "basins", "betti", "persistence"] = "all",
    **style: Unpack[Style],
) -> Result:
    """Finds minima, saddles and holes of a saved slice, and says which of them are certain.

    Parameters
    ----------
    surface: a slice that was computed, or its .npz file
    threshold: Minima of at least this persistence keep a basin, the others' join it (default: the certain ones).
    error: Largest error of the values; pairs of twice as much are certain (default: what an adaptive slice states, else an
        estimate).
    levels: Values at which Betti numbers are counted, such as 0.1,0.5,1 (default: 51 over the range).
    top: Rows of the printed tables.
    picture: What a picture shows: all, tree, barcode, basins, betti, persistence.
    style: options of its pictures, see `Style`

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("topology", locals())


def report(
    *checkpoints: Any, o: PathLike = "report",
    measures: Union[str, Sequence[str]] = "default",
    rho: Union[float, Sequence[float]] = 0.05,
    points: Union[int, str, tuple[int, int]] = 41,
    adaptive: float = 0.02,
    data: Optional[Data] = None,
    examples: Optional[int] = None,
    batch_size: Optional[int] = None,
    precision: Optional[Literal["float", "double"]] = None,
    memory: Optional[Union[str, int]] = None,
    seed: int = 0,
    batchnorm: Literal["stored", "batch", "recalibrate"] = "stored",
    resume: bool = False,
    width: Optional[Union[str, float]] = None,
    height: Optional[Union[str, float]] = None,
    font_size: Optional[float] = None,
    dpi: Optional[float] = None,
    theme: Optional[str] = None,
    font_family: Optional[str] = None,
    colors: Optional[str] = None,
    contours: Optional[Union[float, Sequence[float]]] = None,
    fill: Optional[str] = None,
    scale: Optional[str] = None,
    log: bool = False,
    value_range: Optional[Union[str, tuple[float, float]]] = None,
    title: Optional[str] = None,
    subtitle: Optional[str] = None,
    x_label: Optional[str] = None,
    y_label: Optional[str] = None,
    x_limits: Optional[Union[str, tuple[float, float]]] = None,
    y_limits: Optional[Union[str, tuple[float, float]]] = None,
    no_legend: bool = False,
    no_marks: bool = False,
    in_3d: bool = False,
    view: Optional[Union[float, Sequence[float]]] = None,
    style: Optional[PathLike] = None,
    threads: Optional[int] = None,
) -> str:
    """Writes one interactive page about one or more checkpoints: what differs, and how surely.

    The folder holds the pictures, the data, and an index.html that needs no network. Options of pictures apply to the
    picture files and to the page's still pictures; its interactive views take --colors alone.

    Parameters
    ----------
    checkpoints: problems, checkpoints or their paths
    o: folder of the page
    rho: Radius ρ of the worst case, and deviation of each weight in the average case.
    points: Points along each axis of the plane.
    adaptive: Tolerance of the plane, as a share of the values' range (see 'slice --adaptive').
    measures: Rows of other measures, with commas between them, by the names that compare has for them; 'default' is none
        more, 'all' are all.
    data: Data to measure on (default: the training's): digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR,
        npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K.
    examples: Use only so many examples, the first ones.
    batch_size: Examples computed at once (default: what fits the memory).
    precision: Precision of the network. Sums over examples are always double. (Default: that of the module, else float.)
    memory: Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give,
        less a tenth). If an analysis cannot run within it, the command stops and prints the smallest value that works.
    seed: Seed of everything random.
    batchnorm: Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate
        (averages over the data, measured first).
    resume: Go on from the work that an interrupted run of this command has kept beside the checkpoint.
    width: Width of the picture, such as 3.25in, 82mm, 240pt or 600px.
    height: Height of the picture (default: what fits the width).
    font_size: Size of the letters that name axes, in points (default: 11). It stays the same at any width.
    dpi: Pixels per inch of a .png (default: 144).
    theme: light, dark or transparent (default: light).
    font_family: Family of the letters of an .svg that follows its page.
    colors: Colours of a map: viridis, magma, inferno, plasma, cividis, turbo, coolwarm, grey, diverging, or one of these
        with _r (default: viridis).
    contours: Contour lines of a map: auto, none, how many (such as 8), or levels such as 0.5,1,2.
    fill: smooth or cells: how a map is coloured between the points (default: smooth from 9 points on).
    scale: auto, linear or log. auto takes log where all values are positive and span more than 30 times.
    log: Draw on a logarithmic scale.
    value_range: Values at the ends of the colour scale, as a:b.
    title: Title of the picture.
    subtitle: The line under the title.
    x_label: Name of the horizontal axis.
    y_label: Name of the vertical axis.
    x_limits: Ends of the horizontal axis, as a:b.
    y_limits: Ends of the vertical axis, as a:b.
    no_legend: Leave out the key.
    no_marks: Leave out the marks of centre, minimum and evaluated points.
    in_3d: Draw a map as a surface in space.
    view: Direction that a surface is seen from, in degrees as matplotlib's view_init, such as -60,30 (default: one that
        shows the minimum and hides least).
    style: A TOML file with any of these, such as width = "3.25in"; options here go before it.
    threads: Number of threads (default: all processors). Any number gives the same bits.

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("report", locals())


def train(
    o: PathLike = "ckpt.bin",
    *,
    model: Optional[str] = None,
    start: Optional[Any] = None,
    data: Optional[Data] = None,
    optimizer: Literal["sgd", "nesterov", "adam", "adamw", "muon", "sam", "asam", "gsam", "looksam", "fsam", "eigensam"] = "sgd",
    base: Optional[Literal["sgd", "nesterov", "adam", "adamw", "muon"]] = None,
    rho: Optional[Union[float, Sequence[float]]] = None,
    eta: Optional[float] = None,
    alpha: Optional[float] = None,
    look_every: Optional[int] = None,
    eigen_every: Optional[int] = None,
    sigma: Optional[float] = None,
    averaging: Optional[float] = None,
    m: Optional[int] = None,
    lr: Optional[float] = None,
    adam_lr: Optional[float] = None,
    momentum: Optional[float] = None,
    weight_decay: Optional[float] = None,
    perturb: Literal["all", "norm"] = "all",
    decay_in_ascent: bool = False,
    schedule: Literal["constant", "step", "cosine"] = "cosine",
    warmup: Optional[str] = None,
    epochs: Optional[float] = None,
    steps: Optional[int] = None,
    gradients: Optional[int] = None,
    batch_size: int = 128,
    accumulate: int = 1,
    examples: Optional[int] = None,
    loss: Optional[str] = None,
    class_axis: Optional[int] = None,
    ignore_index: Optional[int] = None,
    class_weights: Optional[Union[float, Sequence[float]]] = None,
    pos_weights: Optional[Union[float, Sequence[float]]] = None,
    label_smoothing: float = 0.0,
    label_noise: float = 0.0,
    augment: Literal["crop", "flip", "crop,flip"] = "none",
    grad_clip: Optional[float] = None,
    track_sharpness: Optional[int] = None,
    track_top: Optional[int] = None,
    save_every: Optional[int] = None,
    ema: Optional[float] = None,
    swa_start: Optional[int] = None,
    activation: Optional[Literal["relu", "gelu", "tanh", "silu"]] = None,
    norm: Optional[Literal["batch", "layer", "group", "none"]] = None,
    precision: Optional[Literal["float", "double"]] = None,
    seed: int = 0,
    resume: bool = False,
    standardize: bool = False,
    mean: Optional[Union[float, Sequence[float]]] = None,
    std: Optional[Union[float, Sequence[float]]] = None,
    width: Optional[Union[str, float]] = None,
    height: Optional[Union[str, float]] = None,
    font_size: Optional[float] = None,
    dpi: Optional[float] = None,
    theme: Optional[str] = None,
    font_family: Optional[str] = None,
    colors: Optional[str] = None,
    contours: Optional[Union[float, Sequence[float]]] = None,
    fill: Optional[str] = None,
    scale: Optional[str] = None,
    log: bool = False,
    value_range: Optional[Union[str, tuple[float, float]]] = None,
    title: Optional[str] = None,
    subtitle: Optional[str] = None,
    x_label: Optional[str] = None,
    y_label: Optional[str] = None,
    x_limits: Optional[Union[str, tuple[float, float]]] = None,
    y_limits: Optional[Union[str, tuple[float, float]]] = None,
    no_legend: bool = False,
    no_marks: bool = False,
    in_3d: bool = False,
    view: Optional[Union[float, Sequence[float]]] = None,
    style: Optional[PathLike] = None,
    threads: Optional[int] = None,
) -> Checkpoint:
    """Trains a network and writes a checkpoint.

    An interrupted training continues with --resume, to the same bits as without the interruption.

    Parameters
    ----------
    o: the checkpoint to write
    model: The network: linear, mlp:64-32-10, lenet, vgg11, resnet20|32|44|56|110[:B|:noshort], resnet18|34[:imagenet],
        wrn-28-10, vit[:patch=4,dim=128,depth=6,heads=4], transformer:vocab=N[,dim=64,depth=2,heads=4].
    start: Start from this checkpoint's network and weights instead of --model.
    data: Training data: digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR, npy:X.npy,Y.npy,
        npy:NAME=FILE,…, npz:FILE, csv:FILE, mnist1d, spirals, chebyshev:K. With --start, the checkpoint's by default.
    optimizer: Update rule.
    base: Update rule after the ascent step of SAM and its kin (default: sgd).
    rho: Radius ρ of the ascent step (default: 0.05; asam 0.5).
    eta: η of ASAM's |w| + η (default: 0.01).
    alpha: α of GSAM (default: 0.4), LookSAM (0.7) or Eigen-SAM (0.2).
    look_every: LookSAM: steps from one ascent to the next (default: 5).
    eigen_every: Eigen-SAM: steps from one estimate of the top eigenvector to the next (default: 100).
    sigma: Friendly-SAM: σ, how much of the average of gradients is taken away (default: 1).
    averaging: Friendly-SAM: λ of the moving average of gradients (default: 0.9).
    m: m-SAM: examples of a batch that share an ascent step.
    lr: Learning rate (default: 0.05; adam and adamw 0.001, muon 0.02).
    adam_lr: Muon: learning rate of the AdamW for what is no hidden weight (default: 3e-4).
    momentum: Momentum (default: 0.9; muon 0.95).
    weight_decay: Weight decay (default: 5e-4; adam and muon 0, adamw 0.01).
    perturb: Parameters that the ascent step moves: all, or only scales and shifts of normalization layers.
    decay_in_ascent: Include the weight decay in the ascent step.
    schedule: Schedule of the learning rate.
    warmup: Linear warm-up in epochs, or in steps: '100 steps'.
    epochs: Number of epochs (default: 20).
    steps: Number of steps, instead of --epochs.
    gradients: Number of gradients of batches, instead of --epochs. A step takes one for each of its batches, two with an
        ascent, so equal numbers are equal cost.
    batch_size: Examples in a batch.
    accumulate: Batches whose gradients make one step.
    examples: Train on so many examples only, the first ones.
    loss: The loss: cross-entropy[:label-smoothing=S], nll, bce, mse (mean r² over outputs), half-mse (½ of it), l1,
        huber[:δ], smooth-l1[:β], poisson, kl, output[:NAME] (default: what suits model and data). With 'output' the graph's
        output is the loss.
    class_axis: The axis of classes in the outputs, such as 1 for N×K×… or -1 for N×…×K (default: found from the shapes).
    ignore_index: The label that does not count (default: -100).
    class_weights: A weight for each class, such as 0.2,1,3, or a file of them (.npy, .csv).
    pos_weights: For bce: the weight of positive targets, one for each output or one for all, or a file of them.
    label_smoothing: Share of each label that is spread over all classes.
    label_noise: Share of the training labels that are replaced by wrong ones.
    augment: Shift (crop) and mirror (flip) training images. Without a value: both.
    grad_clip: Largest norm of a gradient.
    track_sharpness: Measure λmax of the Hessian after every so many epochs and draw it beside the checkpoint.
    track_top: With --track-sharpness, measure the gradient's share in the space of so many top eigenvectors, too.
    save_every: Keep a checkpoint NAME.epochNNN.bin after every so many epochs.
    ema: Keep the moving average of the weights with this decay, such as 0.999, and write it to NAME.ema.bin.
    swa_start: Average the weights at the end of every epoch from this one on, and write the mean to NAME.swa.bin.
    activation: Activation in place of the model's own.
    norm: Normalisation in place of the model's own.
    precision: Precision of the network. (Default: that of the module, else float.)
    seed: Seed of everything random: initial weights, batches, augmentation.
    resume: Continue from the checkpoint at -o, which is written every 30 s; where there is none, from the newest
        NAME.epochNNN.bin.
    standardize: Bring inputs to mean 0 and deviation 1, measured on the training split.
    mean: Subtract this from the inputs: one number for each channel, or one for all. Bytes of images count as 0 to 1.
    std: Then divide by this, such as 0.229,0.224,0.225.
    width: Width of the picture, such as 3.25in, 82mm, 240pt or 600px.
    height: Height of the picture (default: what fits the width).
    font_size: Size of the letters that name axes, in points (default: 11). It stays the same at any width.
    dpi: Pixels per inch of a .png (default: 144).
    theme: light, dark or transparent (default: light).
    font_family: Family of the letters of an .svg that follows its page.
    colors: Colours of a map: viridis, magma, inferno, plasma, cividis, turbo, coolwarm, grey, diverging, or one of these
        with _r (default: viridis).
    contours: Contour lines of a map: auto, none, how many (such as 8), or levels such as 0.5,1,2.
    fill: smooth or cells: how a map is coloured between the points (default: smooth from 9 points on).
    scale: auto, linear or log. auto takes log where all values are positive and span more than 30 times.
    log: Draw on a logarithmic scale.
    value_range: Values at the ends of the colour scale, as a:b.
    title: Title of the picture.
    subtitle: The line under the title.
    x_label: Name of the horizontal axis.
    y_label: Name of the vertical axis.
    x_limits: Ends of the horizontal axis, as a:b.
    y_limits: Ends of the vertical axis, as a:b.
    no_legend: Leave out the key.
    no_marks: Leave out the marks of centre, minimum and evaluated points.
    in_3d: Draw a map as a surface in space.
    view: Direction that a surface is seen from, in degrees as matplotlib's view_init, such as -60,30 (default: one that
        shows the minimum and hides least).
    style: A TOML file with any of these, such as width = "3.25in"; options here go before it.
    threads: Number of threads (default: all processors). Any number gives the same bits.

    Raises `LandscapeError` with the program's line.
    """
    from ._functions import call

    return call("train", locals())
