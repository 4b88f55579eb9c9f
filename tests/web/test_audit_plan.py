"""What a page of the audit log costs: a few entries, whatever it is asked for and however long the log."""

from dataclasses import asdict

import psycopg
import pytest

from tests.conftest import Fresh
from tolva.db.pool import Database
from tolva.web.access.audit import LOOKED, NoteFilter
from tolva.web.access.sql import SQL

FILL = """
INSERT INTO tolva.audit (id, tenant_id, actor, action, target)
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'a', CASE WHEN n = 19999 THEN 'rare' ELSE 'key ' || n % 5 END,
  CASE WHEN n = 1 THEN 'key.create' ELSE 'job.cancel' END, CASE WHEN n % 2 = 0 THEN 'all' ELSE 'job ' || n END
FROM generate_series(1, 20000) n
"""


@pytest.fixture
def long(fresh: Fresh) -> Fresh:
    """A log of 20,000 lines."""
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FILL)
        conn.execute("ANALYZE tolva.audit")
    return fresh


def pages(db: Database, wanted: NoteFilter, looked: int = LOOKED) -> int:
    given = asdict(wanted) | {"before": None, "most": 51, "looked": looked}
    with db.transaction("a") as conn:
        [row] = conn.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SQL[wanted.query]}", given).fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_a_page_of_the_audit_log_reads_a_few_entries(db: Database, long: Fresh) -> None:
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
        assert pages(db, wanted) < 100, wanted


@pytest.mark.parametrize("also", [{"actor": "key 0"}, {"target": "all"}, {"actor": "key 0", "target": "all"}], ids=str)
def test_what_one_did_but_never_so_is_looked_for_among_so_many_lines(
    db: Database, long: Fresh, also: dict[str, str]
) -> None:
    """Each line may lie on a page of its own."""
    assert pages(db, NoteFilter(**also, action="no.action"), looked=50) < 100
    assert pages(db, NoteFilter(**also, action="no.action"), looked=20_000) > 200
