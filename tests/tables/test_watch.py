"""Work on a large file ends soon after nobody wants it any more."""

import gzip
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest
import xlsxwriter

from tests.tables.conftest import separated, undecided
from tolva.errors import Cancelled, TooLarge
from tolva.tables.map import match_headers
from tolva.tables.reading import apart, csv_end, csv_source, json_file, open_source
from tolva.tables.reading import encoding as encoding_module
from tolva.tables.reading.sniff import FileKind
from tolva.tables.schema import Schema
from tolva.tables.survey import survey

ROWS = [
    ["codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias"],
    *([["A", "ñ", "1,234", "C", "1,234"]] * 99),
]
TEXT = "".join(";".join(row) + "\n" for row in ROWS)


class Watch:
    """Cancels at the call of that number."""

    def __init__(self, last: int = 1_000_000) -> None:
        self.calls, self._last = 0, last

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == self._last:
            raise Cancelled("enough")


def _book(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, row)
        sheet.write(5, 4, 7)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return tmp_path / "stored"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("csv", TEXT.encode()),
        ("csv", TEXT.encode("cp1252")),
        ("csv", f"{TEXT}\npaís;total\nPerú;12\n".encode()),
        ("gzip", gzip.compress(TEXT.encode())),
        ("json", b"[" + b",".join([b'{"codigo": "A"}'] * 99) + b"]"),
    ],
    ids=["csv", "cp1252", "two tables", "gzip", "json"],
)
def test_opening_a_file_asks_on_the_way_and_ends_wherever_it_is_told_to(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: FileKind, content: bytes
) -> None:
    for module in (csv_end, csv_source, encoding_module):
        monkeypatch.setattr(module, "BLOCK", 256)
    monkeypatch.setattr(csv_end, "OVERLAP", 64)
    monkeypatch.setattr(sys.modules["tolva.tables.reading.unpack"], "PIECE", 256)
    monkeypatch.setattr(json_file, "LOOK", 10)
    stored.write_bytes(content)
    whole = Watch()
    open_source(stored, kind, tmp_path, name="a.csv.gz", watch=whole)
    assert whole.calls > 8
    for last in range(1, whole.calls + 1):
        with pytest.raises(Cancelled):
            open_source(stored, kind, tmp_path, name="a.csv.gz", watch=Watch(last))


def test_the_first_pass_over_a_file_asks_at_each_frame(stored: Path, tmp_path: Path, products: Schema) -> None:
    stored.write_text(TEXT)
    source = open_source(stored, "csv", tmp_path)
    with pytest.raises(Cancelled):
        survey(source, match_headers(source.headers, products), products, Watch(1))


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """The parsers that are started."""
    found: list[subprocess.Popen[bytes]] = []
    start: Any = apart._started

    def spy(stderr: IO[bytes]) -> "subprocess.Popen[bytes]":
        found.append(start(stderr))
        return found[-1]

    monkeypatch.setattr(apart, "_started", spy)
    return found


def test_a_parser_that_nobody_waits_for_or_that_takes_too_long_is_ended(
    stored: Path, tmp_path: Path, children: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    _book(stored)
    monkeypatch.setattr(apart, "PAUSE", 0.0)
    with pytest.raises(Cancelled):
        open_source(stored, "xlsx", tmp_path, watch=Watch(1))
    monkeypatch.setattr(apart, "LONGEST", 0.0)
    with pytest.raises(TooLarge, match="tarda más"):
        open_source(stored, "xlsx", tmp_path)
    assert [child.returncode for child in children] == [-9, -9]


def test_all_columns_are_asked_for_their_numbers_at_once(
    stored: Path, tmp_path: Path, children: list["subprocess.Popen[bytes]"], products: Schema
) -> None:
    _book(stored)
    source = open_source(stored, "xlsx", tmp_path)
    found = survey(source, match_headers(source.headers, products), products)
    assert (undecided(found), separated(found)) == (("precio",), ("tiempo_entrega_dias",))
    assert [len(numbers) for numbers in source.numbers([2, 4])] == [0, 1]
    assert len(children) == 3
