"""Two tenants with something of every kind, in every state that a call can meet it in."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from psycopg import sql

from tests.errand import ERRAND
from tests.jobs.workshop import until
from tests.service import Service
from tolva.core.job import JobId, NewJob
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key

MINE, THEIRS = "mine", "theirs"
"""The tenants. Calls of the one name things of the other."""
SECRET = "geheimnis-{}"
"""What is in the texts of all that a tenant has."""
SPARE = 8
"""Of what a call uses up."""
HEADER = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias"
FILE = f"{HEADER}\n001,Guantes,1.50,CS-1,3\n".encode()
KIND = QUEUE = "bulk_upload"
OVER = ("completed", "failed", "cancelled")
SCHEMA: dict[str, Any] = {
    "target": "prices",
    "primaryKey": ["code"],
    "fields": [
        {"name": "code", "constraints": {"required": True, "maxLength": 20}},
        {"name": "price", "type": "integer"},
    ],
}


@dataclass(frozen=True)
class Tenant:
    """What one tenant has, by kind."""

    name: str
    keys: dict[Role, str]
    things: dict[str, list[str]]


def settle(service: Service, name: str) -> Tenant:
    """A tenant and all that is theirs; a worker must be at work."""
    secret = SECRET.format(name)
    keys = {role: _key(service, name, role, f"{secret} {role}")[0] for role in Role}
    headers = {"Authorization": f"Bearer {keys[Role.ADMIN]}"}
    with httpx.Client(base_url=service.client.base_url, headers=headers, timeout=30, trust_env=False) as client:
        things = _jobs(client, service, name, secret) | {
            "key": [_key(service, name, Role.VIEWER, f"{secret} spare")[1] for _ in range(SPARE)],
            "resumable": [_resumable(client, secret) for _ in range(SPARE)],
            "webhook": [_webhook(client, secret) for _ in range(SPARE)],
            "schedule": [_schedule(client, f"{name}-{number}", secret) for number in range(SPARE)],
            "schema": [_schema(client, f"{name}_{number}", secret) for number in range(SPARE)],
            "builtin": ["products"],
            "queue": [QUEUE],
        }
    return Tenant(name, keys, things)


def neighbours(mine: Tenant, theirs: Tenant) -> Tenant:
    """The same tenant, who tries things of the other's, too."""
    shared = {"builtin", "queue", "column"}
    tried = {kind: [*own, *([] if kind in shared else theirs.things[kind][:2])] for kind, own in mine.things.items()}
    return Tenant(mine.name, mine.keys, tried)


def hidden(admin_dsn: str, tenant: str) -> list[str]:
    """Everything that only this tenant may read: its texts, and the ids of its rows."""
    tables = ("jobs", "webhooks", "keys", "audit")
    with psycopg.connect(admin_dsn) as conn:
        asked = [
            sql.SQL("SELECT id::text FROM tolva.{} WHERE tenant_id = %s").format(sql.Identifier(t)) for t in tables
        ]
        return [SECRET.format(tenant), *(id for each in asked for (id,) in conn.execute(each, (tenant,)))]


def _key(service: Service, tenant: str, role: Role, name: str) -> tuple[str, str]:
    with service.jobs.db.transaction(tenant) as conn:
        secret, row = create_key(conn, NewKey(tenant, name, role, "the town"))
    return secret.text, str(row["id"])


def _jobs(client: httpx.Client, service: Service, tenant: str, name: str) -> dict[str, list[str]]:
    def load(turn: int, more: Sequence[str] = (), **given: Any) -> str:
        rows = [f"{n},{name} {n},{turn}.50,CS-{n},3" for n in range(5)]
        return _upload(client, "\n".join([HEADER, *rows, *more, ""]).encode(), name, **given)

    ask = f"codigo,{name},Precio Venta,Precio Compra,certificado_sanitario,tiempo_entrega_dias\n9,x,1,2,c,3\n"
    loads = [load(0, [f"X,{name},{name},CS,3"]), *(load(turn) for turn in range(1, 5))]
    columns = [f"{name} {letter}" for letter in "abcde"]
    mapping = json.dumps(dict(zip(columns, HEADER.split(","), strict=True)))
    strange = f"{','.join(columns)}\n1,x,2,c,3\n".encode()
    others = [load(5, dry_run=True), _upload(client, strange, name, mapping=mapping)]
    failed = [_upload(client, ask.encode(), name, read='{"header_row": 99}') for _ in range(SPARE)]
    over = [_ended(client, each) for each in (*loads, *others, *failed)]
    undo = _ended(client, _done(client.post(f"/api/v1/jobs/{loads[-1]}/undo"))["id"])
    later, stopped = _scheduled(service, tenant, name), _scheduled(service, tenant, name)
    for each in stopped:
        _done(client.post(f"/api/v1/jobs/{each}/cancel"))
    return {
        "job": [*over, undo, *later],
        "open": later,
        "stopped": [*stopped, *failed],
        "letter": failed,
        "load": loads[:-1],
        "column": columns,
        "upload": [*loads, *others, failed[0]],
    }


def _upload(client: httpx.Client, content: bytes, name: str, **given: Any) -> str:
    asked = {"params": json.dumps({"proveedor_id": "P1"})} | given
    answer = client.post("/api/v1/uploads", params=asked, files={"file": (f"{name}.csv", content)})
    return _done(answer)["id"]


def _resumable(client: httpx.Client, name: str) -> str:
    pairs = {"filename": f"{name}.csv", "params": json.dumps({"proveedor_id": "P1"})}
    told = ",".join(f"{each} {base64.b64encode(text.encode()).decode()}" for each, text in pairs.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000000", "Upload-Metadata": told}
    answer = client.post("/api/v1/resumable-uploads", headers=headers)
    assert answer.is_success, answer.text
    return answer.headers["location"].rpartition("/")[2]


def _ended(client: httpx.Client, job: str) -> str:
    until(lambda: client.get(f"/api/v1/jobs/{job}").json()["state"] in OVER, 30)
    return job


def _scheduled(service: Service, tenant: str, name: str) -> list[JobId]:
    """Jobs that nobody runs before the test is over."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with service.jobs.work(tenant) as work:
        return [made.id for made in work.enqueue(*[NewJob(KIND, {"of": name}, run_at=tomorrow, label=name)] * SPARE)]


def _webhook(client: httpx.Client, name: str) -> str:
    wanted = {"url": f"https://{name}.example.com/x", "description": name, "active": False}
    made = _done(client.post("/api/v1/webhooks", json=wanted))["id"]
    _done(client.post(f"/api/v1/webhooks/{made}/test"))
    return made


def _schedule(client: httpx.Client, name: str, secret: str) -> str:
    wanted = {"cron": "0 0 1 1 *", "kind": ERRAND.kind, "params": {"of": secret}}
    return _done(client.put(f"/api/v1/schedules/{name}", json=wanted))["name"]


def _schema(client: httpx.Client, name: str, title: str) -> str:
    return _done(client.put(f"/api/v1/schemas/{name}", json=SCHEMA | {"title": title}))["name"]


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()
