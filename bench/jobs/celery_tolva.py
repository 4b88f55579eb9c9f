"""A worker of Celery that runs the bench's jobs as Tolva's, as `tolva.engines.celery` would."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.jobs.tolva_peer import QUEUE, plan_of
from tolva.engines.celery import make_app
from tolva.jobs.plan import WorkerPlan
from tolva.serve.celery_crew import CeleryCrew
from tolva.serve.hosted import Host
from tolva.settings import Settings, load_settings


@contextmanager
def open_plan(settings: Settings, _queues: Sequence[str]) -> Iterator[WorkerPlan]:
    yield plan_of(settings, 1, 1)


HOST = Host(load_settings(), (QUEUE,), open_plan, "bench.jobs.celery_tolva")
if __name__ == "__main__":
    HOST.run_companion(int(sys.argv[1]), sys.argv[2:])
else:
    app = make_app(HOST.settings)
    app.conf.imports = []
    CeleryCrew(app, HOST).join()
