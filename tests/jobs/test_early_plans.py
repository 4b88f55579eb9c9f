"""Functions that are called all day on one connection read a few pages, though their plans are from empty tables.

Plain queries are not among them: nothing in them can rule out a plan, and the next ANALYZE makes it anew."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row

from bench.lists import sample
from tests.conftest import TEMPLATE, Cluster
from tests.jobs.shrunk import shrink
from tolva.db.pool import Connection
from tolva.jobs import letters, listing
from tolva.jobs.letters import LetterFilter
from tolva.jobs.listing import JobFilter
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id
from tolva.web.access.sql import SQL as ACCESS
from tolva.web.sql import SQL as WEB
from tolva.workloads.intake.sql import SQL as INTAKE
from tolva.workloads.webhooks.sql import SQL as WEBHOOKS

ROWS = 20_000
MOST_PAGES = 250
"""Pages that a call may touch. Each of LARGE has more; so has what would be sorted of it."""
LARGE = "jobs", "audit", "keys", "sessions", "idempotency", "uploads", "webhook_outbox"
FILL = """
INSERT INTO tolva.audit (id, tenant_id, actor, action, target)
SELECT tolva.uuid_at(now() - n * interval '1 h'), 'big', 'key', 'job.cancel', 'job'
FROM generate_series(1, 2 * %(rows)s) n;
INSERT INTO tolva.keys (id, tenant_id, name, role, hash, beginning, created_by)
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'big', 'key', 'viewer', int4send(n), '', 'x'
FROM generate_series(1, 2 * %(rows)s) n;
INSERT INTO tolva.sessions (hash, tenant_id, key_id, expires_at)
SELECT hash, tenant_id, id, now() + interval '1 h' FROM tolva.keys;
INSERT INTO tolva.idempotency (tenant_id, key, asked, made_at)
SELECT 'big', 'key ' || n, '', now() - n * interval '1 h' FROM generate_series(1, 2 * %(rows)s) n;
INSERT INTO tolva.uploads (job_id, tenant_id, schema, filename, kind, blob, size, blake3, constants)
SELECT id, tenant_id, 'products', 'a.csv', 'csv', id::text, 1, '', '{}' FROM tolva.jobs;
INSERT INTO tolva.webhook_outbox (tenant_id, webhook_id, event_id, type, at, data, set_aside)
SELECT 'big', gen_random_uuid(), gen_random_uuid(), 'job.failed', now() - n * interval '1 h', '{}',
  CASE WHEN n %% 2 = 0 THEN 'odd' END
FROM generate_series(1, 2 * %(rows)s) n;
INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, params, run_at,
  state, finished_at)
SELECT tolva.uuid_at(now() - n * interval '1 s'), 'big', 'hooks', 'webhook', 5, 3, 60, 120,
  jsonb_build_object('webhook', CASE WHEN n %% 4000 = 1 THEN 'few' ELSE 'many' END, 'event', '{}'),
  now(), 'completed', now()
FROM generate_series(1, %(rows)s) n;
"""
TOUCHED = """
SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::integer AS pages FROM pg_class
WHERE relnamespace = 'tolva'::regnamespace AND relkind IN ('r', 'i')
"""
SIZES = """
SELECT (pg_relation_size(oid) / current_setting('block_size')::bigint)::integer, relname FROM pg_class
WHERE relnamespace = 'tolva'::regnamespace AND relname = ANY (%s)
"""
TABLES = """
SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'tolva'::regnamespace AND relkind = 'r'
"""
FILTERS = (
    JobFilter(),
    JobFilter(search="productos"),
    JobFilter(search="xlsx", kinds=("dry_run",)),
    JobFilter(search="zanahorias", queues=("light",)),
    JobFilter(kinds=("sync", "undo")),
    JobFilter(open_question=True),
)
YEAR = 365 * 86_400.0
CALLS: dict[str, tuple[LiteralString, dict[str, Any]]] = {
    "count ahead": (SQL["count_ahead"], {"id": new_job_id(), "most": 100}),
    "key": (ACCESS["key_holder"], {"hash": b"none"}),
    "login": (ACCESS["session_holder"], {"hash": b"none"}),
    "old lines of the audit log": (ACCESS["prune_access"], {"kept": YEAR, "most": 10}),
    "old requests": (WEB["prune_requests"], {"kept": 86_400.0, "most": 10}),
    "abandoned uploads": (INTAKE["abandoned_uploads"], {"kept": YEAR, "most": 10}),
    "tenants with news": (WEBHOOKS["tenants_with_news"], {}),
    "lines set aside": (WEBHOOKS["lines_aside"], {"most": 10}),
    "old lines set aside": (WEBHOOKS["prune_lines"], {"kept": YEAR, "most": 10}),
    "deliveries": (WEBHOOKS["deliveries"], {"webhook": "many", "before": None, "most": 10}),
    "few deliveries": (WEBHOOKS["deliveries"], {"webhook": "few", "before": None, "most": 10}),
}


@pytest.fixture(scope="module")
def early(cluster: Cluster) -> Iterator[Connection]:
    """A connection from before the rows came, which has asked everything often enough to keep its plans."""
    with (
        cluster.database(TEMPLATE) as made,
        psycopg.connect(made.admin_dsn, autocommit=True) as admin,
        Connection.connect(made.admin_dsn, autocommit=True, row_factory=dict_row) as conn,
    ):
        shrink(admin, 100)
        for (table,) in admin.execute(TABLES).fetchall():  # autovacuum would make the plans anew
            admin.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
        admin.execute("ANALYZE")
        conn.execute("SET ROLE tolva_app")
        conn.execute("SET app.tenant_id = 'big'")
        for _ in range(12):  # from the sixth time on the general plans may be kept
            for query, given in (*CALLS.values(), *lists(conn)):
                conn.execute(query, given).fetchall()
        sample.rows(admin, ROWS)
        psycopg.ClientCursor(admin).execute(FILL, {"rows": ROWS})
        sizes = admin.execute(SIZES, (list(LARGE),)).fetchall()
        assert min(sizes)[0] > MOST_PAGES, sizes
        yield conn


def lists(conn: Connection) -> Iterator[tuple[LiteralString, dict[str, Any]]]:
    """Calls that look at several lines of jobs, or at many jobs."""
    for wanted in FILTERS:
        yield SQL["find_jobs"], listing._given(conn, "big", wanted, None, 50)
    yield SQL["queue_states"], {"most": 5}
    for search in (None, "marzo", "zanahorias"):
        yield SQL["find_letters"], letters._given(conn, "big", LetterFilter(search=search), None, 50)


def pages(conn: Connection, query: LiteralString, given: dict[str, Any]) -> int:
    """Pages of Tolva's tables and indexes that a call touches, with the plan that the connection has."""
    with conn.transaction(force_rollback=True):
        before = conn.execute(TOUCHED).fetchall()
        conn.execute(query, given).fetchall()
        after = conn.execute(TOUCHED).fetchall()
    return after[0]["pages"] - before[0]["pages"]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_touches_a_few_pages(early: Connection, call: str) -> None:
    query, given = CALLS[call]
    assert pages(early, query, given) <= MOST_PAGES


def test_a_list_touches_a_few_pages(early: Connection) -> None:
    for query, given in lists(early):
        assert pages(early, query, given) <= 4 * MOST_PAGES, given
