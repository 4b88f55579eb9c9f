"""The whole way of a file whose store is a bucket: upload, preview, load, errors, bad days, and the end of its time."""

import select
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from tests.catalog.test_contract import GOOD, UPLOAD, as_csv, await_end, load, upload
from tests.catalog.test_upkeep import forget_job
from tests.cli.conftest import Shell, tolva
from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.servers.cable import BUSY, Cable, Fault, cable
from tests.servers.s3 import Place, aws_server, place
from tests.service import Service, service, working
from tolva import app
from tolva.connectors.s3 import bucket
from tolva.jobs import runner
from tolva.settings import Settings
from tolva.web import arriving
from tolva.workloads.intake import upkeep
from tolva.workloads.intake.upkeep import forget_uploads, sweep_files, take_back_files

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


LARGE = SHEET + b"\n" + b"x,y\n" * (5 * 1024**2)
"""More than fits into two parts."""


def refused(service: Service, answer: httpx.Response) -> None:
    """Nothing was accepted, and a program is told to come again."""
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:tolva:storage-unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert service.client.get("/api/v1/jobs").json()["jobs"] == []
    assert left_here(service) == []


def test_a_bucket_that_goes_away_in_the_middle_leaves_no_object_and_upkeep_takes_the_parts_back(
    service: Service, place: Place, line: Cable
) -> None:
    line.faults = [Fault(1000, 503, meets=lambda method, path: method == "DELETE" or "partNumber=2" in path)]
    refused(service, upload(service, LARGE))
    assert (len(place.objects), len(place.unfinished)) == (0, 1)
    line.faults = []
    sweep_files(app.blobs(service.settings))
    assert place.unfinished == []
    assert upload(service, LARGE).status_code == 202


def ends(method: str, path: str) -> bool:
    """Whether it makes the object: all of it at once, or of its parts."""
    return (method == "POST" and "uploadId" in path) or (method == "PUT" and "/" in path[1:] and "?" not in path)


@pytest.mark.parametrize("content", [SHEET, LARGE], ids=["small", "several parts"])
def test_a_file_of_which_the_bucket_could_not_say_that_it_has_it_is_taken_back_by_upkeep(
    service: Service, place: Place, line: Cable, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "ABANDONED", -60.0)
    line.faults = [Fault(1, loses=True, meets=ends)]
    refused(service, upload(service, content))
    assert len(place.objects) == 1
    take_back_files(service.jobs.db, app.blobs(service.settings))
    assert place.objects == {}


def test_a_refused_login_is_told_in_the_log_alone(
    service: Service, line: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    line.faults = [Fault(1000, 403, BUSY.replace(b"SlowDown", b"SignatureDoesNotMatch"))]
    answer = upload(service, SHEET)
    refused(service, answer)
    assert "AWS_" not in answer.text
    assert "AWS_SECRET_ACCESS_KEY" in caplog.text


def test_a_sender_that_trickles_is_ended_after_a_while_and_leaves_nothing(
    service: Service, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LONGEST_UPLOAD", 3.0)
    url = httpx.URL(service.client.base_url)
    head = [f"POST {UPLOAD}?proveedor_id=P HTTP/1.1", "Host: localhost", f"Content-Length: {len(LARGE) * 2}"]
    head += ["Content-Type: multipart/form-data; boundary=b"]
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    with socket.create_connection((url.host, url.port or 0), timeout=30) as sender:
        sender.sendall("\r\n".join([*head, "", ""]).encode() + form + LARGE)
        until(lambda: place.unfinished)
        trickled = 0
        while not select.select([sender], [], [], 0.05)[0]:
            sender.sendall(b"x")
            trickled += 1
        answer = HTTPResponse(sender)
        answer.begin()
        told = answer.read().decode()
    assert (answer.status, trickled > 10) == (400, True)
    assert "took too long" in told
    assert (place.objects, place.unfinished, left_here(service)) == ({}, [], [])


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
