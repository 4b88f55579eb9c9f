"""A worker process: runs jobs until it is told to end. Its supervisor beats for it, so it may be busy in C code."""

import logging
import os
import signal
import threading
import time
from functools import partial

from tolva.core.ports import Engine
from tolva.errors import TryLater
from tolva.jobs.attempt import Attempts
from tolva.jobs.desk import Desk
from tolva.jobs.lifeline import die_with_parent
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.pulse import keep_pulse
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner
from tolva.logs import set_up_logs

log = logging.getLogger(__name__)


def run_child(plan: WorkerPlan, worker_id: str) -> None:
    """Serve the plan's queues until SIGTERM, then let the running jobs end."""
    die_with_parent()
    set_up_logs(plan.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    attempts = Attempts()
    ended = threading.Event()
    with plan.database(f"tolva worker {os.getpid()}") as db:
        engine = plan.make_engine(db)
        desk = Desk(db, worker_id, partial(send_rings, engine))
        runner = Runner(db, plan.make_catalogue(), engine, desk, attempts)

        def drain(_signal: int, _frame: object) -> None:
            # In a thread: the signal may have come while this one was inside a lock that `stop` needs.
            threading.Thread(target=_drain, args=(runner, engine, attempts, plan.grace / 2), daemon=True).start()

        signal.signal(signal.SIGTERM, drain)
        pulse = threading.Thread(target=keep_pulse, args=(db, worker_id, desk, attempts, ended), name="pulse")
        pulse.start()
        try:
            engine.serve(plan.queues, runner.run_next)
        finally:
            ended.set()
            pulse.join()
        try:
            desk.close()
        except TryLater as error:
            log.warning("%s The jobs of this process are given back by its supervisor.", error)


def _drain(runner: Runner, engine: Engine, attempts: Attempts, patience: float) -> None:
    """Short jobs end by themselves; after `patience` in seconds the others stop at their next checkpoint."""
    runner.stop()
    engine.stop()
    give_up = time.monotonic() + patience
    while len(attempts) and time.monotonic() < give_up:
        time.sleep(0.05)
    attempts.drain()
