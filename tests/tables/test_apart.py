"""Workbooks are parsed in a process that cannot take the worker with it, and does not outlive it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading import apart
from tolva.tables.reading.apart import TOO_LARGE, TOO_SLOW, open_workbook_apart
from tolva.tables.reading.options import AS_FOUND
from tolva.tables.reading.pieces import PiecesSource
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.watch import unwatched

GREEDY = "kept = [bytes(1 << 20) for _ in range(2_000)]"
IDLE = "import threading; threading.Event().wait()"
WAIT = 20.0

Become = Callable[..., None]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps these limits")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_column(0, 0, ["h", "1"])
    return path


@pytest.fixture
def parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Become:
    """Puts a task in the place of the real one, in a parser with its usual limits but for less memory."""

    def become(task: str, names: Sequence[str] = ("open",)) -> None:
        (tmp_path / "stand_in.py").write_text(
            "import os\n"
            "from tolva.tables.reading import parser\n"
            "parser.MEMORY = 1024**3\n"
            f"def task(request):\n    {task}\n    return {{}}\n"
            f"parser.TASKS.update({', '.join(f'{name}=task' for name in names)})\n"
            "parser.main()\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(apart, "MODULE", "stand_in")

    return become


def opened(book: Path, kind: FileKind, scratch: Path) -> PiecesSource:
    return open_workbook_apart(book, kind, scratch, frozenset(), AS_FOUND, unwatched)


def test_a_parser_that_wants_more_memory_than_it_may_have_is_refused_it(
    book: Path, tmp_path: Path, parser: Become
) -> None:
    parser(GREEDY)
    with pytest.raises(TooLarge) as told:
        opened(book, "xlsx", tmp_path)
    assert str(told.value) == TOO_LARGE


def test_a_parser_that_is_refused_memory_is_told_as_a_file_too_large_whatever_it_was_to_do(
    book: Path, tmp_path: Path, parser: Become
) -> None:
    parser("os.abort()", ["open", "measure"])
    with pytest.raises(TooLarge) as told:
        opened(book, "xlsx", tmp_path)
    assert (type(told.value), str(told.value)) == (TooLarge, TOO_LARGE)
    parser("os.abort()", ["numbers"])
    source = opened(book, "xlsx", tmp_path)
    with pytest.raises(TooLarge) as told:
        source.numbers([0])
    assert (type(told.value), str(told.value)) == (TooLarge, TOO_LARGE)


@pytest.mark.parametrize(
    ("task", "error"),
    [("os.abort()", TooLarge), ("os.kill(os.getpid(), 9)", TooLarge), ("os.kill(os.getpid(), 11)", UnreadableFile)],
)
def test_a_parser_that_falls_over_is_an_answer(
    book: Path, tmp_path: Path, parser: Become, task: str, error: type[Exception]
) -> None:
    parser(task)
    with pytest.raises(error):
        opened(book, "xls", tmp_path)


def test_a_parser_that_takes_too_long_is_ended(
    book: Path, tmp_path: Path, parser: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); {IDLE}")
    monkeypatch.setattr(apart, "LONGEST", 3.0)
    with pytest.raises(TooLarge) as told:
        opened(book, "xlsx", tmp_path)
    assert str(told.value) == TOO_SLOW
    assert not _lives(int((tmp_path / "pid").read_text()))


def test_a_parser_does_not_outlive_who_asked_it(book: Path, tmp_path: Path, parser: Become) -> None:
    pid = tmp_path / "pid"
    parser(f"open({str(pid)!r}, 'w').write(str(os.getpid())); {IDLE}")
    asking = (
        "from pathlib import Path; from tolva.tables.reading import apart, open_source; apart.MODULE = 'stand_in';"
        f" open_source(Path({str(book)!r}), 'xlsx', Path({str(tmp_path)!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", asking]) as parent:
        try:
            _until(lambda: pid.exists() and pid.read_text() != "")
        finally:
            parent.send_signal(signal.SIGKILL)
    child = int(pid.read_text())
    _until(lambda: not _lives(child))


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
