"""Worker processes over HTTP."""

import pytest

from tests.pages.reader import get, log_in
from tests.service import Service
from tolva.core.job import NewJob
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id
from tolva.web.access.caller import Role


def join(service: Service, lease: float) -> str:
    id = new_job_id()
    with service.jobs.db.connection() as conn:
        conn.execute(SQL["open_queues"], {"names": ["bulk_upload"]})
        given = {"id": id, "host": "here", "pid": 7, "queues": ["bulk_upload"], "lease": lease, "crew": None}
        conn.execute(SQL["join_worker"], given)
    return id


def test_workers_are_told_with_the_jobs_of_the_callers_tenant_alone(service: Service) -> None:
    worker, silent = join(service, 60), join(service, -1)
    mine = {}
    for tenant in ("default", "other"):
        with service.jobs.work(tenant) as work:
            mine[tenant] = work.enqueue(NewJob("bulk_upload"))[0].id
    with service.jobs.db.connection() as conn:
        assert len(conn.execute(SQL["claim"], {"worker": worker, "queue": "bulk_upload", "most": 2}).fetchall()) == 2
    told = {each["id"]: each for each in service.client.get("/api/v1/workers").json()["workers"]}
    assert [job["id"] for job in told[worker]["running"]] == [mine["default"]]
    assert (told[worker]["alive"], told[silent]["alive"], told[silent]["running"]) == (True, False, [])
    assert (told[worker]["host"], told[worker]["pid"], told[worker]["queues"]) == ("here", 7, ["bulk_upload"])


@pytest.mark.parametrize(
    ("role", "tenant", "host"), [("admin", "default", "here"), ("operator", "default", None), ("admin", "other", None)]
)
def test_the_machine_is_told_to_whoever_runs_the_installation_alone(
    service: Service, role: str, tenant: str, host: str | None
) -> None:
    worker = join(service, 60)
    log_in(service, Role(role), tenant)
    [told] = service.client.get("/api/v1/workers").json()["workers"]
    assert (told["id"], told["host"], told["pid"]) == (worker, host, host and 7)
    page = get(service, "/queues")
    assert worker in page and ("here<br>" in page) == (host is not None)
