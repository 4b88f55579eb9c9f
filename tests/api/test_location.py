"""What is accepted with a 202 can be seen where its `Location` leads."""

from collections.abc import Callable

import httpx
import pytest

from tests.api.moved import failed, queued
from tests.intake.test_uploads import GOOD, HEADER, ended, upload
from tests.service import Service

SCHEDULE = {"cron": "0 0 1 1 *", "kind": "errand", "timezone": "UTC"}


def schedule_run(service: Service) -> httpx.Response:
    assert service.client.put("/api/v1/schedules/s", json=SCHEDULE).status_code == 200
    return service.client.post("/api/v1/schedules/s/run")


def webhook_test(service: Service) -> httpx.Response:
    made = service.client.post("/api/v1/webhooks", json={"url": "https://example.com/x", "events": ["job.failed"]})
    return service.client.post(f"/api/v1/webhooks/{made.json()['id']}/test")


def catalog_upload(service: Service) -> httpx.Response:
    return service.client.post(
        "/api/v1/catalog/items/bulk-upload?proveedor_id=P1", files={"file": ("a.csv", f"{HEADER}\n{GOOD}\n")}
    )


def undo(service: Service) -> httpx.Response:
    load = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))["id"]
    return service.client.post(f"/api/v1/jobs/{load}/undo")


def load_again(service: Service) -> httpx.Response:
    sent = upload(service, f"{HEADER}\n{GOOD}\n", dry_run=True).json()
    return service.client.post(f"/api/v1/uploads/{sent['id']}/load", json={})


CALLS: dict[str, Callable[[Service], httpx.Response]] = {
    "upload": lambda service: upload(service, f"{HEADER}\n{GOOD}\n"),
    "catalog upload": catalog_upload,
    "load": load_again,
    "undo": undo,
    "cancel": lambda service: service.client.post(f"/api/v1/jobs/{queued(service)[0]}/cancel"),
    "retry": lambda service: service.client.post(f"/api/v1/jobs/{failed(service)[0]}/retry"),
    "replay": lambda service: service.client.post(f"/api/v1/dead-letters/{failed(service)[0]}/replay"),
    "schedule": schedule_run,
    "webhook test": webhook_test,
}


@pytest.mark.parametrize("call", CALLS)
def test_it_leads_to_what_was_begun(service: Service, call: str) -> None:
    begun = CALLS[call](service)
    assert begun.status_code == 202, begun.text
    seen = service.client.get(begun.headers["location"])
    assert seen.status_code == 200
    told = begun.json()
    assert (seen.json().get("id") or seen.json()["task_id"]) == (told.get("id") or told["task_id"])


def test_the_description_of_every_such_call_has_it(service: Service) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    begun = [
        call["responses"]["202"] for path in paths.values() for call in path.values() if "202" in call["responses"]
    ]
    assert len(begun) >= len(CALLS)
    assert all("Location" in each["headers"] for each in begun)
