"""What tells files of one shape: answers that go by the place of a column hold for these alone."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from tolva.tables.reading.cell_kinds import CellKind, kind_of
from tolva.tables.reading.source import Source, cell_names

ROWS = 1_000
KEPT: tuple[CellKind, ...] = ("number", "date", "time")
"""Kinds that tell columns apart; which texts are links or codes may change from file to file."""

Outline = dict[str, list[str]]
"""The `headers`, or where there are none the `kinds` of most cells of each column. JSON."""


def outline(source: Source) -> Outline:
    """The outline of an opened file; looks into its first rows only where it has no headers."""
    if any(source.headers):
        return {"headers": list(source.headers)}
    frame = next(iter(source.frames(None, ROWS)), None)
    if frame is None:
        return {"kinds": []}
    return {"kinds": [_kind(frame.rows[name]) for name in cell_names(len(source.headers))]}


def _kind(cells: Iterable[str | None]) -> str:
    """What most cells are.

    >>> _kind(["001", "12,5", "n/d", None]), _kind(["AB-1", "AB-2"])
    ('number', 'text')
    """
    kinds = Counter(kind_of(cell) for cell in cells if cell and cell.strip())
    kind = max(kinds, key=lambda kind: kinds[kind], default="text")
    return kind if kind in KEPT else "text"


def digest(found: Outline) -> str:
    """The outline in 32 characters.

    >>> digest({"kinds": ["text", "number"]}) == digest({"headers": ["text", "number"]})
    False
    """
    return sha256(json.dumps(found).encode()).hexdigest()[:32]
