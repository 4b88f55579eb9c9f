"""CSV and its kin: any delimiter and quoting, found out from the first rows."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

import polars as pl

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading.csv_end import Ending, find_end
from tolva.tables.reading.csv_head import HEAD_ROWS, read_head
from tolva.tables.reading.csv_source import CsvSource
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.dialect_search import find_dialect
from tolva.tables.reading.findings import NO_ROWS, Findings
from tolva.tables.reading.layout import Layout, find_layout
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.source import MAX_COLUMNS, Position, clean_headers
from tolva.tables.reading.watch import Watch

ROWS = 50_000
"""Rows of a frame where the end of the table is looked for."""
EMPTY = "El archivo está vacío: no tiene encabezados ni datos."

Rows = Sequence[Sequence[str]]


def open_csv(path: Path, known: Set[str], options: ReadOptions, watch: Watch) -> CsvSource:
    """Finds dialect and header of a file in UTF-8.

    Raises UnreadableFile when it holds nothing, TooLarge when it has too many columns.
    """
    head = read_head(path)
    dialect = find_dialect(head.text, final=head.final, known=known, delimiter=options.delimiter, quote=options.quote)
    rows, ends = head.rows(dialect)
    layout = find_layout(rows, known, None if options.header_row is None else options.header_row - 1)
    if layout is None:
        raise UnreadableFile(EMPTY)
    body, width = rows[layout.first :], _width(rows, layout)
    headers = _headers(layout, body, width)
    start = Position(layout.first, head.offset(ends[layout.first - 1] if layout.first else 0))
    found = _findings(dialect, layout, headers, NO_ROWS if head.final and not _filled(body) else None)
    source = CsvSource(path, dialect, width, headers, start, None, head.returns, found)
    ending = None if head.returns else find_end(path, dialect, headers, start.offset, body, watch)
    return _ended(source, ending, watch) if ending else source


def _width(rows: Rows, layout: Layout) -> int:
    """Cells of most rows, and room for every name of the header. Raises TooLarge."""
    widths = Counter(map(len, _filled(rows[layout.first :])))
    most = widths.most_common(1)
    width = max(len(layout.header), most[0][0] if most else 1)
    if width > MAX_COLUMNS:
        raise TooLarge(f"El archivo tiene más de {MAX_COLUMNS} columnas, que es lo máximo que se acepta.")
    return width


def _headers(layout: Layout, body: Rows, width: int) -> tuple[str, ...]:
    named = _named(layout, _filled(body), width)
    headers = clean_headers(layout.header[:named])
    return headers + ("",) * (named - len(headers))


def _named(layout: Layout, body: Rows, width: int) -> int:
    """Columns of the table: those with a name, and those that hold something in most rows."""
    filled = [sum(len(row) > column and bool(row[column].strip()) for row in body) for column in range(width)]
    named = [number for number, name in enumerate(layout.header) if name]
    if not layout.rows:
        return max((column + 1 for column in range(width) if filled[column]), default=1)
    return max([*named, *(column for column in range(width) if filled[column] * 2 > len(body))], default=0) + 1


def _filled(rows: Rows) -> Rows:
    return [row for row in rows if any(map(str.strip, row))]


def _findings(dialect: Dialect, layout: Layout, headers: tuple[str, ...], note: str | None) -> Findings:
    return Findings(
        "csv",
        tuple(row + 1 for row in layout.rows),
        headers,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        notes=(note,) if note else (),
    )


def _ended(source: CsvSource, ending: Ending, watch: Watch) -> CsvSource:
    """The source with that end, if it is one of a record, and a note of what comes behind."""
    ended, last = replace(source, end=ending.offset), source.start
    for frame in ended.frames(None, ROWS):
        watch()
        last = frame.next
    rest: list[pl.Series] = []
    for frame in source.frames(last, ROWS):
        watch()
        rest += [frame.rows["row"]] if frame.rows.height else []
    if last.offset != ending.offset or not rest:
        return source
    note = _left_out_note(rest[0][0], rest[-1][-1], sum(map(len, rest)), another_table=ending.another_table)
    return replace(ended, findings=replace(source.findings, notes=(note,)))


def _left_out_note(first: int, last: int, count: int, *, another_table: bool) -> str:
    where = f"la fila {first}" if first == last else f"de la fila {first} a la {last} ({count} filas)"
    if not another_table:
        return f"No se leen las observaciones del final: {where}. Si son datos, quite la línea en blanco de arriba."
    told = f"El archivo tiene más de una tabla; se lee la primera y no la otra: {where}."
    if first > HEAD_ROWS:
        return f"{told} Para leerla, guárdela en un archivo aparte."
    return f"{told} Para leerla, indique que su fila de encabezados es la {first} (--header-row {first})."
