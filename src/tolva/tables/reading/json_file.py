"""JSON: its records, set down in pieces as rows of text."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading.findings import Findings
from tolva.tables.reading.json_cells import Number
from tolva.tables.reading.json_records import Found, elements, lines
from tolva.tables.reading.pieces import ROWS, Piece, PiecesSource, PieceWriter
from tolva.tables.reading.source import MAX_COLUMNS, NO_NUMBERS
from tolva.tables.reading.watch import Watch

MAX_TEXT = 16 * 1024 * 1024
MAX_CELLS = 2_000_000
"""Characters and cells of one piece: what is held at a time, however large the objects are."""
LOOK = 1_000
"""Records after which the caller is asked whether to go on."""


def open_json(path: Path, kind: str, scratch: Path, watch: Watch) -> PiecesSource:
    """Parses the whole file, record by record, into pieces in `scratch`.

    Raises UnreadableFile when it holds no record, or is not JSON at all; TooLarge.
    """
    notes: list[str] = []
    records = lines(path) if kind == "ndjson" else elements(path, notes)
    writer = PieceWriter(scratch)
    columns: dict[str, int] = {}
    texts = set[int]()
    for batch in _batches(records, columns, watch):
        writer.write(_framed(batch, columns, texts))
    if not columns:
        raise UnreadableFile("El archivo JSON no contiene ningún objeto con datos.")
    headers = tuple(name.replace("\0", "").strip() for name in columns)
    found = Findings(kind, (0,), headers, encoding="utf-8", notes=tuple(notes))
    return PiecesSource(
        headers,
        writer.pieces,
        found,
        lambda asked: [_numbers(writer.pieces, column) if column in texts else "all" for column in asked],
    )


def _batches(records: Iterator[Found], columns: dict[str, int], watch: Watch) -> Iterator[list[Found]]:
    """Records that are set down together. Their fields are numbered in `columns`, which grows."""
    batch: list[Found] = []
    size = 0
    for record in records:
        if len(batch) % LOOK == 0:
            watch()
        fields = record[1] or {}
        width = len(columns) + sum(name not in columns for name in fields)
        if width > MAX_COLUMNS:
            raise TooLarge(f"Los objetos tienen más de {MAX_COLUMNS} campos distintos; es lo máximo que se acepta.")
        if batch and (len(batch) == ROWS or size > MAX_TEXT or (len(batch) + 1) * width > MAX_CELLS):
            yield batch
            batch, size = [], 0
        for name in fields:
            columns.setdefault(name, len(columns))
        size += sum(map(len, fields.values()))
        batch.append(record)
    if batch:
        yield batch


def _framed(records: list[Found], columns: dict[str, int], texts: set[int]) -> pl.DataFrame:
    """The frame of some records; `n0`, `n1` … tell which cells of `c0`, `c1` … are numbers, where some are.

    Columns with cells of another kind are added to `texts`.
    """
    cells: dict[str, pl.Series] = {}
    for name, number in columns.items():
        found = [fields.get(name) if fields else None for _, fields in records]
        numbers = [isinstance(cell, Number) for cell in found]
        if sum(numbers) + found.count(None) < len(found):
            texts.add(number)
        cells[f"c{number}"] = pl.Series(found, dtype=pl.String)
        if any(numbers):
            cells[f"n{number}"] = pl.Series(numbers, dtype=pl.Boolean)
    rows = pl.Series([number for number, _ in records], dtype=pl.Int64)
    flaws = pl.Series([None if fields is not None else "bad_json" for _, fields in records], dtype=pl.String)
    more = pl.Series([None] * len(records), dtype=pl.List(pl.String))
    return pl.DataFrame({"row": rows, "flaw": flaws, "more": more, **cells})


def _numbers(pieces: Sequence[Piece], column: int) -> pl.Series:
    """The numbers of the rows where a column of several kinds has a number."""
    name = f"n{column}"
    having = [piece.path for piece in pieces if name in pl.read_ipc_schema(piece.path)]
    rows = [pl.read_ipc(path, columns=["row", name]).filter(name)["row"].cast(pl.UInt32) for path in having]
    return pl.concat(rows) if rows else NO_NUMBERS
