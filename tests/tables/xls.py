"""Writes the least of an XLS that is one; no library that does is kept any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, SMALL_SECTOR, SMALL = 512, 64, 4096


@dataclass(frozen=True)
class Error:
    """An error by its code in BIFF."""

    code: int
    of_formula: bool = False


@dataclass(frozen=True)
class Time:
    """A number that is shown as hours and minutes."""

    days: float


def xls(
    rows: Sequence[Sequence[object]],
    *,
    first_row: int = 0,
    first_column: int = 0,
    small: bool = False,
    from_1904: bool = False,
) -> bytes:
    """A workbook of two sheets, the first with one cell, the second with these; `small` packs it as short ones are."""
    begin = pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0, 0, 0, 0) + _record(0x0022, pack("<H", from_1904))
    begin += b"".join(_record(0x00E0, pack("<HH", 0, number) + bytes(16)) for number in (0, 20))
    part = pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0010, 0, 0, 0, 0)
    end = pack("<HH", 0x000A, 0)
    one = part + _cell(0, 0, "x") + end
    many = part + b"".join(
        _cell(first_row + row, first_column + column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    )
    at = len(begin) + 2 * len(_bound(0, "a")) + len(end)
    book = begin + _bound(at, "a") + _bound(at + len(one), "b") + end + one + many + end
    return _packed(book if small else book.ljust(SMALL, b"\0"), small=small)


def _bound(at: int, name: str) -> bytes:
    return _record(0x0085, pack("<IBBBB", at, 0, 0, len(name), 0) + name.encode())


def _record(kind: int, data: bytes) -> bytes:
    return pack("<HH", kind, len(data)) + data


def _cell(row: int, column: int, value: object) -> bytes:
    where = pack("<HHH", row, column, isinstance(value, Time))
    if isinstance(value, Time):
        return _record(0x0203, where + pack("<d", value.days))
    if isinstance(value, Error) and value.of_formula:
        return _record(0x0006, where + pack("<BBBBBBHHIH", 2, 0, value.code, 0, 0, 0, 0xFFFF, 0, 0, 0))
    if isinstance(value, Error):
        return _record(0x0205, where + pack("<BB", value.code, 1))
    if isinstance(value, bool):
        return _record(0x0205, where + pack("<BB", value, 0))
    if isinstance(value, int | float):
        return _record(0x0203, where + pack("<d", value))
    return _record(0x0204, where + pack("<HB", len(str(value)), 0) + str(value).encode("latin-1"))


def _packed(book: bytes, *, small: bool) -> bytes:
    """The file system: a table of sectors, a directory, for a small book its own table, and the book."""
    body = book.ljust(-(-len(book) // SECTOR) * SECTOR, b"\0")
    count = len(body) // SECTOR
    first = 3 if small else 2
    chain = [*range(first + 1, first + count), END]
    table = [TABLE, END, *([END] if small else []), *chain]
    pieces = -(-len(book) // SMALL_SECTOR)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head += pack("<HIIIIII", 0, 0, 0, 1, 1, 0, SMALL) + pack("<II", *((2, 1) if small else (END, 0)))
    head += pack("<II", END, 0) + pack("<I", 0) + pack("<I", FREE) * 108
    root, stream = (first, 0) if small else (END, first)
    sectors = [
        _table(table),
        _entry("Root Entry", 5, root, len(body) if small else 0, child=1)
        + _entry("Workbook", 2, stream, len(book), child=FREE)
        + bytes(256),
        *([_table([*range(1, pieces), END])] if small else []),
    ]
    return head + b"".join(sectors) + body


def _table(numbers: list[int]) -> bytes:
    return pack(f"<{len(numbers)}I", *numbers).ljust(SECTOR, b"\xff")


def _entry(name: str, kind: int, first: int, length: int, *, child: int) -> bytes:
    written = name.encode("utf-16-le")
    links = pack("<III", FREE, FREE, child)
    return (
        written.ljust(64, b"\0")
        + pack("<HBB", len(written) + 2, kind, 1)
        + links
        + bytes(36)
        + pack("<III", first, length, 0)
    )
