"""Crews that Celery and Dramatiq start by themselves, with the handlers of these tests.

What such a process needs to know comes by its environment, as it does for whoever runs one.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from tests.chaos import handlers
from tests.chaos.crew import LOG_LEVEL, METRICS, plan_for
from tolva.core.job import Queue
from tolva.jobs.lifeline import die_with_parent
from tolva.jobs.plan import WorkerPlan
from tolva.serve.hosted import Host
from tolva.settings import Settings, load_settings

DSN, QUEUES, LEASE = "TOLVA_CHAOS_DSN", "TOLVA_CHAOS_QUEUES", "TOLVA_CHAOS_LEASE"


def host() -> Host:
    """What a process of such a crew needs."""
    return Host(load_settings(), tuple(_queues(os.environ[QUEUES].split(","))), open_plan, __name__, METRICS)


@contextmanager
def open_plan(settings: Settings, queues: Sequence[str]) -> Iterator[WorkerPlan]:
    yield plan_for(os.environ[DSN], _queues(queues), float(os.environ[LEASE]), settings=settings)


def become_celery(plan: WorkerPlan) -> None:
    worker = ["worker", "-c", str(plan.processes * 2), "-n", f"{uuid4().hex}@here", "-l", LOG_LEVEL]
    _become(plan, "celery", "-A", "tests.chaos.celery_app:app", *worker)


def become_dramatiq(plan: WorkerPlan) -> None:
    _become(plan, "dramatiq", "tests.chaos.dramatiq_app", "--processes", str(plan.processes), "--threads", "4")


def _become(plan: WorkerPlan, *command: str) -> None:
    die_with_parent()
    more = {DSN: plan.dsn, QUEUES: ",".join(plan.queue_names), LEASE: str(plan.lease)}
    os.execve(sys.executable, [sys.executable, "-m", *command], os.environ | more)


def _queues(names: Sequence[str]) -> list[Queue]:
    known = handlers.catalogue().queues
    return [known[name] for name in names]


if __name__ == "__main__":
    host().run_companion(int(sys.argv[1]), sys.argv[2:])
