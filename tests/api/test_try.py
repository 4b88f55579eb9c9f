import sys, time, os
import pytest
from tests.api.fuzz.town import *
from tests.api.fuzz.campaign import explore
from tests.service import serving, working
from tolva.settings import load_settings


@pytest.fixture
def settings(fresh, tmp_path):
    return load_settings(data_dir=tmp_path, database_url=fresh.dsn, port=0, upload_max_mb=1, requests_per_second=0)


def test_try(service, fresh):
    began = time.monotonic()
    role = os.environ.get("ROLE", "admin")
    with working(service, ["bulk_upload"]):
        url = str(service.client.base_url).rstrip("/")
        mine, theirs = settle(service, MINE), settle(service, THEIRS)
        print("town", time.monotonic() - began)
        found = explore(
            url,
            None if role == "none" else mine.keys[Role(role)],
            mine,
            theirs,
            lambda: hidden(fresh.admin_dsn, THEIRS),
            int(os.environ.get("MOST", "10")),
            1,
        )
    print("all", time.monotonic() - began, "cases", found.cases, "failures", len(found.failures))
    for where, text in sorted(found.failures.items()):
        print("##", *where)
        print("   ", text[:1500])
    print("== not reached")
    for name, told in sorted(found.statuses.items()):
        print(name, dict(told), "" if name in found.reached() else "NEVER")
