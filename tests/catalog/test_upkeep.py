"""Uploads, their files and the errors of their rows go when their job has gone, and not before."""

import psycopg
import pytest

from tests.catalog.test_contract import GOOD, as_csv, load, stored_files
from tests.conftest import Fresh
from tests.service import Service
from tolva.app import blobs
from tolva.workloads.intake.upkeep import forget_uploads, intake_chores


@pytest.fixture
def task(service: Service) -> str:
    """A load with a refused row."""
    return load(service, as_csv(GOOD, ("002", "Gasas", "abc", "CS-2", "4")))["task_id"]


def forget_job(fresh: Fresh, task: str) -> None:
    """As pruning does."""
    with psycopg.connect(fresh.admin_dsn) as admin:
        admin.execute("DELETE FROM tolva.jobs WHERE id = %s", (task,))


def rows_left(fresh: Fresh) -> tuple[int, int]:
    with psycopg.connect(fresh.admin_dsn) as admin:
        row = admin.execute(
            "SELECT (SELECT count(*) FROM tolva.uploads), (SELECT count(*) FROM tolva.row_errors)"
        ).fetchone()
    assert row is not None
    return row


def test_an_upload_stays_as_long_as_its_job(service: Service, fresh: Fresh, task: str) -> None:
    assert forget_uploads(service.jobs.db, blobs(service.settings), kept=0.0) is False
    assert rows_left(fresh) == (1, 1)
    assert len(stored_files(service)) == 1


def test_an_upload_goes_with_its_file_and_its_errors_once_its_job_has_gone(
    service: Service, fresh: Fresh, task: str
) -> None:
    forget_job(fresh, task)
    forget_uploads(service.jobs.db, blobs(service.settings), kept=0.0)
    assert rows_left(fresh) == (0, 0)
    assert stored_files(service) == []


def test_an_upload_that_is_too_young_to_have_lost_its_job_is_not_looked_at(
    service: Service, fresh: Fresh, task: str
) -> None:
    forget_job(fresh, task)
    for chore in intake_chores(service.settings, service.jobs.db, blobs(service.settings)):
        assert chore.do() is False
    assert rows_left(fresh) == (1, 1)


def test_looking_for_them_reads_no_more_jobs_than_there_are_old_uploads(fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn) as admin:
        admin.execute(
            """
            INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, params,
              run_at, state, finished_at)
            SELECT tolva.uuid_at(now() - n * interval '1 h'), 't', 'q', 'k', 5, 3, 1, 1, '{}', now(), 'completed', now()
            FROM generate_series(1, 5000) n;
            INSERT INTO tolva.uploads (job_id, tenant_id, schema, filename, kind, blob, size, blake3, constants)
            SELECT id, 't', 's', 'f', 'csv', 'b', 1, 'x', '{}' FROM tolva.jobs;
            ANALYZE tolva.jobs, tolva.uploads"""
        )
        admin.execute("SELECT * FROM tolva.abandoned_uploads(interval '4990 h', 500)")
        row = admin.execute(
            """
            SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) AS entries,
              pg_stat_get_xact_numscans('tolva.jobs'::regclass) AS whole
            FROM pg_index WHERE indrelid = 'tolva.jobs'::regclass"""
        ).fetchone()
    assert row is not None
    assert row[0] <= 20
    assert row[1] <= 1  # the one that filled the uploads above
