"""Who reads the raw words of an error of a job: operators, of the job and of dead letters, and nobody else."""

import pytest

from tests.api.moved import claim, queued
from tests.pages.reader import get, log_in
from tests.service import Service
from tolva.core.job import JobId, Outcome, Verb
from tolva.jobs.endings import Ending, end_attempts
from tolva.jobs.failure import error_json
from tolva.web.access.caller import Role

RAW = "/srv/tolva/secret-folder"
WHOLE = (
    *("/api/v1/jobs/{job}", "/api/v1/dead-letters/{job}", "/api/v1/dead-letters"),
    *("/jobs/{job}", "/jobs/{job}/below", "/dead-letters"),
)
IN_PART = (
    *("/api/v1/jobs", "/api/v1/jobs/{job}/events?limit=500", "/api/v1/jobs/{job}/stream"),
    *("/", "/jobs"),
)


@pytest.fixture
def job(service: Service) -> JobId:
    """One that failed by an error that nobody foresaw."""
    queued(service)
    [job] = claim(service)
    with service.jobs.db.connection() as conn:
        end_attempts(conn, [Ending(job, Outcome(Verb.FAIL, error_json(OSError(RAW))))])
    return job.id


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
@pytest.mark.parametrize("address", WHOLE)
def test_an_operator_reads_the_detail(service: Service, job: JobId, address: str, role: Role) -> None:
    log_in(service, role)
    assert RAW in get(service, address.format(job=job))


@pytest.mark.parametrize("address", [*WHOLE, *IN_PART])
def test_a_viewer_does_not(service: Service, job: JobId, address: str) -> None:
    log_in(service, Role.VIEWER)
    assert RAW not in get(service, address.format(job=job))


@pytest.mark.parametrize("address", IN_PART)
def test_what_tells_of_many_jobs_or_goes_to_many_readers_leaves_the_detail_out(
    service: Service, job: JobId, address: str
) -> None:
    log_in(service, Role.ADMIN)
    assert RAW not in get(service, address.format(job=job))


def test_what_a_viewer_knows_of_a_job_is_not_what_an_operator_knows(service: Service, job: JobId) -> None:
    tags: set[str] = set()
    for role in (Role.VIEWER, Role.OPERATOR):
        log_in(service, role)
        tags.add(service.client.get(f"/api/v1/jobs/{job}").headers["ETag"])
    assert len(tags) == 2
