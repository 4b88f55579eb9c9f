"""What a page of the audit log costs: a few entries, whatever it is asked for and however long the log."""

import psycopg
import pytest

from tests.conftest import Fresh
from tolva.db.pool import Database
from tolva.web.access.sql import SQL

FILL = """
INSERT INTO tolva.audit (id, tenant_id, actor, action, target)
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'a', CASE WHEN n = 19999 THEN 'rare' ELSE 'key ' || n % 5 END,
  'job.cancel', 'job ' || n
FROM generate_series(1, 20000) n
"""


@pytest.mark.parametrize(
    "asked", [{}, {"target": "job 20000"}, {"target": "no job"}, {"actor": "rare"}, {"actor": "nobody"}]
)
def test_a_page_of_the_audit_log_reads_a_few_entries(db: Database, fresh: Fresh, asked: dict[str, str]) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FILL)
        conn.execute("ANALYZE tolva.audit")
    given = {"before": None, "target": None, "actor": None, "most": 51} | asked
    with db.transaction("a") as conn:
        [row] = conn.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SQL['notes']}", given).fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 100
