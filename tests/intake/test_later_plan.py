"""What it costs to look for later loads: a bounded number of pages, also for a schema that hardly anybody sends."""

from typing import Any

import psycopg
import pytest

from tests.conftest import Fresh
from tolva.db.pool import Database
from tolva.workloads.intake import standing
from tolva.workloads.intake.sql import SQL

FILL = """
INSERT INTO tolva.uploads (job_id, tenant_id, schema, filename, kind, blob, size, blake3, constants)
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'a', CASE WHEN n > 19990 THEN 'rare' ELSE 'products' END, 'f', 'csv',
  'b', 1, 'x' || n, jsonb_build_object('proveedor_id', n % 2)
FROM generate_series(1, 20000) n
"""


@pytest.fixture
def oldest(fresh: Fresh) -> dict[str, Any]:
    """The first of 20,000 uploads."""
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FILL)
        conn.execute("ANALYZE tolva.uploads")
        row = conn.execute("SELECT job_id FROM tolva.uploads ORDER BY job_id LIMIT 1").fetchone()
    assert row is not None
    return {"job_id": row[0], "constants": {"proveedor_id": 1}}


def pages(db: Database, query: str, given: dict[str, Any]) -> int:
    with db.transaction("a") as conn:
        [row] = conn.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SQL[query]}", given).fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_later_loads_are_looked_for_among_so_many_uploads_of_the_schema(db: Database, oldest: dict[str, Any]) -> None:
    for schema, looked, most in (("rare", standing.LOOKED, 100), ("products", 20, 100), ("products", 1000, 4000)):
        given = oldest | {"schema": schema, "looked": looked, "constants": None, "most": 10}
        assert pages(db, "later_loads", given) < most, (schema, looked)
        assert pages(db, "further_upload", given) < most, (schema, looked)


def test_none_is_said_to_be_there_only_where_all_were_looked_at(
    db: Database, oldest: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    for schema, looked in (("rare", 10), ("rare", 9), ("rare", 8), ("products", 1000)):
        monkeypatch.setattr(standing, "LOOKED", looked)
        with db.transaction("a") as conn:
            later = standing.later_loads(conn, oldest | {"schema": schema}, alike=True)
        assert later.loads == []
        told.append(later.whole)
    assert told == [True, True, False, False]
