"""Workbooks are parsed in a process of their own, with a limit on its memory and time.

The parsers run in native code over bytes that anybody may have sent. Where a damaged or malicious workbook makes one
of them ask for terabytes or fall over, the process that ends is not the worker with its other jobs.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, Any

import polars as pl

from tolva import errors
from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.reading.findings import Findings
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.pieces import Piece, PiecesSource
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.source import Numbers
from tolva.tables.reading.watch import Watch

log = logging.getLogger(__name__)

LONGEST = 600.0
"""Seconds that a workbook may take; one of a million rows takes half a minute."""
PAUSE = 0.2
"""Seconds between looks whether anybody still wants the answer."""
MODULE = "tolva.tables.reading.parser"
KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR")
"""Variables that a parser gets. The others hold addresses and keys, which it has no use for."""
LAST_WORDS = 2_000
"""Characters of what a parser said that are logged."""
OUT_OF_MEMORY = (-signal.SIGABRT, -signal.SIGKILL)
"""How one ends that was refused memory, or took more than the machine has."""
DAMAGED = "El libro de Excel está dañado y no se puede leer; ábralo, guárdelo de nuevo y vuelva a subirlo."
TOO_LARGE = (
    "El libro no cabe en la memoria prevista o está dañado: se aceptan 2000 columnas y 40 millones de celdas por hoja."
    " Divídalo, borre las celdas sueltas o use CSV."
)
TOO_SLOW = f"El libro tarda más de {LONGEST / 60:.0f} minutos en leerse; divídalo o use CSV."


class OutOfMemory(Exception):
    """The parser was refused memory. Who asked gets TooLarge, which everybody knows."""


def open_workbook_apart(
    path: Path,
    kind: FileKind,
    scratch: Path,
    known: Set[str],
    options: ReadOptions,
    watch: Watch,
) -> PiecesSource:
    """As `workbook.open_workbook`, and with the same errors; TooLarge also where it takes too much memory or time."""
    request = {"path": str(path), "kind": kind, "scratch": str(scratch), "known": sorted(known)}
    try:
        opened = _parsed("open", request | {"options": asdict(options)}, scratch, watch)
    except OutOfMemory as error:
        if kind == "xlsx":
            _asked("measure", {"path": str(path)}, scratch, watch)  # which most likely tells what is too large
        raise TooLarge(TOO_LARGE) from error
    pieces = tuple(Piece(scratch / piece["name"], piece["last"]) for piece in opened["pieces"])
    find = partial(_numbers, path, scratch, opened["area"], watch)
    return PiecesSource(tuple(opened["headers"]), pieces, Findings.from_json(opened["findings"]), find)


def _numbers(path: Path, scratch: Path, area: Mapping[str, Any], watch: Watch, columns: Sequence[int]) -> list[Numbers]:
    request = {"path": str(path), "scratch": str(scratch), "area": area, "columns": list(columns)}
    files: list[str | None] = _asked("numbers", request, scratch, watch)["files"]
    return ["all" if name is None else pl.read_ipc(scratch / name)["row"] for name in files]


def _asked(task: str, request: Mapping[str, Any], scratch: Path, watch: Watch) -> Any:
    """As `_parsed`, but TooLarge instead of OutOfMemory."""
    try:
        return _parsed(task, request, scratch, watch)
    except OutOfMemory as error:
        raise TooLarge(TOO_LARGE) from error


def _parsed(task: str, request: Mapping[str, Any], scratch: Path, watch: Watch) -> Any:
    """The answer of a parser that is started for this. Closing its input ends it, so it does not outlive us.

    Raises what the parser raised, OutOfMemory, TooLarge for one that takes too long, UnreadableFile, what `watch` does.
    """
    said = scratch / "parser.log"
    with said.open("ab") as stderr, _started(stderr) as child:
        assert child.stdin is not None, "it is a pipe"
        child.stdin.write(json.dumps({"task": task, **request}).encode() + b"\n")
        child.stdin.flush()
        answer = _answer(child, watch)
        code = child.wait()
    if code == 0:
        return _told(json.loads(answer))
    log.warning("the workbook parser ended with %s: %s", code, said.read_text("utf-8", "replace")[-LAST_WORDS:])
    if code in OUT_OF_MEMORY:
        raise OutOfMemory(f"the parser ended with {code}")
    if code < 0:
        raise UnreadableFile(DAMAGED)
    raise RuntimeError("the workbook parser failed; the log says why")


def _answer(child: "subprocess.Popen[bytes]", watch: Watch) -> bytes:
    """What it says until it ends. It is ended where that takes too long, or nobody wants it any more."""
    assert child.stdout is not None, "it is a pipe"
    with ThreadPoolExecutor(1) as beside:
        said = beside.submit(child.stdout.read)
        try:
            _await(said, watch)
        except BaseException:
            child.kill()
            raise
        return said.result()


def _await(said: Future[bytes], watch: Watch) -> None:
    end = time.monotonic() + LONGEST
    while not wait([said], PAUSE).done:
        watch()
        if time.monotonic() > end:
            raise TooLarge(TOO_SLOW)


def _started(stderr: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
    )


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    if "errno" in answer:
        raise OSError(answer["errno"], answer["message"])
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["message"])
    return answer
