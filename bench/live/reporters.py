"""Jobs that run, and report their progress at an even pace, with the calls that every handler has."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count

from tolva.core.job import Claimed, NewJob, Queue
from tolva.db.pool import Database
from tolva.engines.inline import InlineEngine
from tolva.jobs.attempt import Attempt
from tolva.jobs.catalogue import Handler, make_catalogue
from tolva.jobs.context import Context
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs

QUEUE = Queue("bench", soft_limit=86_400, hard_limit=86_400)


class Reporters:
    """Running jobs, each in the hands of a thread."""

    def __init__(self, contexts: list[Context], per_second: float) -> None:
        self.jobs = [context.job_id for context in contexts]
        self.commits: list[float] = []
        """Seconds of each report, until it was committed."""
        self._pause = 1 / per_second
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._report, args=(context,)) for context in contexts]

    def begin(self) -> None:
        for number, thread in enumerate(self._threads):
            thread.start()
            self._stop.wait(self._pause * number / len(self._threads) / 2)  # not all in one moment

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _report(self, context: Context) -> None:
        due = time.monotonic()
        for n in count():
            began = time.monotonic()
            context.progress(read=n * 1000, created=n * 900, updated=n * 90, refused=n * 10, total=1_000_000)
            self.commits.append(time.monotonic() - began)
            due += self._pause
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return


@contextmanager
def reporters(dsn: str, number: int, per_second: float) -> Iterator[Reporters]:
    """So many running jobs, which wait for `begin`."""
    catalogue = make_catalogue([Handler("bench", QUEUE, lambda _: None)])
    with Database(dsn, name="bench", size=number + 2) as db, closing(Heartbeat(db, [QUEUE.name], lease=600)) as lease:
        engine = InlineEngine(db)
        with Jobs(db, engine, catalogue).work("default") as work:
            work.enqueue(*[NewJob("bench")] * number)
        given = {"worker": lease.join(), "queue": QUEUE.name, "most": number}
        with db.connection() as conn:
            claimed = [Claimed(**row) for row in conn.execute(SQL["claim"], given).fetchall()]
        yield Reporters([Context(Attempt(job), db, catalogue.queue_of, engine) for job in claimed], per_second)
