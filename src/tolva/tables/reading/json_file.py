"""JSON: one object a line, an array of objects, or an object that holds such an array."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import polars as pl

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading.findings import Findings
from tolva.tables.reading.pieces import ROWS, Piece, PiecesSource, PieceWriter
from tolva.tables.reading.source import MAX_COLUMNS, NO_NUMBERS
from tolva.tables.reading.watch import Watch

BLOCK = 1024 * 1024
MAX_OBJECT = 16 * 1024 * 1024
"""Characters of one object, or of an object around the array."""
MAX_TEXT = 16 * 1024 * 1024
MAX_CELLS = 2_000_000
"""Characters and cells of one piece: what is held at a time, however large the objects are."""
LOOK = 1_000
"""Records after which the caller is asked whether to go on."""
LONGEST_POWER = 4
"""Characters of a power of ten that are looked at: more would be absurd, and slow to read."""
MAX_POWER = 60
"""The highest power of ten, or lowest below zero, that is written out: numbers of a schema have 38 digits at most."""
MAX_DEPTH = 8
"""Objects within objects whose fields become columns of their own, as in `precio.valor`."""
MAX_NESTED = 64
"""Lists and objects within each other in one cell; a record with more is damaged, or meant to do harm."""


class Number(str):
    """What is a number in JSON, with the digits that it is written with; they are judged by the schema, not here."""

    __slots__ = ()


def _written_out(text: str) -> str:
    """A number with a power of ten as one without; as it is where no schema could take it.

    What comes out is at most MAX_POWER characters and some longer. Only a cell that is a number is written out, not
    the numbers of a list within a cell, so a record of few bytes stays small.

    >>> [_written_out(text) for text in ("1e3", "-12.50E-3", "7.0", "1e61", "1e999999999")]
    ['1000', '-0.01250', '7.0', '1e61', '1e999999999']
    """
    _, _, power = text.lower().partition("e")
    if not power or len(power) > LONGEST_POWER or abs(int(power)) > MAX_POWER:
        return text
    return format(Decimal(text), "f")


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)
BLANK = " \t\r\n"
BETWEEN = re.compile(f"[{BLANK},]*")
HALF = re.compile("[\ud800-\udfff]")

Found = tuple[int, dict[str, str] | None]
"""Number of a record, and its fields; None when it is no object or no JSON."""


def open_json(path: Path, kind: str, scratch: Path, watch: Watch) -> PiecesSource:
    """Parses the whole file, record by record, into pieces in `scratch`.

    Raises UnreadableFile when it holds no record, or is not JSON at all; TooLarge.
    """
    notes: list[str] = []
    records = _lines(path) if kind == "ndjson" else _elements(path, notes)
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


def _lines(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_OBJECT + 1):
            number += 1
            if len(line) > MAX_OBJECT:
                raise TooLarge(f"La línea {number} supera los 16 MB; es lo máximo que se acepta.")
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
            if text.strip(BLANK):
                yield number, _record(text)


def _record(text: str) -> dict[str, str] | None:
    try:
        value: Any = DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return _fields(value)


def _fields(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    fields = dict[str, str]()
    try:
        _flatten(cast("dict[str, Any]", value), "", 1, fields)
    except RecursionError:
        return None
    return fields


def _flatten(value: dict[str, Any], prefix: str, depth: int, into: dict[str, str]) -> None:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner and depth < MAX_DEPTH:
            _flatten(cast("dict[str, Any]", inner), f"{prefix}{name}.", depth + 1, into)
        elif inner is not None:
            into[_sound(f"{prefix}{name}")] = _cell(inner)


def _cell(value: Any) -> str:
    if isinstance(value, Number):
        return Number(_written_out(value))
    return _sound(value if isinstance(value, str) else _text(value))


def _sound(text: str) -> str:
    """Half of a pair of escapes is no character, and no database would take it.

    >>> _sound("a" + chr(0xD800)) == "a" + chr(0xFFFD)
    True
    """
    return text if text.isascii() else HALF.sub("\ufffd", text)


def _text(value: Any, depth: int = 1) -> str:
    """The JSON of a value that is no text, its numbers as they were written. Raises RecursionError for a deep one.

    >>> _text([Number("1e3"), {"a": [None, "x"]}])
    '[1e3, {"a": [null, "x"]}]'
    """
    if isinstance(value, Number):
        return str(value)
    if depth > MAX_NESTED:
        raise RecursionError("the value is nested too deeply")
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        pairs = (f"{json.dumps(name, ensure_ascii=False)}: {_text(inner, depth + 1)}" for name, inner in items)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_text(inner, depth + 1) for inner in cast('list[Any]', value))}]"
    return json.dumps(value, ensure_ascii=False)


def _elements(path: Path, notes: list[str]) -> Iterator[Found]:
    """The elements of the array that is the file, or of the one with most objects in the object that is the file.

    What is left out of that object is told in `notes`.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        held = file.read(BLOCK).lstrip(BLANK)
        if held.startswith("["):
            yield from _array(held[1:], file)
        else:
            whole = held + file.read(MAX_OBJECT)
            if file.read(1):
                raise TooLarge("El objeto JSON supera los 16 MB; envíe un arreglo, o un objeto por línea (.ndjson).")
            yield from _inner(whole, notes)


def _array(held: str, file: Any) -> Iterator[Found]:
    number, ended, at = 0, False, 0
    while True:
        at = BETWEEN.match(held, at).end()  # pyright: ignore[reportOptionalMemberAccess]
        if held.startswith("]", at):
            return
        value = end = None
        if at < len(held):
            try:
                value, end = DECODER.raw_decode(held, at)
            except (ValueError, RecursionError):
                end = None
        if end is not None and (end < len(held) or ended):
            number += 1
            yield number, _fields(value)
            at = end
        elif ended:
            raise UnreadableFile(
                f"El archivo JSON está dañado o incompleto después del elemento {number}; corríjalo o use .ndjson."
            )
        else:
            held, at = held[at:], 0
            more = file.read(max(BLOCK, len(held)))
            ended = not more
            held += more
            if len(held) > MAX_OBJECT + BLOCK:
                raise UnreadableFile(f"El elemento {number + 1} no es JSON válido, o supera los 16 MB.")


def _inner(text: str, notes: list[str]) -> Iterator[Found]:
    try:
        value: Any = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"El archivo no es JSON válido: {error}") from None
    inside = cast("dict[str, Any]", value).items() if isinstance(value, dict) else ()
    lists = {name: cast("list[Any]", inner) for name, inner in inside if isinstance(inner, list)}
    chosen = max(lists, key=lambda name: (_objects(lists[name]), len(lists[name])), default=None)
    others = [_sound(name) for name, inner in lists.items() if name != chosen and _objects(inner)]
    if chosen is not None and others:
        notes.append(f'Se lee la lista "{_sound(chosen)}"; el archivo tiene además: {", ".join(others)}.')
    for number, record in enumerate(cast("list[Any]", [value]) if chosen is None else lists[chosen], start=1):
        yield number, _fields(record)


def _objects(values: list[Any]) -> int:
    return sum(isinstance(value, dict) for value in values)
