"""CSV and its kin: any delimiter and quoting, found out from the first rows; read in blocks, never whole."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading.csv_block import BlockParser
from tolva.tables.reading.csv_cells import ANY_WIDTH, Splitter
from tolva.tables.reading.csv_end import Ending, find_end
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.dialect_search import find_dialect
from tolva.tables.reading.findings import NO_ROWS, Findings
from tolva.tables.reading.layout import Layout, find_layout
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.source import (
    MAX_COLUMNS,
    NO_NUMBERS,
    Frame,
    Numbers,
    Position,
    cell_names,
    clean_headers,
    with_more,
    without_blank,
)
from tolva.tables.reading.watch import Watch

BLOCK = 4 * 1024 * 1024
HEAD = 256 * 1024
"""Bytes in which dialect and header are looked for."""
HEAD_ROWS = 300
ROWS = 50_000
"""Rows of a frame where the end of the table is looked for."""
KEPT = 64 * 1024 * 1024
"""Bytes of memory for records that stay there between two passes; a file of more is parsed in each of them."""
CELL = 16
"""Bytes that each cell takes there besides its text: short ones need several times as much as in the file."""
MAX_RECORD = 16 * 1024 * 1024
"""Bytes of one record."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
EMPTY = "El archivo está vacío: no tiene encabezados ni datos."


Block = tuple[pl.DataFrame, Position]
"""Complete records, and the position before them."""


@dataclass(frozen=True)
class CsvSource:
    """An opened CSV file in UTF-8. One record is one row, whatever number of lines it spans."""

    path: Path
    dialect: Dialect
    width: int
    """Cells of a record, with blank ones that only end it."""
    headers: tuple[str, ...]
    start: Position
    """The position after the header."""
    end: int | None
    """The byte at which the table ends, if that is the end of a record; None: with the file."""
    returns: bool
    """Whether lines end with a carriage return alone."""
    findings: Findings
    parsed: list[Block] = field(default_factory=list[Block], compare=False)
    """All the records, once a pass has read them to the end, if they take no more than KEPT."""

    def numbers(self, columns: Sequence[int]) -> list[Numbers]:
        """In a text file all is text."""
        return [NO_NUMBERS] * len(columns)

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The data rows after `at` (None: all), at most `rows` in each frame.

        Raises UnreadableFile for a record longer than 16 MB.
        """
        for block, position in self._blocks(at or self.start):
            records, ended = self._up_to_end(block, position.offset)
            for first in range(0, records.height, rows):
                piece = records.slice(first, rows)
                yield self._frame(piece, first, position)
            if ended:
                return

    def _up_to_end(self, records: pl.DataFrame, offset: int) -> tuple[pl.DataFrame, bool]:
        """The records of the table, and whether it ends with them."""
        if self.end is None or self.end > offset + int(records["end"][-1]) or self.end < offset:
            return records, False
        inside = records.filter(pl.col("end") <= self.end - offset)
        reached = offset + (int(inside["end"][-1]) if inside.height else 0)
        return (inside, True) if reached == self.end else (records, False)

    def _frame(self, piece: pl.DataFrame, first: int, base: Position) -> Frame:
        row = base.row + first
        numbered = piece.with_columns(pl.int_range(row + 1, row + 1 + pl.len(), dtype=pl.Int64).alias("row"))
        rows = without_blank(with_more(numbered.drop("line", "end"), len(self.headers), self.width))
        rows = _without_header(rows, self.headers) if self.findings.header_rows else rows
        return Frame(rows, Position(row + piece.height, base.offset + piece["end"][-1]))

    def _blocks(self, at: Position) -> Iterator[Block]:
        if at != self.start:
            return self._parse(at)
        return iter(self.parsed) if self.parsed else self._parse_and_keep()

    def _parse_and_keep(self) -> Iterator[Block]:
        parsed: list[Block] = []
        size = 0
        for records, position in self._parse(self.start):
            size += records.height * records.width * CELL + records.estimated_size()  # which counts the text alone
            if size <= KEPT:
                parsed.append((records, position))
            else:
                parsed.clear()
            yield records, position
        self.parsed[:] = parsed

    def _parse(self, at: Position) -> Iterator[Block]:
        parser = BlockParser(self.dialect, self.width)
        with self.path.open("rb") as file:
            file.seek(at.offset)
            block, final = b"", False
            while not final:
                wanted = max(BLOCK, len(block))  # an unfinished record doubles the block until it ends
                more = file.read(wanted)
                if self.returns:
                    more = more.replace(b"\r", b"\n")
                block, final = block + more, len(more) < wanted
                records = parser.parse(block, final=final)
                if records.height:
                    yield records, at
                    used = int(records["end"][-1])
                    at, block = Position(at.row + records.height, at.offset + used), block[used:]
                if len(block) > MAX_RECORD:
                    raise UnreadableFile(
                        f"La fila {at.row + 1} supera los 16 MB; revise si unas comillas quedaron sin cerrar."
                    )


def open_csv(path: Path, known: Set[str], options: ReadOptions, watch: Watch) -> CsvSource:
    """Finds dialect and header of a file in UTF-8.

    Raises UnreadableFile when it holds nothing, TooLarge when it has too many columns.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        final = not file.read(1)
    mark = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    returns = b"\r" in head and b"\n" not in head
    head = head[mark:].replace(b"\r", b"\n") if returns else head[mark:]
    text = head.decode("utf-8", "replace")
    dialect = find_dialect(text, final=final, known=known, delimiter=options.delimiter, quote=options.quote)
    rows, ends = _first_rows(text, dialect, final=final)
    header_row = None if options.header_row is None else options.header_row - 1
    layout = find_layout(rows, known, header_row)
    if layout is None:
        raise UnreadableFile(EMPTY)
    width = _width(rows, layout)
    if width > MAX_COLUMNS:
        raise TooLarge(f"El archivo tiene más de {MAX_COLUMNS} columnas, que es lo máximo que se acepta.")
    offset = _bytes_of(head, text[: ends[layout.first - 1]]) if layout.first else 0
    headers = clean_headers(layout.header[: _named(rows, layout, width)])
    headers += ("",) * (_named(rows, layout, width) - len(headers))
    first_rows = rows[layout.first :]
    ending = None if returns else find_end(path, dialect, headers, mark + offset, first_rows, watch)
    found = Findings(
        "csv",
        tuple(row + 1 for row in layout.rows),
        headers,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        notes=() if not final or any(cell.strip() for row in first_rows for cell in row) else (NO_ROWS,),
    )
    source = CsvSource(path, dialect, width, headers, Position(layout.first, mark + offset), None, returns, found)
    return _ended(source, ending, watch) if ending else source


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


