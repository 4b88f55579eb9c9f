"""Jobs in the states that tests want, without waiting for anything to do them."""

import json

from tests.service import Service
from tolva.core.job import Claimed, JobId, NewJob, Outcome, Verb
from tolva.jobs.endings import Ending, end_attempts
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id

QUEUE = KIND = "bulk_upload"


def queued(service: Service, number: int = 1, tenant: str = "default", **given: object) -> list[JobId]:
    with service.jobs.work(tenant) as work:
        return [made.id for made in work.enqueue(*[NewJob(KIND, **given)] * number)]


def claim(service: Service, most: int = 1) -> list[Claimed]:
    worker = new_job_id()
    with service.jobs.db.connection() as conn:
        conn.execute(SQL["open_queues"], {"names": [QUEUE]})
        conn.execute(
            SQL["join_worker"], {"id": worker, "host": "h", "pid": 1, "queues": [QUEUE], "lease": 60, "crew": None}
        )
        rows = conn.execute(SQL["claim"], {"worker": worker, "queue": QUEUE, "most": most}).fetchall()
    return [Claimed(**row) for row in rows]


def failed(service: Service, number: int = 1, tenant: str = "default", **given: object) -> list[JobId]:
    ids = queued(service, number, tenant, **given)
    assert set(fail(service, number)) == set(ids)
    return ids


def fail(service: Service, number: int = 1, said: str = "it broke", kind: str = "Broken") -> list[JobId]:
    """The next jobs, of whichever tenant, fail for good."""
    wrong = Outcome(Verb.FAIL, json.dumps({"type": kind, "message": said}))
    jobs = claim(service, number)
    with service.jobs.db.connection() as conn:
        end_attempts(conn, [Ending(job, wrong) for job in jobs])
    return [job.id for job in jobs]


def asking(service: Service, number: int = 1) -> list[JobId]:
    """They left a question open."""
    queued(service, number)
    return fail(service, number, "which column is it?", "Unanswered")


def states(service: Service, ids: list[JobId], tenant: str = "default") -> list[str]:
    with service.jobs.db.transaction(tenant) as conn:
        rows = conn.execute("SELECT state FROM tolva.jobs WHERE id = ANY (%s) ORDER BY id", (ids,)).fetchall()
    return [row["state"] for row in rows]
