"""The thread that looks for news of all watched jobs of this process, in one statement each time."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId
from tolva.db.faults import translated
from tolva.db.pool import Connection, Database, become_tenant
from tolva.engines.news import Ears
from tolva.errors import NotFound, TryLater
from tolva.jobs import store
from tolva.jobs.news import Watched, news
from tolva.web.live.channel import News
from tolva.web.live.message import Message, end_message, event_message
from tolva.web.live.opening import View

log = logging.getLogger(__name__)

LOOK = 0.05
"""Seconds between two looks, while somebody watches and there are news, or nobody tells of them."""
LONG_LOOK = 1.0
"""Seconds after which there is a look though nobody told of news."""
RETRY = 0.5
"""Seconds until PostgreSQL is tried again when it was away."""


class Watcher:
    """`watched` answers what to look for; `deliver` gets what was found, and is to return when that was taken."""

    def __init__(
        self,
        db: Database,
        view: View,
        watched: Callable[[], Sequence[Watched]],
        deliver: Callable[[Sequence[News]], None],
        ears: Ears,
    ) -> None:
        self._ears = ears
        self._db = db
        self._view = view
        self._watched = watched
        self._deliver = deliver
        self._wanted = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def wake(self) -> None:
        """Somebody watches. The first time begins the thread."""
        if self._thread.ident is None:
            self._ears.start()
            self._thread.start()
        self._wanted.set()
        self._ears.wake()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._wanted.set()
        self._ears.wake()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._ears.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._wanted.wait()
                if self._stop.is_set():
                    return
                with translated(), self._db.dedicated("live") as conn:
                    self._look_on(conn)
            except TryLater as error:
                log.warning("live streams wait: %s", error)
                self._stop.wait(RETRY)
            except Exception:
                log.exception("live streams wait")
                self._stop.wait(RETRY)

    def _look_on(self, conn: Connection) -> None:
        """Until nobody watches any more; then the connection is not kept."""
        while not self._stop.is_set():
            self._wanted.clear()
            watched = self._watched()
            if not watched:
                return
            self._wanted.set()
            if found := self._look(conn, watched):
                self._deliver(found)
            self._stop.wait(LOOK)
            if not found and self._ears.is_open:
                self._ears.wait(LONG_LOOK - LOOK)

    def _look(self, conn: Connection, watched: Sequence[Watched]) -> list[News]:
        known = {each.id: each for each in watched}
        found = groupby(news(conn, watched), key=lambda row: row["job_id"])
        return [self._told(conn, known[id], list(rows)) for id, rows in found]

    def _told(self, conn: Connection, job: Watched, rows: Sequence[DictRow]) -> News:
        end = self._end(conn, job.tenant_id, job.id, rows[-1]) if rows[-1]["is_last"] else None
        return News(job.id, job.after, [event_message(row) for row in rows], end)

    def _end(self, conn: Connection, tenant_id: str, id: JobId, last: DictRow) -> Message | None:
        """The final state, unless the job was queued again, or deleted, since we looked."""
        with suppress(NotFound), conn.transaction():
            become_tenant(conn, tenant_id, local=True)
            job = store.get_job(conn, id)
            if job["state"] in FINISHED and job["seq"] == last["seq"]:
                return end_message(self._view(job))
        return None