def _bytes_of(head: bytes, text: str) -> int:
    """Bytes of the beginning that reads as `text`: told by its line ends, since a damaged byte reads as another length.

    >>> _bytes_of(bytes([97, 241, 111, 10, 98, 10]), "a\ufffdo" + chr(10))
    4
    """
    at = -1
    for _ in range(text.count("\n")):
        at = head.index(b"\n", at + 1)
    return at + 1 if text.endswith("\n") else len(head)


def _without_header(rows: pl.DataFrame, headers: tuple[str, ...]) -> pl.DataFrame:
    """Without the rows that are the header again, as in files that were joined."""
    suspects = rows.filter(pl.col("c0").str.strip_chars() == headers[0]) if headers[0] else rows
    if not suspects.height:
        return rows
    cells = zip(cell_names(len(headers)), headers, strict=True)
    same = pl.all_horizontal(pl.col(name).fill_null("").str.strip_chars() == header for name, header in cells)
    again = suspects.filter(same)["row"]
    return rows.filter(pl.col("row").is_in(again.implode()).not_()) if again.len() else rows


def _named(rows: list[list[str]], layout: Layout, width: int) -> int:
    """Columns of the table: those with a name, and those that hold something in most rows."""
    body = [row for row in rows[layout.first :] if any(map(str.strip, row))]
    filled = [sum(len(row) > column and bool(row[column].strip()) for row in body) for column in range(width)]
    named = [number for number, name in enumerate(layout.header) if name]
    if not layout.rows:
        return max((column + 1 for column in range(width) if filled[column]), default=1)
    return max([*named, *(column for column in range(width) if filled[column] * 2 > len(body))], default=0) + 1


def _first_rows(text: str, dialect: Dialect, *, final: bool) -> tuple[list[list[str]], list[int]]:
    """The first records, blank ones too, and where in the text each ends."""
    splitter, at = Splitter(dialect), 0
    rows: list[list[str]] = []
    ends: list[int] = []
    whole = text if final else text[: text.rfind("\n") + 1] or text
    while at < len(whole) and len(rows) < HEAD_ROWS:
        record = splitter.record(whole, at, ANY_WIDTH, final=True)
        at = record.end + 1
        rows.append(record.cells)
        ends.append(min(at, len(whole)))
    return rows, ends


def _width(rows: list[list[str]], layout: Layout) -> int:
    """Cells of most rows, and room for every name of the header."""
    widths = Counter(len(row) for row in rows[layout.first :] if any(map(str.strip, row)))
    most = widths.most_common(1)
    return max(len(layout.header), most[0][0] if most else 1)
