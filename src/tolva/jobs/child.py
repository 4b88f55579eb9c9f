"""A worker process: runs jobs until it is told to end. Its supervisor beats for it, so it may be busy in C code."""

import os
import signal
import threading
from contextlib import closing
from math import inf
from multiprocessing.connection import Connection

from tolva.jobs.meter import JobMeter
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.shift import Shift, end, work
from tolva.logs import set_up_logs
from tolva.metrics import count_in
from tolva.tracing import begin_tracing

NICENESS = 10
"""Where a machine has too few cores for everybody, those who wait for an answer of the API go first."""


def run_child(plan: WorkerPlan, worker_id: str, to_supervisor: Connection) -> None:
    """Serve the plan's queues until SIGTERM, then let the running jobs end.

    Tells the supervisor by closing the connection that it has done its jobs, and takes no more.
    """
    os.nice(NICENESS)
    set_up_logs(plan.log_level, plan.log_format)
    count_in(plan.metrics)
    begin_tracing()
    with plan.database(f"tolva worker {os.getpid()}") as db, closing(plan.make_engine(db)) as engine:
        shift = Shift(db, worker_id, plan.make_catalogue(), engine, JobMeter())

        def retire(patience: float) -> None:
            # In a thread: the signal may have come while this one was inside a lock that `end` needs.
            threading.Thread(target=end, args=(shift, engine, patience), daemon=True).start()

        def retire_when_worn() -> None:
            if plan.most_jobs and shift.ran >= plan.most_jobs and not to_supervisor.closed:
                to_supervisor.close()
                retire(inf)  # a long job need not go elsewhere for this: another process takes over the rest

        def told_to_end(_signal: int, _frame: object) -> None:
            retire(plan.grace / 2)

        signal.signal(signal.SIGTERM, told_to_end)
        work(shift, engine, plan.queues, retire_when_worn)
