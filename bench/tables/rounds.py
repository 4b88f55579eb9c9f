"""Each system in a process of its own, all of them once before any of them again."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg

from bench.jobs import quiet
from bench.tables import limit, others, tolva_peer
from bench.tables.peer import Peer
from bench.tables.sample import Files

PEERS: tuple[Peer, ...] = (*limit.PEERS, *tolva_peer.PEERS, *others.PEERS)
STEPS = ("first", "changed", "unchanged")
PATIENCE = 60.0


@dataclass
class Series:
    """Seconds of each round by step; `missing` says why there are none."""

    peer: Peer
    rows: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    missing: str = ""


def run(files: Files, rounds: int, only: list[str] | None) -> list[Series]:
    """Measure. A system whose packages are not installed is left out, and says so."""
    chosen = [peer for peer in PEERS if not only or peer.name in only]
    series = [Series(peer, files.few if peer.few else files.rows) for peer in chosen]
    for number in range(rounds):
        for one in series:
            if one.missing:
                continue
            quiet.wait(PATIENCE)
            _settle()
            _visit(one, files)
            sys.stderr.write(f"round {number + 1}: {one.peer.name} {_last(one)} {one.missing}\n")
    return series


def _last(one: Series) -> str:
    return ", ".join(f"{step} {one.rows / seconds[-1]:,.0f}/s" for step, seconds in one.seconds.items())


def _settle() -> None:
    """No autovacuum and no checkpoint of the one before shall fall on the next."""
    with psycopg.connect(os.environ["BENCH_DSN"], autocommit=True) as conn:
        conn.execute("VACUUM")
        conn.execute("CHECKPOINT")


def _visit(one: Series, files: Files) -> None:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_measure, args=(one.peer.name, files, there))
    process.start()
    there.close()
    try:
        while True:
            step, seconds = here.recv()
            one.seconds.setdefault(step, []).append(seconds)
    except EOFError:
        process.join()
    if process.exitcode:
        one.missing = f"it failed (exit code {process.exitcode}); see above"


def _measure(name: str, files: Files, out: Connection) -> None:
    peer = next(peer for peer in PEERS if peer.name == name)
    first, changed = (files.few_first, files.few_changed) if peer.few else (files.first, files.changed)
    steps = zip(STEPS, (first, changed, changed), strict=True)
    with peer.open(os.environ["BENCH_DSN"]) as load:
        for step, path in [("first", files.workbook)] if peer.reads == "xlsx" else steps:
            out.send((step, _timed(load, path)))
    if peer.spoilt:
        with peer.open(os.environ["BENCH_DSN"]) as load:
            out.send(("1 % bad", _timed(load, files.spoilt)))


def _timed(load: Callable[[Path], None], path: Path) -> float:
    began = time.perf_counter()
    load(path)
    return time.perf_counter() - began
