"""What a claim costs: a few index entries, however long the backlog and the history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.conftest import TEMPLATE, Cluster
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id

FILL = """
SET synchronous_commit = off;
INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, params, run_at,
  state, finished_at)
SELECT tolva.uuid_at(now() - n * interval '1 ms'), 't' || n %% 10, 'work', 'work', 5, 3, 60, 120, '{}',
  now() - n * interval '1 s',
  CASE WHEN n <= %(queued)s THEN 'queued' ELSE 'completed' END, CASE WHEN n > %(queued)s THEN now() END
FROM generate_series(1, %(queued)s + %(finished)s) n;
INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, params, run_at)
SELECT tolva.uuid_at(now() - interval '1 day' - n * interval '1 ms'), 't' || n %% 10, 'later', 'work',
  5, 3, 60, 120, '{}', now() + n * interval '1 h'
FROM generate_series(1, %(queued)s) n
"""
WORKER = new_job_id()
TENANTS = 10


@pytest.fixture(scope="module")
def early(cluster: Cluster) -> Iterator[psycopg.Connection[DictRow]]:
    """A database with 200,000 finished and 20,000 queued jobs of ten tenants, by a connection from before they came."""
    with (
        cluster.database(TEMPLATE) as made,
        psycopg.connect(made.admin_dsn, autocommit=True, row_factory=dict_row) as conn,
    ):
        conn.execute("ALTER TABLE tolva.jobs SET (autovacuum_enabled = off)")  # it would make the plans anew
        conn.execute("ANALYZE tolva.jobs")
        conn.execute(SQL["open_queues"], {"names": ["work", "later", "empty"]})
        conn.execute("SELECT tolva.join_worker(%s, 'here', 1, '{work}', '1 h')", (WORKER,))
        for _ in range(12):  # from the sixth time on the plans in a function are the general ones, and are kept
            with conn.transaction(force_rollback=True):
                psycopg.ClientCursor(conn).execute(FILL, {"queued": TENANTS, "finished": 0})
                conn.execute(SQL["finish"], endings(conn)).fetchall()
                for query, given in VISITS.values():
                    conn.execute(SQL[query], given).fetchall()
        psycopg.ClientCursor(conn).execute(FILL, {"queued": 20_000, "finished": 200_000})
        yield conn


@pytest.fixture(scope="module", params=["planned for an empty table", "planned for the table as it is"])
def conn(early: psycopg.Connection[DictRow], request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[DictRow]]:
    if "empty" in request.param:
        yield early
        return
    given = {"password": early.info.password, "autocommit": True, "row_factory": dict_row}
    with psycopg.connect(early.info.dsn, **given) as late:
        late.execute("ANALYZE tolva.jobs")
        yield late


VISITS = {
    "claim of one": ("claim", {"worker": WORKER, "queue": "work", "most": 1}),
    "claim of ten": ("claim", {"worker": WORKER, "queue": "work", "most": 10}),
    "claim of nothing": ("claim", {"worker": WORKER, "queue": "empty", "most": 1}),
    "claim of what is due later": ("claim", {"worker": WORKER, "queue": "later", "most": 1}),
    "look for work": ("waiting_queues", {"queues": ["work"]}),
    "what runs here": ("running", {"worker": WORKER}),
    "beat": ("beat", {"workers": [WORKER], "jump": 0.0}),
    "leave": (
        "leave_worker",
        {"worker": new_job_id(), "reason": "{}", "culprit": None, "culprit_error": None, "delay": 0.0}
        | {"verb": "lost", "most_losses": 10},
    ),
    "cancel": ("cancel", {"ids": [new_job_id()]}),
    "replay": ("replay", {"ids": [new_job_id()], "run_at": None}),
    "prune": ("prune", {"finished": 30 * 86_400.0, "failed": 90 * 86_400.0, "most": 2000}),
    "rescue": ("rescue", {"reason": "{}", "most_losses": 10, "jump": 0.0, "latest": None}),
    "news": ("news", {"tenants": ["t1"] * 10, "jobs": [new_job_id()] * 10, "afters": [0] * 10, "most": 200}),
}


def endings(conn: psycopg.Connection[DictRow]) -> dict[str, Any]:
    """Claim ten jobs, and end them in every way."""
    jobs = conn.execute(SQL["claim"], VISITS["claim of ten"][1]).fetchall()
    return {
        "jobs": [job["id"] for job in jobs],
        "attempts": [job["attempt"] for job in jobs],
        "verbs": ["complete", "retry", "fail", "cancel", "release", "lost", "complete", "fail", "cancel", "retry"],
        "payloads": ['{"x": 1}'] * 10,
        "delays": [0.0] * 10,
        "progress": [None] * 10,
        "most_losses": 10,
    }


@dataclass(frozen=True)
class Reads:
    """What was read of the table of jobs: scans from end to end, and entries by index."""

    whole: int
    entries: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.entries.values())


@contextmanager
def reads(conn: psycopg.Connection[DictRow]) -> Iterator[Callable[[], Reads]]:
    """In a transaction that is rolled back: what has been read since its beginning."""

    def look() -> dict[str, tuple[int, int]]:
        rows = conn.execute(
            """
            SELECT c.relname AS name, pg_stat_get_xact_numscans(c.oid) AS scans,
              pg_stat_get_xact_tuples_returned(c.oid) AS entries
            FROM pg_class c
            WHERE c.oid = 'tolva.jobs'::regclass
              OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'tolva.jobs'::regclass)"""
        ).fetchall()
        return {row["name"]: (row["scans"], row["entries"]) for row in rows}

    def since() -> Reads:
        after = look()
        used = {name: after[name][1] - before[name][1] for name in after if after[name][0] > before[name][0]}
        used.pop("jobs", None)
        return Reads(after["jobs"][0] - before["jobs"][0], used)

    with conn.transaction(force_rollback=True):
        before = look()
        yield since


@pytest.mark.parametrize("visit", VISITS)
def test_a_visit_reads_a_few_index_entries_and_never_the_table(conn: psycopg.Connection[DictRow], visit: str) -> None:
    query, given = VISITS[visit]
    with reads(conn) as done:
        rows = conn.execute(SQL[query], given).fetchall()
        found = done()
    assert found.whole == 0, "the table was read from end to end"
    if visit.startswith("claim"):
        assert set(found.entries) <= {"jobs_queued", "jobs_pkey"}
    assert found.total <= 20 * TENANTS, found
    if visit == "claim of ten":
        assert {row["tenant_id"] for row in rows} == {f"t{n}" for n in range(TENANTS)}


def test_an_ending_reads_a_few_index_entries_and_never_the_table(conn: psycopg.Connection[DictRow]) -> None:
    with conn.transaction(force_rollback=True):
        given = endings(conn)
        with reads(conn) as done:
            assert len(conn.execute(SQL["finish"], given).fetchall()) == 10
            found = done()
    assert found.whole == 0
    assert found.total <= 20 * 10, found


@pytest.mark.parametrize("query", ["holder_of_open_key", "holder_of_key_for_ever"])
def test_a_taken_key_is_looked_up_in_an_index(conn: psycopg.Connection[DictRow], query: str) -> None:
    with reads(conn) as done:
        conn.execute("SET LOCAL ROLE tolva_app")
        conn.execute("SELECT set_config('app.tenant_id', 't1', true)")
        conn.execute(SQL[query], {"unique_key": "k"})
        found = done()
    assert found.whole == 0
    assert found.total <= 2, found


def test_pruning_reads_what_is_old_and_nothing_else(conn: psycopg.Connection[DictRow]) -> None:
    with reads(conn) as done:
        conn.execute(
            """
            INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, params,
              run_at, state, finished_at)
            SELECT tolva.uuid_at(at), 't1', 'work', 'work', 5, 3, 60, 120, '{}', at, 'completed', at
            FROM (SELECT now() - n * interval '1 day' AS at FROM generate_series(31, 60) n) t"""
        )
        row = conn.execute(SQL["prune"], {"finished": 30 * 86_400.0, "failed": 90 * 86_400.0, "most": 2000}).fetchone()
        found = done()
    assert row == {"jobs": 30}
    assert found.whole == 0
    assert found.total <= 20 * 30, found


def claimed(conn: psycopg.Connection[DictRow]) -> list[str]:
    return [job["id"] for job in conn.execute(SQL["claim"], VISITS["claim of ten"][1]).fetchall()]


def lose(conn: psycopg.Connection[DictRow]) -> tuple[str, dict[str, Any]]:
    claimed(conn)
    conn.execute("DELETE FROM tolva.workers")
    return VISITS["rescue"]


def leave(conn: psycopg.Connection[DictRow]) -> tuple[str, dict[str, Any]]:
    claimed(conn)
    return "leave_worker", VISITS["leave"][1] | {"worker": WORKER}


def cancel(conn: psycopg.Connection[DictRow]) -> tuple[str, dict[str, Any]]:
    return "cancel", {"ids": claimed(conn)}


def replay(conn: psycopg.Connection[DictRow]) -> tuple[str, dict[str, Any]]:
    given = endings(conn)
    conn.execute(SQL["finish"], given | {"verbs": ["fail"] * 10})
    conn.execute("UPDATE tolva.jobs SET unique_key = id::text WHERE id = ANY (%s)", (given["jobs"],))
    return "replay", {"ids": given["jobs"], "run_at": None}


@pytest.mark.parametrize("prepare", [lose, leave, cancel, replay])
def test_moving_ten_jobs_reads_a_few_index_entries_for_each(
    conn: psycopg.Connection[DictRow], prepare: Callable[[psycopg.Connection[DictRow]], tuple[str, dict[str, Any]]]
) -> None:
    with conn.transaction(force_rollback=True):
        query, given = prepare(conn)
        with reads(conn) as done:
            assert len(conn.execute(SQL[query], given).fetchall()) == 10
            found = done()
    assert found.whole == 0
    assert found.total <= 30 * 10, found
