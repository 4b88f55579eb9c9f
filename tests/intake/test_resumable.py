"""Uploads that go on where they broke off, by the tus protocol, as a client speaks it."""

import base64
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.catalog.test_contract import GOOD, as_csv, stored_files
from tests.conftest import Fresh
from tests.jobs.workshop import together, until
from tests.servers.s3 import aws_server, place
from tests.service import Service, service, working
from tests.web.test_access import bearer, logged_in, make_key
from tolva import app
from tolva.connectors.blobs import Blob, Blobs
from tolva.db.pool import Database
from tolva.settings import Settings, load_settings
from tolva.web import arriving
from tolva.web.access.caller import Role
from tolva.workloads.intake.resumable import pieces, upload
from tolva.workloads.intake.resumable.upkeep import prune_resumable
from tolva.workloads.intake.upkeep import intake_chores

__all__ = ["aws_server", "place", "service"]

AT = "/api/v1/resumable-uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PARAMS = json.dumps({"proveedor_id": "P1"})
SHEET = as_csv(GOOD, *((f"{n:05}", f"Artículo {n}", "1.50", "CS", "3") for n in range(2, 40)))
LONG = SHEET + b"".join(b"\n%05d,%b,1,CS,3" % (n, b"x" * 200) for n in range(100, 2000))
KB = 1024
Content = bytes | Iterator[bytes] | None


@pytest.fixture(params=["folder", "bucket"])
def settings(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Settings:
    given: dict[str, Any] = {"data_dir": tmp_path, "database_url": fresh.dsn, "port": 0, "upload_max_mb": 40}
    if request.param == "folder":
        return load_settings(**given)
    return request.getfixturevalue("place").settings(**given)


@dataclass
class Sender:
    """Speaks tus."""

    client: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, content: bytes | Iterator[bytes] | None = None, **more: str
    ) -> httpx.Response:
        headers = TUS | self.headers | {name.replace("_", "-"): value for name, value in more.items()}
        return self.client.request(method, path, content=content, headers=headers)

    def announce(self, length: int, filename: str = "p.csv", key: str | None = None, **said: str) -> httpx.Response:
        told = {"filename": filename, "params": PARAMS} | said
        pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}".rstrip() for name, value in told.items())
        more = {"Idempotency_Key": key} if key else {}
        return self.ask("POST", AT, Upload_Length=str(length), Upload_Metadata=pairs, **more)

    def begin(self, length: int, **said: Any) -> str:
        answer = self.announce(length, **said)
        assert (answer.status_code, answer.headers["tus-resumable"]) == (201, "1.0.0"), answer.text
        return answer.headers["location"]

    def send(self, path: str, content: bytes | Iterator[bytes], offset: int) -> httpx.Response:
        kind = "application/offset+octet-stream"
        return self.ask("PATCH", path, content, Content_Type=kind, Upload_Offset=str(offset))

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        return int(answer.headers["upload-offset"])


@contextmanager
def line_to(service: Service, path: str, sent: bytes) -> Iterator[None]:
    """A request that brings no more than this, though it announced a byte more."""
    url = service.client.base_url
    with socket.create_connection((url.host, url.port or 80)) as line:
        head = [f"PATCH {path} HTTP/1.1", f"Host: {url.netloc.decode()}", f"Content-Length: {len(sent) + 1}"]
        head += ["Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"]
        line.sendall("\r\n".join([*head, "", ""]).encode() + sent)
        yield


@pytest.fixture
def sender(service: Service) -> Sender:
    return Sender(service.client)


def kept(service: Service) -> list[str]:
    """Names of all that lies in the store."""
    store = service.settings.s3_bucket_name
    if store is None:
        return stored_files(service)
    bucket = app.bucket(service.settings)
    import obstore

    return [each["path"] for each in obstore.list(bucket._store).collect()]


def ended(service: Service, job: str) -> dict[str, Any]:
    with working(service):
        return until(lambda: (told := service.client.get(f"/api/v1/uploads/{job}").json())["finished_at"] and told, 30)


