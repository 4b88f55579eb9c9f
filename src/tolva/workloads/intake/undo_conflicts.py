"""What an undo leaves alone, as the lines of errors in which it is listed."""

import json
from typing import Any

from tolva.core.job import Json
from tolva.tables.undone import UndoConflict, Undone
from tolva.workloads.intake.row_key import Key, format_key, row_key


def conflict_lines(done: Undone, before: int, *, several: bool) -> Json:
    """The conflicts as columns of errors, by key; `row` only keeps them in order."""
    numbers = {key: before + n for n, key in enumerate(dict.fromkeys(c.key for c in done.conflicts), start=1)}
    seen = dict.fromkeys(numbers, 0)
    columns: dict[str, list[Any]] = {name: [] for name in ("row", "n", "key", "column", "value", "code", "message")}
    for conflict in done.conflicts:
        key = row_key(conflict.key, several=several)
        at = numbers[conflict.key], seen[conflict.key], json.dumps(key)
        what = conflict.field or "", conflict.now or "", "changed_since", _said(key, conflict)
        for name, cell in zip(columns, (*at, *what), strict=True):
            columns[name].append(cell)
        seen[conflict.key] += 1
    return columns


def _said(key: Key, conflict: UndoConflict) -> str:
    """The key, the row of the file where it is known, and what is the matter.

    >>> _said("A1", UndoConflict("A1", 7, None, None, "la fila ya no existe"))
    'A1 (fila 7 del archivo): la fila ya no existe'
    """
    told = format_key(key)
    where = told if conflict.row is None else f"{told} (fila {conflict.row} del archivo)"
    return f"{where}: {conflict.said}"
