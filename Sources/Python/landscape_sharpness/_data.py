"""Data of any kind as named arrays, and as the batches that they came in."""
from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

import numpy as np

from ._arrays import array, is_array

# Names of the target in a batch that is a mapping, as those of `landscape import`.
TARGETS = ("labels", "targets", "y")


@dataclass
class Leaves:
    """Arrays in the order of a nested structure, and the structure: with an index in place of each array."""

    arrays: list[np.ndarray]
    structure: Any
    names: list[str]

    @property
    def count(self) -> int:
        """Number of examples."""
        return len(self.arrays[0])


def is_mapping(value: Any) -> bool:
    """Whether it is a batch by names: a dictionary, or what Hugging Face makes of one."""
    return isinstance(value, Mapping) or (hasattr(value, "keys") and hasattr(value, "__getitem__") and not is_array(value))


def is_sequence(value: Any) -> bool:
    """Whether it is a batch in order, such as (X, y)."""
    return isinstance(value, (tuple, list))


def fill(structure: Any, leaves: Sequence[Any]) -> Any:
    """The structure with these in place of its indices."""
    if isinstance(structure, dict):
        return {name: fill(part, leaves) for name, part in structure.items()}
    if isinstance(structure, tuple):
        return tuple(fill(part, leaves) for part in structure)
    return leaves[structure]


def _flatten(batch: Any, place: str, arrays: list, names: list[str]) -> Any:
    if is_array(batch):
        arrays.append(array(batch))
        names.append(place or "x")
        return len(arrays) - 1
    if is_mapping(batch):
        return {name: _flatten(batch[name], f"{place}_{name}" if place else str(name), arrays, names) for name in batch.keys()}
    if is_sequence(batch):
        if _is_numbers(batch, place):
            return _flatten(np.asarray(batch), place, arrays, names)
        own = ["x", "y"] if not place and len(batch) == 2 else [f"{place or 'x'}_{i}" for i in range(len(batch))]
        return tuple(_flatten(value, name, arrays, names) for value, name in zip(batch, own))
    raise TypeError(
        f"data: found {type(batch).__name__}{f' at {place}' if place else ''}, expected arrays, tensors, or tuples and dictionaries of them;"
        " leave out of the batch what is no number")


def _is_numbers(batch: Any, place: str) -> bool:
    """Whether it is a list of numbers, or, where it is a part of the data, of equally long lists of them."""
    if place and isinstance(batch, list) and batch and all(isinstance(value, list) for value in batch):
        try:
            return np.asarray(batch).dtype.kind in "iufb"
        except ValueError:
            return False
    return bool(batch) and all(isinstance(value, (int, float, bool, np.number)) for value in batch)


def leaves(data: Any) -> Leaves:
    """All of the data as arrays.

    Parameters
    ----------
    data: arrays or tensors, in tuples and dictionaries of any depth; a torch Dataset, or a DataLoader, of which one pass is
        taken. Axis 0 of every array is the example.

    Raises `TypeError` for what holds no arrays, and `ValueError` if lengths differ or there are no examples.
    """
    if isinstance(data, list) and len(data) > 1 and all(isinstance(part, (tuple, dict)) for part in data):
        raise TypeError(
            f"data: found a list of {len(data)} {type(data[0]).__name__}s, expected (X, y) with all examples in each; give batches as"
            " iter(LIST), and examples as torch.utils.data.DataLoader(LIST, 256)")
    if is_array(data) or is_mapping(data) or is_sequence(data):
        found = _leaves_of(data)
    else:
        found = _passed(data)
    counts = {name: len(value) for name, value in zip(found.names, found.arrays) if value.ndim}
    flat = [name for name, value in zip(found.names, found.arrays) if not value.ndim]
    if flat:
        raise ValueError(f"data: {flat[0]} is a single number, expected an array whose first axis is the example")
    if len(set(counts.values())) > 1:
        raise ValueError(
            "data: the arrays have different numbers of examples: " + ", ".join(f"{n} {c}" for n, c in counts.items()))
    if not counts or found.count == 0:
        raise ValueError("data: there is no example")
    return found


