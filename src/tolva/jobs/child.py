"""A worker process: runs jobs until it is told to end. Its supervisor beats for it, so it may be busy in C code."""

import os
import signal
import threading
from contextlib import closing

from tolva.jobs.meter import JobMeter
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.shift import Shift, end, work
from tolva.logs import set_up_logs
from tolva.metrics import count_in
from tolva.tracing import begin_tracing

NICENESS = 10
"""Where a machine has too few cores for everybody, those who wait for an answer of the API go first."""


def run_child(plan: WorkerPlan, worker_id: str) -> None:
    """Serve the plan's queues until SIGTERM, then let the running jobs end."""
    os.nice(NICENESS)
    set_up_logs(plan.log_level, plan.log_format)
    count_in(plan.metrics)
    begin_tracing()
    with plan.database(f"tolva worker {os.getpid()}") as db, closing(plan.make_engine(db)) as engine:
        shift = Shift(db, worker_id, plan.make_catalogue(), engine, JobMeter())

        def retire(_signal: int = 0, _frame: object = None) -> None:
            # In a thread: the signal may have come while this one was inside a lock that `end` needs.
            threading.Thread(target=end, args=(shift, engine, plan.grace / 2), daemon=True).start()

        worn = threading.Event()

        def retire_when_worn() -> None:
            if plan.most_jobs and shift.ran >= plan.most_jobs and not worn.is_set():
                worn.set()
                retire()

        signal.signal(signal.SIGTERM, retire)
        work(shift, engine, plan.queues, retire_when_worn)
