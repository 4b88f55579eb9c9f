"""The audit log by actor, action and target: what is found, and what finding it costs."""

import re
from dataclasses import asdict
from itertools import product

import psycopg
import pytest

from tests.conftest import Fresh
from tests.service import Service
from tolva.web.access import audit
from tolva.web.access.audit import NoteFilter, note
from tolva.web.access.caller import Caller, Role
from tolva.web.access.sql import SQL

AUDIT = "/api/v1/audit"
ACTORS, ACTIONS, TARGETS = ("ana", "till"), ("job.cancel", "key.create"), ("a", "b")
FILL_AUDIT = """
INSERT INTO tolva.audit (id, tenant_id, actor, action, target)
SELECT tolva.uuid_at(now() - make_interval(secs => n)), CASE WHEN n % 100 = 0 THEN 'default' ELSE 'big' END,
  'actor ' || n % 500, 'action ' || n % 500, 'target ' || n
FROM generate_series(1, 20000) n
"""
FILL_KEYS = """
INSERT INTO tolva.keys (id, tenant_id, name, role, hash, beginning, created_by)
SELECT tolva.uuid_at(now() - make_interval(secs => n)), CASE WHEN n % 100 = 0 THEN 'default' ELSE 'big' END,
  'key', 'viewer', n::text::bytea, '', ''
FROM generate_series(1, 20000) n
"""


@pytest.fixture
def noted(service: Service) -> Service:
    """A line of each kind."""
    with service.jobs.db.transaction("default") as conn:
        for actor, action, target in product(ACTORS, ACTIONS, TARGETS):
            note(conn, Caller("default", Role.ADMIN, actor), action, target)
    return service


@pytest.mark.parametrize("names", [("target",), ("actor",), ("action",), ("actor", "action"), ("action", "target")])
def test_each_filter_narrows_and_the_pages_of_it_end(noted: Service, names: tuple[str, ...]) -> None:
    asked = {"actor": "ana", "action": "key.create", "target": "b"}
    wanted = {name: asked[name] for name in names}
    found, before = list[dict[str, str]](), None
    while len(found) < 9:
        given = wanted | {"limit": "1"} | ({"before": before} if before else {})
        page = noted.client.get(AUDIT, params=given).json()
        found += [{name: line[name] for name in asked} for line in page["lines"]]
        if not (before := page["next"]):
            break
    assert len(found) == 8 / 2 ** len(names)
    assert all(line | wanted == line for line in found)


def test_a_page_says_how_far_it_looked_and_leads_on(noted: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LOOKED", 1)
    asked = {"actor": "ana", "action": "job.cancel"}
    lengths, page = list[int](), {"next": None}
    while not lengths or page["next"]:
        page = noted.client.get(AUDIT, params=asked | ({"before": page["next"]} if page["next"] else {})).json()
        lengths.append(len(page["lines"]))
    assert lengths == [0, 0, 1, 1, 0]
    shown = noted.client.get("/audit", params=asked, headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert "None of those written since" in shown
    assert ">Older<" in shown


def test_a_page_of_a_small_tenant_is_read_from_an_index_whatever_is_asked_for(service: Service, fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FILL_AUDIT)
        conn.execute(FILL_KEYS)
        conn.execute("ANALYZE tolva.audit, tolva.keys")
    assert plan(service, "list_keys") == "keys_pkey"
    assert plan(service, NoteFilter().query) == "audit_pkey"
    for name in ("target", "actor", "action"):
        wanted = NoteFilter(**{name: f"{name} 200"})
        assert plan(service, wanted.query, **asdict(wanted)) == f"audit_of_{name}"


def plan(service: Service, query: str, **given: str | None) -> str:
    """The one index that a named query reads, in the order of the list."""
    with service.jobs.db.transaction("default") as conn:
        asked = given | {"before": None, "most": 101, "looked": audit.LOOKED}
        told = conn.execute(b"EXPLAIN " + SQL[query].encode(), asked).fetchall()
    lines = [row["QUERY PLAN"] for row in told]
    [index] = [found[1] for line in lines if (found := re.search(r"Index Scan Backward using (\w+)", line))]
    return index