def test_a_file_that_comes_in_pieces_is_loaded_whole_and_its_pieces_go(service: Service, sender: Sender) -> None:
    path = sender.begin(len(SHEET))
    third = len(SHEET) // 3
    for start, end in [(0, third), (third, 2 * third), (2 * third, len(SHEET))]:
        assert sender.offset(path) == start
        answer = sender.send(path, SHEET[start:end], start)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end)), answer.text
    job = answer.headers["tolva-job"]
    assert answer.headers["content-location"] == f"/api/v1/uploads/{job}"
    assert len(kept(service)) == 1
    told = ended(service, job)
    assert (told["state"], told["filename"], told["size"], told["result"]["created"]) == (
        "completed",
        "p.csv",
        len(SHEET),
        39,
    )
    head = sender.ask("HEAD", path)
    assert (head.headers["upload-offset"], head.headers["tolva-job"]) == (str(len(SHEET)), job)


def test_a_request_may_bring_all_of_it(service: Service, sender: Sender) -> None:
    path = sender.begin(len(SHEET))
    job = sender.send(path, SHEET, 0).headers["tolva-job"]
    assert ended(service, job)["state"] == "completed"
    assert len(kept(service)) == 1


def test_what_came_before_a_line_broke_is_kept_and_the_rest_goes_on_from_there(
    service: Service, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "STRETCH", KB)
    path = sender.begin(len(LONG))
    incoming = service.settings.data_dir / "files" / "incoming"
    with line_to(service, path, LONG[: len(LONG) // 2]):
        until(lambda: any(part.stat().st_size for part in incoming.iterdir()), 60)
    there = until(lambda: sender.offset(path), 60)
    assert 0 < there <= len(LONG) // 2
    job = sender.send(path, LONG[there:], there).headers["tolva-job"]
    assert ended(service, job)["result"]["created"] == 39 + 1900


def test_a_silent_sender_is_told_so_and_what_came_is_kept(
    service: Service, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LONGEST_SILENCE", 0.3)
    path = sender.begin(len(SHEET))
    with line_to(service, path, SHEET[:100]):
        until(lambda: sender.offset(path) == 100, 60)


def test_long_pieces_are_set_down_while_they_come(
    service: Service, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 64 * KB)
    monkeypatch.setattr(arriving, "STRETCH", 32 * KB)
    path = sender.begin(len(LONG))
    seen: list[int] = []

    def coming() -> Iterator[bytes]:
        for start in range(0, len(LONG), 32 * KB):
            yield LONG[start : start + 32 * KB]
            if start > 128 * KB and not seen:
                seen.append(until(lambda: sender_beside.offset(path), 60))

    with httpx.Client(base_url=service.client.base_url, trust_env=False) as beside:
        sender_beside = Sender(beside)
        answer = sender.send(path, coming(), 0)
    assert answer.status_code == 204
    assert seen[0] >= 64 * KB
    assert ended(service, answer.headers["tolva-job"])["result"]["created"] == 39 + 1900
    assert len(kept(service)) == 1


def test_the_next_piece_may_come_to_another_process_or_after_a_restart(service: Service, sender: Sender) -> None:
    from tests.service import serving

    path = sender.begin(len(SHEET))
    sender.send(path, SHEET[:100], 0)
    with (
        serving(service.settings, service.jobs) as url,
        httpx.Client(base_url=url, trust_env=False) as other,
    ):
        elsewhere = Sender(other)
        assert elsewhere.offset(path) == 100
        job = elsewhere.send(path, SHEET[100:], 100).headers["tolva-job"]
    assert ended(service, job)["state"] == "completed"


def test_of_two_that_send_the_same_bytes_at_once_one_is_told_to_ask_where_it_is(
    service: Service, sender: Sender
) -> None:
    path = sender.begin(len(SHEET))
    with httpx.Client(base_url=service.client.base_url, trust_env=False) as second:
        both = together(
            lambda: sender.send(path, SHEET[:100], 0).status_code,
            lambda: Sender(second).send(path, SHEET[:100], 0).status_code,
        )
    assert sorted(both) == [204, 409]
    assert sender.offset(path) == 100
    assert len(kept(service)) == 1


def test_the_last_piece_sent_again_makes_no_second_job(service: Service, sender: Sender) -> None:
    path = sender.begin(len(SHEET))
    first = sender.send(path, SHEET, 0).headers["tolva-job"]
    again = sender.send(path, b"", len(SHEET))
    assert (again.status_code, again.headers["tolva-job"]) == (204, first)
    late = sender.send(path, SHEET, 0)
    assert (late.status_code, late.json()["type"]) == (409, "urn:tolva:conflict")


def test_an_end_that_nobody_noted_is_made_good_by_the_last_piece(
    service: Service, sender: Sender, fresh: Fresh
) -> None:
    path = sender.begin(len(SHEET))
    sender.send(path, SHEET[:100], 0)
    first = sender.send(path, SHEET[100:], 100).headers["tolva-job"]
    with psycopg.connect(fresh.admin_dsn) as admin:  # as if we had ended before it was noted
        admin.execute('UPDATE tolva.resumable_uploads SET job_id = NULL, "offset" = 0')
    assert sender.send(path, SHEET, 0).headers["tolva-job"] == first
    assert len(kept(service)) == 1


@pytest.mark.parametrize(
    ("told", "kind"), [("True", "dry_run"), ("1", "dry_run"), ("yes", "dry_run"), ("False", "bulk_upload")]
)
def test_a_dry_run_is_asked_for_as_in_the_address_of_the_other_upload(
    service: Service, sender: Sender, told: str, kind: str
) -> None:
    job = sender.send(sender.begin(len(SHEET), dry_run=told), SHEET, 0).headers["tolva-job"]
    assert service.client.get(f"/api/v1/jobs/{job}").json()["kind"] == kind


def test_parameters_are_those_of_the_other_upload(service: Service, sender: Sender) -> None:
    content = b"@a;@b;@c;@d;@e\n1;x;2;c;3\n"
    columns = dict(zip(("@1", "@2", "@3", "@4", "@5"), as_csv().decode().split(","), strict=True))
    said = {"mapping": json.dumps(columns), "read": '{"delimiter": ";"}', "dry_run": "true", "schema": "products"}
    path = sender.begin(len(content), **said)
    told = ended(service, sender.send(path, content, 0).headers["tolva-job"])
    assert (told["kind"], told["state"], told["result"]["created"]) == ("dry_run", "completed", 1)
    assert told["options"] == {"read": {"delimiter": ";"}, "mapping": columns}
    assert told["constants"] == {"proveedor_id": "P1"}


def test_an_idempotency_key_is_that_of_the_upload(service: Service, sender: Sender) -> None:
    jobs = {sender.send(sender.begin(len(SHEET), key="enero"), SHEET, 0).headers["tolva-job"] for _ in range(2)}
    assert len(jobs) == 1
    other = SHEET + b"9,x,1,c,3\n"
    answer = sender.send(sender.begin(len(other), key="enero"), other, 0)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:tolva:key-reused")


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"schema": "nothing"}, 404, "nothing"),
        ({"params": "{}"}, 400, "proveedor_id"),
        ({"filename": ""}, 400, "filename"),
        ({"schem": "x"}, 400, 'Did you mean "schema"'),
        ({"read": "{"}, 400, "read"),
        ({"dry_run": "maybe"}, 400, 'true or false in base64, not "maybe"'),
        ({"dry_run": ""}, 400, "true or false"),
        ({"length": 41 * KB * KB}, 413, "TOLVA_UPLOAD_MAX_MB"),
    ],
)
def test_what_could_not_be_loaded_is_refused_before_its_first_byte(
    sender: Sender, change: dict[str, Any], status: int, said: str
) -> None:
    answer = sender.announce(**({"length": 10} | change))
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_what_is_no_file_to_load_is_refused_at_its_end_and_gone(service: Service, sender: Sender) -> None:
    path = sender.begin(20, filename="p.xlsx")
    assert sender.send(path, b"not a wo", 0).status_code == 204
    answer = sender.send(path, b"rkbook at al", 8)
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:tolva:unsupported-file")
    assert sender.ask("HEAD", path).status_code == 404
    assert kept(service) == []