def _leaves_of(batch: Any) -> Leaves:
    arrays: list[np.ndarray] = []
    names: list[str] = []
    structure = _flatten(batch, "", arrays, names)
    return Leaves(arrays, structure, names)


def _passed(data: Any) -> Leaves:
    """What one pass over a loader, a dataset or an iterable of batches gives, put together."""
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "batch_sampler"):
        from torch.utils.data import DataLoader

        data = DataLoader(data, batch_size=min(256, max(1, len(data))), shuffle=False)
    if "torch" in sys.modules:
        from torch.utils.data import DataLoader, IterableDataset

        if isinstance(data, IterableDataset):  # Of examples, not of batches.
            data = DataLoader(data, batch_size=256)
    if not hasattr(data, "__iter__"):
        raise TypeError(
            f"data: found {type(data).__name__}, expected (X, y), a dictionary of arrays, a Dataset or a DataLoader")
    batches = []
    for batch in data:
        batches.append(_leaves_of(batch))
        if batches[-1].structure != batches[0].structure:
            raise ValueError(f"data: batch {len(batches)} has another structure than the first")
    if not batches:
        raise ValueError("data: there is no example")
    arrays = []
    for i, name in enumerate(batches[0].names):
        try:
            arrays.append(np.concatenate([batch.arrays[i] for batch in batches]))
        except ValueError:
            shapes = sorted({batch.arrays[i].shape[1:] for batch in batches})
            raise ValueError(
                f"data: {name} has examples of different shapes, such as {shapes[0]} and {shapes[-1]}; pad them to one shape, and"
                " mask or ignore the padding in the loss") from None
    return Leaves(arrays, batches[0].structure, batches[0].names)


@dataclass
class Roles:
    """Which leaves are the model's inputs, and which the target."""

    arguments: tuple  # Structures of the positional arguments.
    keywords: dict  # Structures of the arguments by name.
    target: Optional[int]


def roles(found: Leaves, target: Optional[str]) -> Roles:
    """Inputs and target of data for a loss of the outputs: (X, y), ((X1, X2), y), or a mapping with labels, targets or y.

    Raises `ValueError` if there is no target.
    """
    structure = found.structure
    if isinstance(structure, dict):
        names = [target] if target else [name for name in TARGETS if name in structure]
        if len(names) != 1 or names[0] not in structure:
            raise ValueError(
                f"data: {'no array ' + target if target else 'no target' if not names else 'several targets'} among"
                f" {', '.join(structure)}; expected one named {', '.join(TARGETS[:-1])} or {TARGETS[-1]}, or target=NAME")
        wanted = structure[names[0]]
        inputs = {name: part for name, part in structure.items() if name != names[0]}
        arguments, keywords = (), inputs
    elif isinstance(structure, tuple) and len(structure) >= 2:
        *inputs, wanted = structure
        arguments, keywords = tuple(inputs), {}
        if len(inputs) == 1 and isinstance(inputs[0], tuple):
            arguments = inputs[0]
        elif len(inputs) == 1 and isinstance(inputs[0], dict):
            arguments, keywords = (), inputs[0]
    else:
        raise ValueError("data: found one array, expected inputs and a target, such as (X, y)")
    if not isinstance(wanted, int):
        raise ValueError("data: the target is not one array; give the loss as a function of model and batch")
    return Roles(arguments, keywords, wanted)


def check_same(first: Leaves, other: Leaves):
    """Raises `ValueError` if the test split has other arrays than the training split."""
    if first.structure != other.structure:
        raise ValueError("test: its batches have another structure than those of the data")
    for name, a, b in zip(first.names, first.arrays, other.arrays):
        if a.shape[1:] != b.shape[1:] or a.dtype != b.dtype:
            raise ValueError(f"test: {name} has examples of {b.shape[1:]} {b.dtype}, expected {a.shape[1:]} {a.dtype} as in the data")
