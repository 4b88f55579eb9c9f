"""Progress that is no number: a handler may report what it likes."""

import json

import psycopg
import pytest

from tests.api.moved import claim, queued
from tests.pages.reader import get
from tests.service import Service


@pytest.mark.parametrize(
    "odd",
    [
        {"processed": "many", "total": 10, "failed": [1]},
        {"processed": 1, "total": "ten"},
        {"processed": True, "total": {"rows": 1}},
        {"processed": 1.5, "total": 3, "failed": 1.5},
        {"processed": 10**400, "total": 10**308},
        {"processed": 12, "total": 10},
        {"processed": -1, "total": -5},
        {"processed": 0, "total": 0},
    ],
)
def test_the_pages_of_jobs_are_shown_whatever_one_of_them_reports(
    service: Service, admin: psycopg.Connection, odd: dict[str, object]
) -> None:
    (job,) = queued(service, label="odd.csv")
    claim(service)
    admin.execute("UPDATE tolva.jobs SET progress = %s WHERE id = %s", (json.dumps(odd), job))
    for seconds in (2, 1):
        admin.execute(
            "INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data, at)"
            " VALUES (%s, 100 - %s, 'default', 'progress', %s, now() - make_interval(secs => %s))",
            (job, seconds, json.dumps(odd | {"processed": 10 - seconds}), seconds),
        )
    for address in ("/", "/jobs", f"/jobs/{job}"):
        assert "odd.csv" in get(service, address)
    admin.execute("UPDATE tolva.jobs SET kind = 'odd' WHERE id = %s", (job,))  # one that no workload has a panel for
    for address in ("/jobs?kind=odd", f"/jobs/{job}"):
        assert "odd.csv" in get(service, address)
