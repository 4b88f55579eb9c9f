"""Rows for people: a table where it fits, else one block for each row. Ids are never cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

LEAST_WRAPPED = 24
"""Columns below which wrapped text is no pleasure to read."""


@dataclass(frozen=True)
class Column:
    """`wraps` is for prose; everything else stays on its line. `style` is rich's."""

    title: str
    wraps: bool = False
    right: bool = False
    style: str = ""


def listing(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[object]], title: str = ""
) -> RenderableType:
    """The rows, each with one cell per column, in the form that suits the width of the console."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if _least_width(columns, cells) <= console.width:
        return _table(columns, cells, title)
    return _blocks(columns, cells, title)


def _least_width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    return sum(starmap(_column_width, zip(columns, zip(*rows, strict=True), strict=True)))


def _column_width(column: Column, cells: Sequence[str]) -> int:
    widest = max(map(cell_len, [column.title, *cells]))
    return 2 + (min(widest, LEAST_WRAPPED) if column.wraps else widest)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(
            column.title,
            no_wrap=not column.wraps,
            overflow="fold",
            justify="right" if column.right else "left",
            style=column.style,
            header_style="dim",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _blocks(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str) -> Group:
    parts: list[RenderableType] = [Text(title, style="bold")] if title else []
    for first, *others in rows:
        block = Table.grid(padding=(0, 1))
        for column, cell in zip(columns[1:], others, strict=True):
            if cell:
                block.add_row(Text(column.title, style="dim"), Text(cell, style=column.style, overflow="fold"))
        parts += [Text(first, style="bold", overflow="fold"), Padding(block, (0, 0, 0, 2))]
    return Group(*parts)


def facts(pairs: Sequence[tuple[str, object]]) -> Table:
    """Names and values below each other; what has no value is left out."""
    table = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value not in (None, ""):
            table.add_row(Text(name, style="dim"), Text(str(value), overflow="fold"))
    return table
