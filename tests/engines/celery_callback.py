"""A worker of Celery as its command line starts it, whose tasks call back into the test that rings."""

import os
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

from celery import signals

from tests.engines.wire import ADDRESS, NEWS_PAUSE, QUEUE
from tolva.core.job import Queue
from tolva.engines import celery_events
from tolva.engines.celery import declare_tasks, make_app
from tolva.settings import load_settings


def perform(queue: str) -> Any:
    with Client(os.environ[ADDRESS], "AF_UNIX") as test:
        test.send(queue)
        answer = test.recv()
    if isinstance(answer, BaseException):
        raise answer
    return answer


@signals.worker_ready.connect
def tell_ready(**_more: Any) -> None:
    Path(f"{os.environ[ADDRESS]}.{os.environ[QUEUE]}").touch()


celery_events.PAUSE = float(os.environ.get(NEWS_PAUSE, celery_events.PAUSE))
app = make_app(load_settings())
app.conf.imports = []
declare_tasks(app, [Queue(os.environ[QUEUE])], perform)