def test_a_large_one_is_refused_at_its_first_piece(service: Service, sender: Sender) -> None:
    path = sender.begin(30 * KB * KB, filename="p.xlsx")
    answer = sender.send(path, os.urandom(20 * KB), 0)
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:tolva:unsupported-file")
    assert sender.ask("HEAD", path).status_code == 404


def test_more_than_was_announced_is_refused(sender: Sender) -> None:
    path = sender.begin(len(SHEET))
    assert sender.send(path, SHEET + b"x", 0).status_code == 413
    assert sender.send(path, iter([SHEET, b"x"]), 0).status_code == 413
    assert sender.offset(path) == 0


def test_the_protocol_is_minded(service: Service, sender: Sender) -> None:
    told = service.client.options(AT)
    assert told.status_code == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert told.headers["tus-extension"] == "creation,expiration,termination"
    assert told.headers["tus-max-size"] == str(40 * KB * KB)
    path = sender.begin(len(SHEET))
    wrong = service.client.head(path, headers={"Tus-Resumable": "0.2.2"})
    assert (wrong.status_code, wrong.headers["tus-version"]) == (412, "1.0.0")
    assert service.client.post(AT).status_code in (412, 422)
    plain = sender.ask("PATCH", path, b"x", Content_Type="text/plain", Upload_Offset="0")
    assert plain.status_code == 415
    assert sender.send(path, b"x", 5).status_code == 409
    expires = parsedate_to_datetime(sender.ask("HEAD", path).headers["upload-expires"])
    assert 23 * 3600 < (expires - datetime.now(UTC)).total_seconds() <= 24 * 3600


