"""What Prometheus is told: by any API process, of all processes of the machine, and of the database."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import Shell
from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.service import Service
from tests.web.house import UPLOAD, house, load
from tolva.core.job import NewJob
from tolva.errors import DatabaseUnavailable
from tolva.web import metrics

LOADED = {"queue": "bulk_upload", "kind": "bulk_upload", "outcome": "completed"}
BACKLOG = """
INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, run_at, params)
SELECT gen_random_uuid(), 'tenant ' || n %% 3000, 'bulk_upload', 'bulk_upload', 5, 3, 60, 60,
  now() - n * interval '1 ms', '{}'
FROM generate_series(1, %s) n;
"""


def told(client: httpx.Client, name: str, **labels: str) -> float | None:
    """The value of a sample; None where there is none."""
    families = text_string_to_metric_families(client.get("/metrics").raise_for_status().text)
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return next((sample.value for sample in samples if labels.items() <= sample.labels.items()), None)


def test_every_api_tells_what_all_processes_counted_and_an_end_takes_nothing_away(tolva: Shell, tmp_path: Path) -> None:
    def uploads(client: httpx.Client) -> float | None:
        return told(client, "tolva_http_requests_total", method="POST", route=UPLOAD, status="202")

    with house(tolva, tmp_path) as running:
        first, _ = running.api()
        second, _ = running.api()
        worker, _ = running.worker(2)
        load(first)
        load(second)
        assert (uploads(first), uploads(second)) == (2, 2)
        assert told(second, "tolva_jobs_finished_total", **LOADED) == 2
        assert told(second, "tolva_job_duration_seconds_count", **LOADED) == 2
        assert told(second, "tolva_job_wait_seconds_count", queue="bulk_upload") == 2
        assert told(second, "tolva_http_request_duration_seconds_bucket", route=UPLOAD, le="+Inf") == 2
        assert told(second, "tolva_workers") == 2

        worker.kill()
        worker.wait()
        running.processes[0].kill()
        running.processes[0].wait()
        running.worker()
        load(second)
        assert uploads(second) == 3
        assert told(second, "tolva_jobs_finished_total", **LOADED) == 3
        folder = tolva.folder / "metrics"
        assert len(list(folder.glob("*/counter_*.db"))) == 3, "what was dead is one file: two that live, and that one"


def test_where_nobody_is_left_the_figures_begin_anew(tolva: Shell, tmp_path: Path) -> None:
    for _ in range(2):
        with house(tolva, tmp_path) as running:
            client, _ = running.api()
            client.get("/api/v1/schemas")
            assert told(client, "tolva_http_requests_total", route="/api/v1/schemas") == 1


def test_the_file_of_a_predecessor_with_our_process_id_counts_on(tmp_path: Path) -> None:
    counting = """
import sys, pathlib
from unittest import mock
from tolva import metrics
with mock.patch("os.getpid", lambda: 4_000_000 + int(sys.argv[2])):
    metrics.count_in(pathlib.Path(sys.argv[1]))
    metrics.counter("a_total", "", []).inc()
    print(sum(sample.value for family in metrics.counted() for sample in family.samples))
"""

    def count(process: int) -> float:
        command = [sys.executable, "-c", counting, str(tmp_path), str(process)]
        return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert [count(1), count(1), count(2)] == [1, 1, 1], "nobody else lives"
    mine = next(tmp_path.glob("*")) / f"counter_{os.getpid()}.db"
    shutil.copy(next(tmp_path.glob("*/counter_*.db")), mine)
    assert [count(2), count(2), count(3)] == [3, 4, 5], "we live, and have counted one"


def test_the_figures_of_a_machine_that_is_gone_for_long_are_deleted(tmp_path: Path) -> None:
    for name, days in (("away", 8), ("here lately", 6)):
        file = tmp_path / name / "counter_7.db"
        file.parent.mkdir()
        file.write_bytes(bytes(8))
        os.utime(file, (0, time.time() - days * 86_400))
    begin = f"import pathlib; from tolva.metrics import count_in; count_in(pathlib.Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", begin], check=True)
    assert not (tmp_path / "away").exists()
    assert (tmp_path / "here lately").exists()


def test_a_folder_that_cannot_be_written_costs_the_figures_alone(tolva: Shell, tmp_path: Path) -> None:
    tolva.folder.mkdir()
    (tolva.folder / "metrics").write_text("no folder")
    with house(tolva, tmp_path) as running:
        client, log = running.api()
        assert told(client, "tolva_up_database") == 1
        assert "are not kept" in log.read_text()


def test_what_waits_is_told_by_queue_and_state_of_all_tenants(service: Service, fresh: Fresh) -> None:
    for tenant in ("a", "b"):
        with service.jobs.work(tenant) as work:
            work.enqueue(NewJob("bulk_upload"))
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("INSERT INTO tolva.queues (name, paused_at) VALUES ('bulk_upload', now())")
        conn.execute("UPDATE tolva.jobs SET run_at = now() - interval '1 hour' WHERE tenant_id = 'b'")
    until(lambda: told(service.client, "tolva_queue_jobs", queue="bulk_upload", state="queued") == 2)
    assert told(service.client, "tolva_queue_jobs", queue="bulk_upload", state="running") == 0
    assert 3600 <= (told(service.client, "tolva_queue_oldest_seconds", queue="bulk_upload") or 0) < 3660
    assert told(service.client, "tolva_queue_paused", queue="bulk_upload") == 1
    assert told(service.client, "tolva_workers") == 0
    assert told(service.client, "tolva_dead_letters") == 0
    assert "tenant" not in service.client.get("/metrics").text


def test_a_long_backlog_of_many_tenants_is_told_within_a_second(service: Service, fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("INSERT INTO tolva.queues (name) VALUES ('bulk_upload')")
        conn.execute(BACKLOG, (60_000,))
    until(lambda: told(service.client, "tolva_queue_jobs", queue="bulk_upload", state="queued") == 10_000)
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE tolva.jobs")
    time_of_it: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        with psycopg.connect(fresh.admin_dsn) as conn:
            conn.execute("SELECT * FROM tolva.metrics()").fetchall()
        time_of_it.append(time.perf_counter() - began)
    assert min(time_of_it) < 0.5


def test_metrics_are_told_without_the_database(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(service.jobs.db, "_get", away)
    assert told(service.client, "tolva_up_database") == 0
    assert told(service.client, "tolva_workers") is None


def test_a_database_that_hangs_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(service.jobs.db, "_get", lambda: let_go.wait(30))
    began = time.perf_counter()
    assert told(service.client, "tolva_up_database") == 0
    assert time.perf_counter() - began < 10
    assert metrics.PATIENCE < 1, "a scrape takes less than a second, where the machine is not busy with tests"
    let_go.set()


def test_who_asks_through_a_proxy_needs_a_key(service: Service) -> None:
    assert service.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 401
