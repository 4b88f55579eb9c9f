"""`tolva demo`: from nothing to rows in a table, and again."""

import csv
import re
from pathlib import Path

import psutil

from tests.cli.conftest import NOWHERE, Shell
from tests.conftest import reachable


def test_the_demonstration_loads_through_the_api_and_a_second_one_changes_nothing(tmp_path: Path):
    folder = reachable(tmp_path) / "demo"
    tolva = Shell(NOWHERE, folder / "other")  # a DATABASE_URL is left alone
    first = tolva.process("demo", "--data-dir", str(folder))
    assert first.code == 0, first.err
    assert re.search(r"answered 202 after \d+ ms", first.out)
    assert re.search(r"created +3,000\n", first.out.replace(" \n", "\n"))
    assert re.search(r"by another name .*Existencias → stock", first.out)
    assert re.search(r"left out +Nota interna", first.out)
    assert f"tolva up --data-dir {folder}" in first.out
    with (folder / "errores.csv").open(encoding="utf-8-sig", newline="") as stream:
        refused = {row["fila"] for row in csv.DictReader(stream)}
    assert len(refused) == 42

    second = tolva.process("demo", "--data-dir", str(folder))
    assert second.code == 0, second.err
    assert "Nothing changed" in second.out
    assert not (folder / "other").exists()
    assert not [each for each in psutil.process_iter(["cmdline"]) if _is_ours(each, folder)]


def _is_ours(process: psutil.Process, folder: Path) -> bool:
    """A process that works for the demonstration; PostgreSQL itself may still be on its way out."""
    words = process.info["cmdline"] or []
    return "demo" in words and str(folder) in words
