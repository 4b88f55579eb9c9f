"""`tolva demo`: from nothing to rows in a table, and again."""

import csv
import re
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import NOWHERE, Shell


@pytest.fixture
def reachable(tmp_path: Path) -> Path:
    """PostgreSQL runs as somebody else when we are root; pytest's folders are for their owner alone."""
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    return tmp_path / "demo"


def test_the_demonstration_loads_through_the_api_and_a_second_one_changes_nothing(reachable: Path):
    tolva = Shell(NOWHERE, reachable / "other")  # a DATABASE_URL is left alone
    first = tolva.process("demo", "--data-dir", str(reachable))
    assert first.code == 0, first.err
    assert re.search(r"answered 202 after \d+ ms", first.out)
    assert re.search(r"created +3,000\n", first.out.replace(" \n", "\n"))
    assert re.search(r"by another name .*Existencias → stock", first.out)
    assert re.search(r"left out +Nota interna", first.out)
    assert f"tolva up --data-dir {reachable}" in first.out
    with (reachable / "errores.csv").open(encoding="utf-8-sig", newline="") as stream:
        refused = {row["fila"] for row in csv.DictReader(stream)}
    assert len(refused) == 42

    second = tolva.process("demo", "--data-dir", str(reachable))
    assert second.code == 0, second.err
    assert "Nothing changed" in second.out
    assert not (reachable / "other").exists()
    assert not [each for each in psutil.process_iter(["cmdline"]) if _is_ours(each, reachable)]


def _is_ours(process: psutil.Process, folder: Path) -> bool:
    """A process that works for the demonstration; PostgreSQL itself may still be on its way out."""
    words = process.info["cmdline"] or []
    return "demo" in words and str(folder) in words
