"""A worker for tests, in processes of its own. `main` takes its kind (worker, or inside), a dsn, the grace in
seconds, the memory in MB, and the jobs after which a process is replaced."""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.jobs.workshop import until
from tolva.core.job import Queue
from tolva.core.ports import QueueSlots
from tolva.engines.inline import InlineEngine
from tolva.engines.postgres import PostgresEngine
from tolva.jobs.catalogue import Catalogue, Handler, make_catalogue
from tolva.jobs.context import Context
from tolva.jobs.inside import run_inside
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.upkeep import Chore, standard_chores
from tolva.jobs.work import Jobs
from tolva.jobs.worker import run_worker

LEASE = 5.0
HALL = Queue("hall", slots=3, soft_limit=60, hard_limit=120)
CELL = Queue("cell", slots=1, soft_limit=0.5, hard_limit=1.0, max_attempts=2)
PROCESSES = 2


def wait(ctx: Context) -> dict[str, int]:
    """Tell the process id, then wait for the file that the test makes; stops when it must."""
    ctx.progress(pid=os.getpid())
    while not Path(ctx.params["go"]).exists():
        ctx.check()
        time.sleep(0.01)
    return {"pid": os.getpid()}


def hang(ctx: Context) -> None:
    """Hear nothing and never end, like a C function that is stuck."""
    ctx.progress(pid=os.getpid())
    threading.Event().wait()


def grow(ctx: Context) -> None:
    """Take more memory than a process may, at the first attempt."""
    if ctx.checkpoint is None:
        with ctx.transaction():
            ctx.save({"grown": True})
        grown = [bytearray(b"x" * 50_000_000) for _ in range(10)]
        threading.Event().wait()
        del grown


def late(ctx: Context) -> None:
    """At the first attempt, write only when the file is there, without looking whether it still may."""
    first = ctx.checkpoint is None
    with ctx.transaction():
        ctx.save({"begun": True})
    ctx.progress(pid=os.getpid())
    if first:
        until(Path(ctx.params["go"]).exists, 60)
    with ctx.transaction():
        ctx.progress(written_by=os.getpid())


def catalogue() -> Catalogue:
    hall = [Handler(run.__name__, HALL, run) for run in (wait, grow, late)]
    return make_catalogue([*hall, Handler("hang", CELL, hang)])


def chores(jobs: Jobs) -> Sequence[Chore]:
    return standard_chores(jobs, [HALL.name, CELL.name], keep_finished=1e6, keep_failed=1e6)


def plan(dsn: str, grace: float, memory_mb: int, most_jobs: int = 0) -> WorkerPlan:
    return WorkerPlan(
        dsn=dsn,
        queues=(QueueSlots(HALL.name, HALL.slots), QueueSlots(CELL.name, CELL.slots)),
        make_catalogue=catalogue,
        make_engine=PostgresEngine,
        make_chores=chores,
        make_inboxes=list,
        processes=PROCESSES,
        lease=LEASE,
        grace=grace,
        memory_mb=memory_mb,
        most_jobs=most_jobs,
        log_level="ERROR",
        log_format="text",
        metrics=Path(tempfile.gettempdir()) / "tolva-test-metrics",
    )


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stop.set).start())
    kind, dsn, grace, memory_mb, most_jobs = sys.argv[1:]
    made, ready = plan(dsn, float(grace), int(memory_mb), int(most_jobs)), partial(print, "ready", flush=True)
    if kind == "worker":
        run_worker(made, stop, ready)
    else:
        with made.database("tolva test") as db:
            ready()
            run_inside(made, InlineEngine(db), stop)
