"""The error cells of an XLS, which the parser yields as blank ones: that would mean "keep the old value".

The file is a small file system (MS-CFB) with the workbook as a stream of records (MS-XLS, BIFF5 and BIFF8).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import iter_unpack, unpack_from

from tolva.tables.formula_errors import UNKNOWN

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
BOUND_SHEET, BEGIN, END, FORMULA, FLAG_OR_ERROR, DAY_MODE = 0x0085, 0x0809, 0x000A, 0x0006, 0x0205, 0x0022
"""Kinds of records: where a sheet is, begin and end of a part, the two cells that may hold an error, the first day."""
NO_NUMBER = 0xFFFF
"""Stands where the result of a formula is no number; its first byte tells what it is."""
ERROR_RESULT = 2

HEADER = 512
ENTRY = 128
"""Bytes of a file's entry in the directory."""
ROOT = 0
SMALL = 4096
"""Shorter streams lie in pieces of 64 bytes, inside of the stream of the root."""
SMALL_SECTOR = 64


def error_cells(path: Path, sheet: int) -> Iterator[tuple[int, int, str]]:
    """Row from 1, column from 0 and text of each error of a sheet, counted from 0. Ends where damage begins."""
    book = _workbook(path.read_bytes())
    places = [int.from_bytes(book[at : at + 4], "little") for kind, at, _ in _records(book, 0) if kind == BOUND_SHEET]
    for kind, at, size in _records(book, places[sheet]) if sheet < len(places) else ():
        if kind == FLAG_OR_ERROR and size >= 8 and book[at + 7]:
            code = book[at + 6]
        elif kind == FORMULA and size >= 14 and book[at + 6] == ERROR_RESULT and _is_no_number(book, at):
            code = book[at + 8]
        else:
            continue
        row, column = unpack_from("<HH", book, at)
        yield row + 1, column, ERRORS.get(code, UNKNOWN)


def counts_from_1904(path: Path) -> bool:
    """Whether the day 0 is that of 1904."""
    book = _workbook(path.read_bytes())
    return any(kind == DAY_MODE and size >= 2 and book[at] == 1 for kind, at, size in _records(book, 0))


def _is_no_number(book: bytes, at: int) -> bool:
    return unpack_from("<H", book, at + 12)[0] == NO_NUMBER


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of each record of the part that begins at `at`; charts inside of it are parts as well."""
    depth = 0
    while at + 4 <= len(book):
        kind, size = unpack_from("<HH", book, at)
        depth += (kind == BEGIN) - (kind == END)
        if depth <= 0 or at + 4 + size > len(book):
            return
        if depth == 1:
            yield kind, at + 4, size
        at += 4 + size


@dataclass(frozen=True)
class _Sectors:
    """Pieces of one size, and for each the number of the one that follows it in its stream."""

    content: bytes
    size: int
    next: tuple[int, ...]

    def stream(self, first: int) -> bytes:
        """The stream that begins in a sector. Each is used at most once, so that no circle goes on for ever."""
        parts: list[bytes] = []
        while first < len(self.next) and len(parts) < len(self.next):
            parts.append(self.content[first * self.size : (first + 1) * self.size])
            first = self.next[first]
        return b"".join(parts)


def _workbook(data: bytes) -> bytes:
    """The stream of the workbook; empty where there is none."""
    if len(data) < HEADER:
        return b""
    shift, first_entry, first_small = (
        *unpack_from("<H", data, 30),
        *unpack_from("<I", data, 48),
        *unpack_from("<I", data, 60),
    )
    content, size = data[1 << shift :], 1 << shift
    table = b"".join(content[number * size : (number + 1) * size] for number in _table_sectors(data, content, size))
    sectors = _Sectors(content, size, _numbers(table))
    entries = list(_entries(sectors.stream(first_entry)))
    for name, first, length in entries:
        if name in ("Workbook", "Book") and length < SMALL:
            inside = sectors.stream(entries[ROOT][1])
            return _Sectors(inside, SMALL_SECTOR, _numbers(sectors.stream(first_small))).stream(first)[:length]
        if name in ("Workbook", "Book"):
            return sectors.stream(first)[:length]
    return b""


def _table_sectors(data: bytes, content: bytes, size: int) -> Iterator[int]:
    """The sectors that hold the table of all sectors: 109 are named in the header, the others in a list of sectors."""
    count, listed = *unpack_from("<I", data, 44), *unpack_from("<I", data, 68)
    named = list(_numbers(data[76:HEADER]))
    while len(named) < count and (part := _numbers(content[listed * size : (listed + 1) * size])):
        named += part[:-1]
        listed = part[-1]
    yield from named[:count]


def _entries(directory: bytes) -> Iterator[tuple[str, int, int]]:
    """Name, first sector and length of each file."""
    for at in range(0, len(directory) - ENTRY + 1, ENTRY):
        letters, first, length = *unpack_from("<H", directory, at + 64), *unpack_from("<II", directory, at + 116)
        yield directory[at : at + max(letters - 2, 0)].decode("utf-16-le", "replace"), first, length


def _numbers(data: bytes) -> tuple[int, ...]:
    return tuple(number for (number,) in iter_unpack("<I", data[: len(data) // 4 * 4]))
