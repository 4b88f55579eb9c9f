"""How the file of a job is opened."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tolva.errors import Cancelled
from tolva.tables.document import builtin_schema, load_schema
from tolva.workloads.intake.opening import open_upload

CONTENT = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.50,CS-1,3\n"
UPLOAD = {
    "blob": "b",
    "size": 0,
    "blake3": "",
    "kind": "csv",
    "filename": "a.csv",
    "options": {},
    "constants": {},
    "settled": None,
    "corrects": None,
}
CANCELLED = Cancelled("enough")


class Watched:
    """As much of a job's context as opening needs. It is cancelled at the call of that number."""

    def __init__(self, last: int | None = None) -> None:
        self.calls, self._last = 0, last

    def check(self) -> None:
        self.calls += 1
        if self.calls == self._last:
            raise CANCELLED

    @contextmanager
    def transaction(self) -> Generator[Any]:
        yield SimpleNamespace(execute=lambda *_: SimpleNamespace(fetchall=list, fetchone=lambda: None))


def test_a_job_that_is_cancelled_opens_its_file_no_further(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(CONTENT)
    blobs = cast("Any", SimpleNamespace(local=lambda blob, _scratch: tmp_path / blob.key))

    def opened(ctx: Watched) -> int:
        return open_upload(cast("Any", ctx), UPLOAD, builtin_schema("products"), blobs, tmp_path).found.total

    whole = Watched()
    assert opened(whole) == 1
    assert whole.calls == 3  # for the encoding, for the end of the table, for the first look
    for last in range(1, whole.calls + 1):
        with pytest.raises(Cancelled):
            opened(Watched(last))


def test_what_a_first_pass_finds_is_told_among_the_notes(tmp_path: Path) -> None:
    fields = [{"name": "code", "constraints": {"required": True, "maxLength": 9}}, {"name": "price", "type": "number"}]
    schema = load_schema({"target": "prices", "primaryKey": ["code"], "fields": fields})
    (tmp_path / "b").write_text("code,price\nBEBIDAS,\nA1,1.234\nA2,7\n")
    blobs = cast("Any", SimpleNamespace(local=lambda blob, _scratch: tmp_path / blob.key))
    notes = open_upload(cast("Any", Watched()), UPLOAD, schema, blobs, tmp_path).told["read"]["notes"]
    assert ["dos maneras" in notes[0], 'La fila 2 solo tiene "code"' in notes[1]] == [True, True]


def test_a_column_of_integers_with_separated_thousands_is_told_among_the_notes(tmp_path: Path) -> None:
    fields = [{"name": "code", "constraints": {"required": True, "maxLength": 9}}, {"name": "stock", "type": "integer"}]
    schema = load_schema({"target": "stocks", "primaryKey": ["code"], "fields": fields})
    blobs = cast("Any", SimpleNamespace(local=lambda blob, _scratch: tmp_path / blob.key))
    for cell, sign in (("1.622", "El punto"), ("1,622", "La coma")):
        (tmp_path / "b").write_text(f'code,stock\nA1,"{cell}"\nA2,7\n')
        notes = open_upload(cast("Any", Watched()), UPLOAD, schema, blobs, tmp_path).told["read"]["notes"]
        assert [note.split(" separa miles en ")[0] for note in notes] == [sign]
