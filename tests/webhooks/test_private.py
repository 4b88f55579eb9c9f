"""An installation that calls the public Internet alone says so when a webhook is made, not when something is sent."""

from pathlib import Path

import pytest

from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.service import Service, working
from tolva.settings import Settings, load_settings

HERE = {"url": "http://127.0.0.1:8080/hook", "events": ["job.failed"]}
REFUSED = "127.0.0.1 is, or leads to, an address that is not of the public Internet"


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, database_url=fresh.dsn, port=0)


def test_a_webhook_to_this_machine_is_not_made(service: Service) -> None:
    refused = service.client.post("/api/v1/webhooks", json=HERE)
    assert (refused.status_code, REFUSED in refused.json()["detail"]) == (400, True)
    page = service.client.post("/webhooks", data={"url": HERE["url"], "event": "job.failed"})
    assert (page.status_code, REFUSED in page.text) == (400, True)
    assert service.client.get("/api/v1/webhooks").json()["webhooks"] == []


def test_one_that_is_off_may_have_any_address_but_cannot_be_switched_on_with_it(service: Service) -> None:
    made = service.client.post("/api/v1/webhooks", json=HERE | {"active": False})
    assert made.status_code == 201
    at = f"/api/v1/webhooks/{made.json()['id']}"
    assert service.client.put(at, json=HERE).status_code == 400
    assert service.client.put(at, json=HERE | {"active": False, "description": "off"}).status_code == 200
    button = service.client.post(f"/webhooks/{made.json()['id']}/on", headers={"Accept": "text/html"})
    assert (button.status_code, REFUSED in button.text) == (400, True)
    assert not service.client.get(at).json()["active"]


def test_a_test_of_one_that_may_not_be_called_says_so_and_leaves_nothing_to_be_replayed(service: Service) -> None:
    made = service.client.post("/api/v1/webhooks", json=HERE | {"active": False}).json()
    job = service.client.post(f"/api/v1/webhooks/{made['id']}/test").json()["id"]
    with working(service):
        told = until(lambda: (row := service.client.get(f"/api/v1/jobs/{job}").json())["state"] == "failed" and row)
    assert (told["error"]["type"], told["error"]["message"][: len(REFUSED)]) == ("TrialFailed", REFUSED)
    assert service.client.get("/api/v1/dead-letters").json()["dead_letters"] == []
