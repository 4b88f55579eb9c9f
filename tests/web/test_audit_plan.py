"""What a page of the audit log costs: a few entries, whatever it is asked for and however long the log."""

import re
from collections.abc import Iterator
from dataclasses import asdict

import psycopg
import pytest

from tests.conftest import TEMPLATE, Cluster
from tolva.db.pool import Database
from tolva.web.access.audit import LOOKED, NoteFilter
from tolva.web.access.sql import SQL

FILL = """
INSERT INTO tolva.audit (id, tenant_id, actor, action, target)
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'a', CASE WHEN n = 19999 THEN 'rare' ELSE 'key ' || n % 5 END,
  CASE WHEN n = 1 THEN 'key.create' ELSE 'job.cancel' END, CASE WHEN n % 2 = 0 THEN 'all' ELSE 'job ' || n END
FROM generate_series(1, 20000) n
UNION ALL
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'small', 'actor ' || n % 500, 'action ' || n % 500, 'target ' || n
FROM generate_series(100, 20000, 100) n
"""
FILL_KEYS = """
INSERT INTO tolva.keys (id, tenant_id, name, role, hash, beginning, created_by)
SELECT tolva.uuid_at(now() - n * interval '1 s'), CASE WHEN n % 100 = 0 THEN 'small' ELSE 'a' END,
  'key', 'viewer', n::text::bytea, '', ''
FROM generate_series(1, 20000) n
"""


@pytest.fixture(scope="module")
def long(cluster: Cluster) -> Iterator[Database]:
    """A log of 20,000 lines of one tenant, and a few of another; no test writes to it."""
    with cluster.database(TEMPLATE) as made:
        with psycopg.connect(made.admin_dsn, autocommit=True) as conn:
            conn.execute(FILL)
            conn.execute(FILL_KEYS)
            conn.execute("ANALYZE tolva.audit, tolva.keys")
        with Database(made.dsn, name="tolva test") as db:
            yield db


def pages(db: Database, wanted: NoteFilter, looked: int = LOOKED) -> int:
    given = asdict(wanted) | {"before": None, "most": 51, "looked": looked}
    with db.transaction("a") as conn:
        [row] = conn.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SQL[wanted.query]}", given).fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_a_page_of_the_audit_log_reads_a_few_entries(long: Database) -> None:
    for wanted in (
        NoteFilter(),
        NoteFilter(target="job 19999"),
        NoteFilter(target="all"),
        NoteFilter(target="all", actor="key 4"),
        NoteFilter(target="no job"),
        NoteFilter(actor="rare"),
        NoteFilter(actor="nobody"),
        NoteFilter(action="job.cancel"),
        NoteFilter(action="key.create"),
    ):
        assert pages(long, wanted) < 100, wanted


@pytest.mark.parametrize("also", [{"actor": "key 0"}, {"target": "all"}, {"actor": "key 0", "target": "all"}], ids=str)
def test_what_one_did_but_never_so_is_looked_for_among_so_many_lines(long: Database, also: dict[str, str]) -> None:
    """Each line may lie on a page of its own."""
    assert pages(long, NoteFilter(**also, action="no.action"), looked=50) < 100
    assert pages(long, NoteFilter(**also, action="no.action"), looked=20_000) > 200


def test_a_page_of_a_small_tenant_is_read_from_an_index_whatever_is_asked_for(long: Database) -> None:
    assert plan(long, "list_keys") == "keys_pkey"
    assert plan(long, NoteFilter().query) == "audit_pkey"
    for name in ("target", "actor", "action"):
        wanted = NoteFilter(**{name: f"{name} 200"})
        assert plan(long, wanted.query, **asdict(wanted)) == f"audit_of_{name}"


def plan(db: Database, query: str, **given: str | None) -> str:
    """The one index that a named query reads, in the order of the list."""
    with db.transaction("small") as conn:
        asked = given | {"before": None, "most": 101, "looked": LOOKED}
        told = conn.execute(b"EXPLAIN " + SQL[query].encode(), asked).fetchall()
    lines = [row["QUERY PLAN"] for row in told]
    [index] = [found[1] for line in lines if (found := re.search(r"Index Scan Backward using (\w+)", line))]
    return index
