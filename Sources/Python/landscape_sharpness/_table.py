"""A table on disk that is whole at any moment: one line is added at a time, and a line that was cut off does not count."""
from __future__ import annotations

import csv
import io
import os
from typing import Any, Iterable, Mapping

import numpy as np


class Table:
    """A CSV file with a header, whose columns may become more."""

    def __init__(self, path: str):
        """Opens the file, or begins it. A last line without its end, which a kill left, is removed."""
        self.path = path
        whole = _whole(path)
        if os.path.exists(path) and len(whole) < os.path.getsize(path):
            os.truncate(path, len(whole))
        self.columns: list[str] = next(csv.reader(io.StringIO(whole.decode())), [])

    def append(self, row: Mapping[str, Any]):
        """Adds a row, on the disk when this returns. For new columns the file is written anew, under another name until it is whole."""
        new = [name for name in row if name not in self.columns]
        if new:
            write(self.path, rows(self.path), [*self.columns, *new])
            self.columns += new
        line = _line(row.get(name) for name in self.columns)
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            size = os.fstat(file).st_size
            try:
                if os.write(file, line) < len(line):
                    raise OSError(f"{self.path}: the disk is full")
                os.fsync(file)
            except OSError:
                os.ftruncate(file, size)
                raise
        finally:
            os.close(file)


def write(path: str, found: Iterable[Mapping[str, Any]], columns: list[str]):
    """Writes a table whole."""
    temporary = f"{path}.{os.getpid()}.part"
    with open(temporary, "wb") as file:
        file.write(_line(columns))
        for row in found:
            file.write(_line(row.get(name) for name in columns))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def rows(path: str) -> list[dict[str, str]]:
    """The whole rows of a table, as text by column; none for no file."""
    return list(csv.DictReader(io.StringIO(_whole(path).decode())))


def _whole(path: str) -> bytes:
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        found = file.read()
    return found[: found.rfind(b"\n") + 1]


def _line(values: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_cell(value) for value in values])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return " ".join(str(value).split())
