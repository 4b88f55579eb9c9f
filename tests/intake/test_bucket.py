"""The whole way of a file whose store is a bucket: upload, preview, load, errors, bad days, and the end of its time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog.test_contract import GOOD, as_csv, await_end, load, upload
from tests.catalog.test_upkeep import forget_job
from tests.cli.conftest import Shell, tolva
from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.servers.cable import Cable, Fault, cable
from tests.servers.s3 import Place, aws_server, place
from tests.service import Service, service, working
from tolva import app
from tolva.connectors.s3 import bucket
from tolva.jobs import runner
from tolva.settings import Settings
from tolva.workloads.intake.upkeep import forget_uploads

__all__ = ["aws_server", "place", "service", "tolva"]

SHEET = as_csv(GOOD, ("002", "Gasas", "abc", "CS-2", "4"))


@pytest.fixture
def line(place: Place) -> Iterator[Cable]:
    with cable(place.aws.endpoint) as made:
        yield made


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path, place: Place, line: Cable, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setitem(bucket.RETRIES, "max_retries", 0)
    given = {"data_dir": tmp_path, "database_url": fresh.dsn, "port": 0, "upload_max_mb": 64}
    return place.settings(aws_endpoint_url=line.url, **given)


def left_here(service: Service) -> list[Path]:
    return [path for path in (service.settings.data_dir / "files").rglob("*") if path.is_file()]


def test_a_file_goes_into_the_bucket_and_its_worker_loads_it_from_there(service: Service, place: Place) -> None:
    view = load(service, SHEET)
    assert (view["status"], view["progress"]["successful"], view["progress"]["failed"]) == ("completed", 1, 1)
    assert list(place.objects.values()) == [len(SHEET)]
    assert left_here(service) == []


def test_its_preview_and_the_workbook_of_its_errors_are_read_from_there(service: Service) -> None:
    task = load(service, SHEET)["task_id"]
    preview = service.client.get(f"/api/v1/uploads/{task}/preview").json()
    assert [column["field"] for column in preview["columns"]] == as_csv().decode().split(",")
    book = service.client.get(f"/api/v1/jobs/{task}/errors?format=xlsx")
    assert (book.status_code, book.content[:2]) == (200, b"PK")
    assert left_here(service) == []


def test_a_file_goes_with_its_job(service: Service, fresh: Fresh, place: Place) -> None:
    task = load(service, SHEET)["task_id"]
    forget_uploads(service.jobs.db, app.blobs(service.settings), kept=0.0)
    assert len(place.objects) == 1
    forget_job(fresh, task)
    forget_uploads(service.jobs.db, app.blobs(service.settings), kept=0.0)
    assert place.objects == {}


def test_an_upload_is_refused_while_the_bucket_is_away_and_nothing_inside_is_told(
    service: Service, place: Place, line: Cable
) -> None:
    line.faults = [Fault(1000, 503)]
    answer = upload(service, SHEET)
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:tolva:storage-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert place.bucket not in answer.text and line.url not in answer.text
    assert service.client.get("/api/v1/jobs").json()["jobs"] == []
    line.faults = []
    assert upload(service, SHEET).status_code == 202


def test_a_load_waits_for_the_bucket_and_loses_no_try(
    service: Service, line: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STORAGE_PAUSE", 0.3)
    task = upload(service, SHEET).json()["task_id"]
    line.faults = [Fault(1000, 503)]
    with working(service), service.jobs.db.transaction("default") as conn:
        until(lambda: conn.execute("SELECT id FROM tolva.jobs WHERE attempt > 1 AND state = 'queued'").fetchone())
        line.faults = []
        view = await_end(service, task)
    assert (view["status"], view["progress"]["successful"]) == ("completed", 1)
    with service.jobs.db.transaction("default") as conn:
        job = conn.execute("SELECT failures, error FROM tolva.jobs WHERE id = %s", (task,)).fetchone()
    assert job == {"failures": 0, "error": None}


def test_health_tells_of_the_bucket(service: Service, line: Cable) -> None:
    answer = service.client.get("/health")
    assert (answer.status_code, answer.json()["blobs"]) == (200, "ok")
    line.faults = [Fault(1000, 503)]
    answer = until(lambda: (told := service.client.get("/health")).status_code == 503 and told)
    assert (answer.json()["database"], answer.json()["blobs"]) == ("ok", "does not answer")


def test_the_command_line_loads_over_the_bucket(tolva: Shell, place: Place, tmp_path: Path) -> None:
    sheet = tmp_path / "p.csv"
    sheet.write_bytes(SHEET)
    ran = tolva.process("load", str(sheet), "--param", "proveedor_id=P1", "--json", **place.environment)
    assert ran.json["state"] == "completed", ran.err
    assert list(place.objects.values()) == [len(SHEET)]
