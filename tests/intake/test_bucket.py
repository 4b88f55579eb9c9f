"""The whole way of a file whose store is a bucket: upload, preview, load, errors, and the end of its time."""

from pathlib import Path

import pytest

from tests.catalog.test_contract import GOOD, as_csv, load
from tests.conftest import Fresh
from tests.servers.s3 import Place, aws_server, place
from tests.service import Service, service
from tolva.settings import Settings

__all__ = ["aws_server", "place", "service"]


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path, place: Place) -> Settings:
    return place.settings(data_dir=tmp_path, database_url=fresh.dsn, port=0, upload_max_mb=64)


def test_a_file_goes_into_the_bucket_and_its_worker_loads_it_from_there(service: Service, place: Place) -> None:
    view = load(service, as_csv(GOOD, ("002", "Gasas", "abc", "CS-2", "4")))
    assert (view["status"], view["progress"]["successful"], view["progress"]["failed"]) == ("completed", 1, 1)
    assert list(place.objects.values()) == [len(as_csv(GOOD, ("002", "Gasas", "abc", "CS-2", "4")))]
    assert [path for path in (service.settings.data_dir / "files").rglob("*") if path.is_file()] == []
