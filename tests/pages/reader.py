"""Whoever reads the pages: with a key of a role, or without any."""

from html import unescape

import httpx

from tests.service import Service
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def log_in(service: Service, role: Role, tenant: str = "default") -> None:
    """From here on, the client has a key of this role."""
    with service.jobs.db.transaction(tenant) as conn:
        made, _ = create_key(conn, NewKey(tenant, role, role, "test"))
    service.client.headers["Authorization"] = f"Bearer {made.text}"


def get(service: Service, address: str, **headers: str) -> str:
    answer = service.client.get(address, headers=HTML | headers)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def post(service: Service, address: str, **fields: object) -> httpx.Response:
    return service.client.post(address, data=fields, headers=HTML)


def went_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def noted(service: Service, tenant: str = "default") -> list[tuple[str, str]]:
    """What was done to what, as the audit log has it."""
    with service.jobs.db.transaction(tenant) as conn:
        rows = conn.execute("SELECT action, target FROM tolva.audit ORDER BY id").fetchall()
    return [(row["action"], row["target"]) for row in rows]
