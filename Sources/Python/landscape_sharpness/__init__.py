"""How sharp the minimum is that a network sits in: spectrum, sharpness and slices of its loss, with the error of each number.

    import landscape_sharpness as landscape
    p = landscape.Problem(model, (X, y), loss="cross-entropy")
    p.hessian(top=5, trace=True).eigenvalues

The program `landscape` in this package computes; docs/python.md shows what can be asked of it.
"""
from ._commands import Style, align, average, compare, interpolate, report, study, topology, train, trajectory
from ._problem import Checkpoint, Problem, open
from ._program import LandscapeError, LandscapeInterrupted, program, run
from ._results import Density, Estimate, Evaluation, Gradient, Hessian, Measures, Record, Result, Sharpness, Slice, WorstCase
from ._tracker import Tracker
from ._trajectory import Trajectory

__version__ = "0.1.0"
__all__ = [
    "Checkpoint", "Density", "Estimate", "Evaluation", "Gradient", "Hessian", "LandscapeError", "LandscapeInterrupted", "Measures",
    "Problem", "Record", "Result", "Sharpness", "Slice", "Style", "Tracker", "Trajectory", "WorstCase", "align", "average", "compare",
    "interpolate", "open", "program", "report", "run", "study", "topology", "train", "trajectory",
]
