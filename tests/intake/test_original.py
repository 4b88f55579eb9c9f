"""The file of an upload, given back as it came."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.catalog.test_contract import GOOD, as_csv, upload
from tests.conftest import Fresh
from tests.servers.s3 import aws_server, place
from tests.service import Service, service
from tests.web.test_access import bearer, make_key
from tolva.settings import Settings, load_settings

__all__ = ["aws_server", "place", "service"]

SHEET = as_csv(GOOD, *((f"{n:05}", "Artículo", "1.50", "CS", "3") for n in range(2, 100)))
NAME = "año nuevo.csv"


@pytest.fixture(params=["folder", "bucket"])
def settings(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Settings:
    given: dict[str, Any] = {"data_dir": tmp_path, "database_url": fresh.dsn, "port": 0, "upload_max_mb": 1}
    if request.param == "folder":
        return load_settings(**given)
    return request.getfixturevalue("place").settings(**given)


@pytest.fixture
def path(service: Service) -> str:
    return f"/api/v1/uploads/{upload(service, SHEET, NAME).json()['task_id']}"


def test_a_file_comes_back_as_it_came_under_its_name(service: Service, path: str) -> None:
    answer = service.client.get(f"{path}/file")
    assert (answer.status_code, answer.content) == (200, SHEET)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''a%C3%B1o%20nuevo.csv"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, len(SHEET)),
        ("bytes=-7", 206, len(SHEET) - 7, len(SHEET)),
        (f"bytes=5-{len(SHEET) * 2}", 206, 5, len(SHEET)),
        ("bytes=0-1,5-6", 200, 0, len(SHEET)),
        ("lines=1-2", 200, 0, len(SHEET)),
    ],
)
def test_a_part_of_it_can_be_had(service: Service, path: str, asked: str, status: int, start: int, end: int) -> None:
    answer = service.client.get(f"{path}/file", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, SHEET[start:end])
    told = f"bytes {start}-{end - 1}/{len(SHEET)}" if status == 206 else None
    assert answer.headers.get("content-range") == told


def test_a_part_that_is_not_in_it_is_refused(service: Service, path: str) -> None:
    answer = service.client.get(f"{path}/file", headers={"Range": f"bytes={len(SHEET)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(SHEET)}")


def test_its_link_leads_to_it(service: Service, path: str) -> None:
    told = service.client.get(f"{path}/link").json()
    if service.settings.s3_bucket_name:
        answer = httpx.get(told["url"])  # without any key
        assert told["expires_at"] is not None
    else:
        answer = service.client.get(told["url"])
        assert told["expires_at"] is None
    assert answer.content == SHEET
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''a%C3%B1o%20nuevo.csv"


def test_it_is_no_business_of_others(service: Service, path: str) -> None:
    theirs, _ = make_key(service, tenant="theirs")
    for call in ("file", "link"):
        assert service.client.get(f"{path}/{call}", headers=bearer(theirs)).status_code == 404
