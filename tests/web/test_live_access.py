"""A stream lasts long: whoever reads it must still be allowed to."""

import httpx
import pytest

from tests.jobs.workshop import Workshop
from tests.service import Service
from tolva.core.job import Claimed
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key, revoke_key
from tolva.web.live import stream

pytestmark = pytest.mark.usefixtures("quick_looks")


@pytest.fixture
def job(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Claimed:
    """A job that runs and says nothing."""
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    shop.put(tenant="default")
    return shop.take()


def read_to_the_end(answer: httpx.Response) -> str:
    return "".join(answer.iter_text())


def test_a_stream_ends_when_its_key_is_revoked(service: Service, job: Claimed) -> None:
    with service.jobs.db.transaction("default") as conn:
        secret, row = create_key(conn, NewKey("default", "reader", Role.VIEWER, "a test"))
    headers = {"Authorization": f"Bearer {secret.text}"}
    with service.client.stream("GET", f"/api/v1/jobs/{job.id}/stream", headers=headers) as answer:
        assert answer.status_code == 200
        with service.jobs.db.transaction("default") as conn:
            revoke_key(conn, row["id"])
        assert "event: job" in read_to_the_end(answer)


def test_a_stream_without_a_key_ends_when_the_first_key_is_made(service: Service, job: Claimed) -> None:
    with service.client.stream("GET", f"/api/v1/jobs/{job.id}/stream") as answer:
        assert answer.status_code == 200
        with service.jobs.db.transaction("default") as conn:
            create_key(conn, NewKey("default", "first", Role.ADMIN, "a test"))
        assert "event: job" in read_to_the_end(answer)