def test_an_upload_that_is_given_up_is_gone_with_its_pieces(service: Service, sender: Sender) -> None:
    path = sender.begin(len(SHEET))
    sender.send(path, SHEET[:100], 0)
    assert len(kept(service)) == 1
    assert sender.ask("DELETE", path).status_code == 204
    assert kept(service) == []
    for method in ("HEAD", "DELETE"):
        assert sender.ask(method, path).status_code == 404
    assert sender.send(path, SHEET[100:], 100).status_code == 404


def test_while_an_upload_is_given_up_no_piece_is_added_by_a_request_that_still_brings_one(
    service: Service, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, delete, added = sender.begin(len(SHEET)), upload._delete_pieces, list[bool]()

    def delete_and_add(db: Database, blobs: Blobs, tenant_id: str, id: str) -> None:
        delete(db, blobs, tenant_id, id)
        with db.transaction(tenant_id) as conn:
            added.append(upload.add_piece(conn, id, 0, Blob("late", 1, "")))

    monkeypatch.setattr(upload, "_delete_pieces", delete_and_add)
    assert sender.ask("DELETE", path).status_code == 204
    assert added == [False]


def test_one_that_nobody_went_on_with_is_gone_after_a_day(service: Service, sender: Sender, fresh: Fresh) -> None:
    left, going = sender.begin(len(SHEET)), sender.begin(len(SHEET))
    for path in (left, going):
        sender.send(path, SHEET[:100], 0)
    with psycopg.connect(fresh.admin_dsn) as admin:
        admin.execute(
            "UPDATE tolva.resumable_uploads SET expires_at = now() - interval '1 s' WHERE id = %s",
            (left.rpartition("/")[2],),
        )
    assert sender.ask("HEAD", left).status_code == 404
    assert sender.send(left, SHEET[100:], 100).status_code == 404
    store = app.blobs(service.settings)
    assert "prune resumable uploads" in {
        chore.name for chore in intake_chores(service.settings, service.jobs.db, store)
    }
    prune_resumable(service.jobs.db, store)
    assert len(kept(service)) == 1
    assert sender.offset(going) == 100
    with psycopg.connect(fresh.admin_dsn) as admin:
        assert admin.execute("SELECT count(*) FROM tolva.resumable_uploads").fetchone() == (1,)


def test_an_upload_is_no_business_of_others(service: Service, sender: Sender) -> None:
    mine, theirs = make_key(service, Role.OPERATOR)[0], make_key(service, Role.ADMIN, tenant="other")[0]
    viewer = make_key(service, Role.VIEWER)[0]
    sender.headers = bearer(mine)
    path = sender.begin(len(SHEET))
    for key, status in ((theirs, 404), (viewer, 403), (None, 401)):
        sender.headers = bearer(key) if key else {}
        for answer in (sender.ask("HEAD", path), sender.send(path, SHEET, 0), sender.ask("DELETE", path)):
            assert answer.status_code == status


def test_a_page_of_another_site_cannot_send_with_our_cookie(service: Service, sender: Sender) -> None:
    operator, _ = make_key(service, Role.OPERATOR)
    cookie = logged_in(service, operator)
    sender.headers = cookie | {"Sec-Fetch-Site": "same-origin"}
    path = sender.begin(len(SHEET))
    sender.headers = cookie | {"Sec-Fetch-Site": "cross-site"}
    for answer in (sender.announce(9), sender.send(path, SHEET, 0), sender.ask("DELETE", path)):
        assert answer.status_code == 403


def test_a_tenant_may_have_so_many_under_way(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_OPEN", 2)
    first, _ = sender.begin(9), sender.begin(9)
    assert sender.announce(9).status_code == 409
    sender.ask("DELETE", first)
    assert sender.announce(9).status_code == 201
