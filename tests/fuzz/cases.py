"""Files that nobody meant to make: each comes from a number, so any of them can be made again."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import xlsxwriter

from tolva.tables.reading.damage import DAMAGE
from tolva.tables.reading.options import ReadOptions

HEADERS = [
    "codigo",
    "nombre",
    "precio",
    "stock",
    "moneda",
    "fecha",
    "visto",
    "activo",
    "código",
    "Preço",
    "CODIGO",
    "precio2",
    "",
    " ",
    "ñandú",
]
CELLS = """
A-1|007|1.234,56|1,234.56|1.234|0,5|-3|1e400|NaN|03/04/2026|31/12/26|2026-02-30|2026-01-02 10:00|sí|não|yes|x|=1+1
=CMD()|Perú|\ufeff|\u2028|🙂|\\N|\\.|"|""|'|a""b|"q"|R$ 5|12 h|Total|#N/A
""".replace("\n", "|").split("|")
GLUE = [
    ",",
    ",",
    ",",
    ";",
    ";",
    "\t",
    "|",
    ", ",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    '"',
    '""',
    '"\n',
    " ",
    "\\",
    "\0",
]
ENCODINGS = [
    "utf-8",
    "utf-8",
    "utf-8-sig",
    "cp1252",
    "utf-16",
    "utf-16-be",
    "utf-32",
    "cp437",
    "shift_jis",
    "mac-roman",
]
BITS = [
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b'"',
    b'""',
    b"\n",
    b"\r",
    b",",
    b";",
    b"\t",
    b"\x1f",
    b"\x80",
    b"\xc3",
    b"{",
    b"]",
]
INNER = [
    b"<c",
    b"</c>",
    b"<row",
    b' r="A1"',
    b' r="XFD1048576"',
    b' t="s"',
    b"<v>99999999</v>",
    b"&#0;",
    b"<!--",
    b"]]>",
]
SPREADSHEETS = Path(__file__).parents[2] / ".." / "shared" / "data" / "spreadsheets"


@dataclass(frozen=True)
class Case:
    """A file and what its sender says of it."""

    name: str
    content: bytes
    options: ReadOptions


def case(number: int) -> Case:
    """The case of that number."""
    dice = random.Random(number)
    make = dice.choice([_text, _text, _text, _json, _workbook, _seed])
    name, content = make(dice)
    if dice.random() < 0.5:
        for _ in range(dice.choice([1, 1, 2, 8, 50])):
            content = _damaged(dice, content)
    if dice.random() < 0.1:
        name, content = dice.choice([_gzipped, _zipped])(name, content)
    return Case(name, content, _options(dice))


def _text(dice: random.Random) -> tuple[str, bytes]:
    """Rows of a table with accidents, or a soup of what tables are made of."""
    if dice.random() < 0.3:
        parts = [dice.choice(dice.choice([CELLS, GLUE, HEADERS])) for _ in range(dice.randrange(400))]
        text = "".join(parts)
    else:
        width, glue = dice.randrange(1, 12), dice.choice([",", ";", "\t", "|", ":", " ", ", "])
        end, enclosed = dice.choice(["\n", "\r\n", "\r"]), dice.random() < 0.3
        rows = [["remark"]] * dice.choice([0, 0, 0, 1, 4]) + [dice.choices(HEADERS, k=width)]
        rows += [
            dice.choices(CELLS, k=width + dice.choice([0] * 20 + [-1, 1])) for _ in range(dice.choice([3, 30, 300]))
        ]
        text = end.join(glue.join(f'"{cell}"' if enclosed else cell for cell in row) for row in rows)
        text = text * dice.choice([1] * 9 + [200])
    return dice.choice(["a.csv", "a.csv", "a.txt", "a.tsv"]), text.encode(dice.choice(ENCODINGS), "replace")


def _json(dice: random.Random) -> tuple[str, bytes]:
    rows = [
        {dice.choice(HEADERS): _value(dice, 3) for _ in range(dice.randrange(6))} for _ in range(dice.randrange(40))
    ]
    if dice.random() < 0.5:
        return "a.ndjson", "\n".join(json.dumps(row) for row in rows).encode()
    return "a.json", json.dumps(dice.choice([rows, {"data": rows}, rows[:1], _value(dice, 5)])).encode()


def _value(dice: random.Random, depth: int) -> object:
    if depth and dice.random() < 0.2:
        inner = [_value(dice, depth - 1) for _ in range(dice.randrange(4))]
        return inner if dice.random() < 0.5 else dict(zip(HEADERS, inner, strict=False))
    return dice.choice([None, True, 1, -0.5, 2**70, 1e300, "", *CELLS])


def _workbook(dice: random.Random) -> tuple[str, bytes]:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        for _ in range(dice.choice([1, 1, 2])):
            sheet = book.add_worksheet()
            top, width = dice.choice([0, 0, 3, 500]), dice.randrange(1, 8)
            sheet.write_row(top, dice.choice([0, 0, 2]), dice.choices(HEADERS, k=width))
            for row in range(dice.choice([0, 3, 60])):
                for column in range(width):
                    sheet.write(
                        top + row + 1, column, dice.choice([*CELLS, 1, 0.1 + 0.2, 46000.5, -1, 1e300, True, None])
                    )
    return "a.xlsx", stream.getvalue()


@cache
def _seeds() -> tuple[tuple[str, bytes], ...]:
    """The real spreadsheets that lie beside the checkout; without them, one workbook."""
    found = sorted(path for path in SPREADSHEETS.glob("*") if path.suffix in (".xlsx", ".xls", ".ods"))
    return tuple((path.name, path.read_bytes()) for path in found) or (_workbook(random.Random(0)),)


def _seed(dice: random.Random) -> tuple[str, bytes]:
    return dice.choice(_seeds())


def _damaged(dice: random.Random, content: bytes) -> bytes:
    """One accident. In a zip it happens to what is inside, since the zip itself would notice."""
    if content[:2] == b"PK" and dice.random() < 0.9:
        return _damaged_inside(dice, content)
    return _struck(dice, content, BITS)


def _damaged_inside(dice: random.Random, content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (*DAMAGE, OSError):
        return _struck(dice, content, BITS)
    if not members:
        return content
    sheets = [name for name in members if "sheet" in name or "content" in name or "shared" in name]
    name = dice.choice(sheets or list(members))
    members[name] = _struck(dice, members[name], INNER)
    return _archive(members)


def _struck(dice: random.Random, content: bytes, bits: list[bytes]) -> bytes:
    at = dice.randrange(len(content) + 1)
    length = dice.choice([0, 1, 1, 4, 64])
    blows: list[Callable[[], bytes]] = [
        lambda: content[:at] + dice.choice(bits) + content[at + length :],
        lambda: content[:at] + dice.randbytes(length) + content[at + length :],
        lambda: content[:at],
        lambda: content[:at] + content[at : at + length] * dice.choice([2, 100]) + content[at:],
        lambda: content[at:] + content[:at],
    ]
    return dice.choices(blows, weights=[6, 6, 1, 2, 1])[0]()


def _archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _gzipped(name: str, content: bytes) -> tuple[str, bytes]:
    return f"{name}.gz", gzip.compress(content, 1)


def _zipped(name: str, content: bytes) -> tuple[str, bytes]:
    return "a.zip", _archive({name: content})


def _options(dice: random.Random) -> ReadOptions:
    if dice.random() < 0.7:
        return ReadOptions()
    return ReadOptions(
        encoding=dice.choice([None, None, "utf-8", "cp1252", "utf-16", "utf-7", "idna"]),
        delimiter=dice.choice([None, None, ",", ";", "\t"]),
        quote=dice.choice([None, None, '"', "'", ""]),
        header_row=dice.choice([None, None, 0, 1, 2, 40]),
        sheet=dice.choice([None, None, None, "1", "Sheet2"]),
    )
