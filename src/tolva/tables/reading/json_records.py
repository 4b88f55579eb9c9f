"""Where records are in a JSON file: one a line, in an array, or in an object that holds such an array."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading.json_cells import DECODER, fields_of, sound

BLOCK = 1024 * 1024
MAX_OBJECT = 16 * 1024 * 1024
"""Characters of one object, or of an object around the array."""
BLANK = " \t\r\n"
BETWEEN = re.compile(f"[{BLANK},]*")

Found = tuple[int, dict[str, str] | None]
"""Number of a record, and its fields; None when it is no object or no JSON."""


def lines(path: Path) -> Iterator[Found]:
    """One record a line. Raises TooLarge."""
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
    return fields_of(value)


def elements(path: Path, notes: list[str]) -> Iterator[Found]:
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


def _array(held: str, file: IO[str]) -> Iterator[Found]:
    number, ended, at = 0, False, 0
    while True:
        at = BETWEEN.match(held, at).end()  # pyright: ignore[reportOptionalMemberAccess]
        if held.startswith("]", at):
            return
        value, end = _decoded(held, at)
        if end > at and (end < len(held) or ended):
            number += 1
            yield number, fields_of(value)
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


def _decoded(text: str, at: int) -> tuple[Any, int]:
    """The value at a place and where it ends, which is that place when it is damaged or goes on after the text."""
    try:
        return DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at


def _inner(text: str, notes: list[str]) -> Iterator[Found]:
    try:
        value: Any = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"El archivo no es JSON válido: {error}") from None
    inside = cast("dict[str, Any]", value).items() if isinstance(value, dict) else ()
    lists = {name: cast("list[Any]", inner) for name, inner in inside if isinstance(inner, list)}
    chosen = max(lists, key=lambda name: (_objects(lists[name]), len(lists[name])), default=None)
    others = [sound(name) for name, inner in lists.items() if name != chosen and _objects(inner)]
    if chosen is not None and others:
        notes.append(f'Se lee la lista "{sound(chosen)}"; el archivo tiene además: {", ".join(others)}.')
    for number, record in enumerate(cast("list[Any]", [value]) if chosen is None else lists[chosen], start=1):
        yield number, fields_of(record)


def _objects(values: list[Any]) -> int:
    return sum(isinstance(value, dict) for value in values)
