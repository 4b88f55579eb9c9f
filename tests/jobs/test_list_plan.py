"""What a list costs: bounded, for every filter that a page can ask for, on jobs as skewed as real ones; and that it is
the right list. The times, for a million jobs, are in bench/lists.md."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import polars as pl
import psycopg
import pytest

from bench.lists import sample
from bench.lists.visits import filters, letter_filters
from tests.conftest import TEMPLATE, Cluster
from tolva.core.job import State
from tolva.db.pool import Connection, Database
from tolva.jobs import letters, listing
from tolva.jobs.letters import LetterFilter, LetterPlace, dead_jobs, dead_letters
from tolva.jobs.listing import JobFilter, count_matching, list_jobs, matching_ids
from tolva.jobs.queue_states import queue_states, throughput
from tolva.jobs.sql import SQL

JOBS = 120_000
FILTERS = list(filters())
LETTER_FILTERS = list(letter_filters())
MOST_LISTED = 5_000
"""Pages that a list may touch: a page of it for each line."""
MOST_SEARCHED = 230_000
"""And one with a search: 20,000 and then 30,000 candidates, at some four pages each; nearly always the same ones."""
TABLES = "jobs", "job_words", "dead_letters"
PAGE = 50
SCANNED = """
SELECT count(*) AS times FROM unnest(%s::text[]) t WHERE pg_stat_get_xact_numscans(('tolva.' || t)::regclass) > 0
"""


@dataclass(frozen=True)
class House:
    """The database, and its jobs as a frame, newest first."""

    db: Database
    jobs: pl.DataFrame


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[House]:
    with (
        cluster.database(TEMPLATE) as made,
        psycopg.connect(made.admin_dsn, autocommit=True, options="-c timezone=UTC") as conn,
        Database(made.dsn, name="tolva test") as db,
    ):
        sample.fill(conn, JOBS)
        rows = conn.execute(
            """
            SELECT j.id::text, tenant_id, queue, kind, state, coalesce(lower(label), '') AS label, created_at,
              EXISTS (SELECT FROM tolva.dead_letters d WHERE d.job_id = j.id) AS dead
            FROM tolva.jobs j ORDER BY j.id DESC"""
        ).fetchall()
        columns = ["id", "tenant_id", "queue", "kind", "state", "label", "created_at", "dead"]
        jobs = pl.DataFrame(rows, schema=columns, orient="row")
        yield House(db, jobs.with_columns(pl.col("created_at").dt.convert_time_zone("UTC")))


def right(house: House, tenant: str, wanted: JobFilter) -> list[str]:
    """The ids that a filter means, by reading every job."""
    found = house.jobs.lazy().filter(pl.col("tenant_id") == tenant)
    for column, values in (("state", wanted.states), ("queue", wanted.queues), ("kind", wanted.kinds)):
        found = found.filter(pl.col(column).is_in([str(value) for value in values])) if values else found
    if wanted.created_from:
        found = found.filter(pl.col("created_at") >= wanted.created_from)
    if wanted.created_before:
        found = found.filter(pl.col("created_at") < wanted.created_before)
    for word in (wanted.search or "").lower().split():
        kind = "0-9" if word.isdigit() else "a-z"
        found = found.filter(pl.col("label").str.contains(f"(^|[^{kind}]){word}"))
    return found.select("id").collect().to_series().to_list()


def cost(conn: Connection, query: LiteralString, given: dict[str, Any]) -> int:
    """Pages that were touched, by EXPLAIN."""
    row = conn.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query}", given).fetchone()
    assert row is not None
    [told] = row["QUERY PLAN"] if isinstance(row["QUERY PLAN"], list) else json.loads(row["QUERY PLAN"])
    return told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]


def scanned(conn: Connection) -> int:
    """How many tables were read from end to end in this transaction."""
    row = conn.execute(SCANNED, (list(TABLES),)).fetchone()
    assert row is not None
    return row["times"]


@pytest.mark.parametrize("tenant", sample.TENANTS)
def test_any_filter_of_a_list_touches_a_bounded_number_of_pages(house: House, tenant: str) -> None:
    over: list[tuple[str, int]] = []
    for name, wanted in FILTERS[:: 1 if tenant == "big" else 11]:
        with house.db.transaction(tenant) as conn:
            given = listing._given(conn, tenant, wanted, None, PAGE)
            pages = cost(conn, SQL["list_jobs"], given)
            whole = scanned(conn)
        if whole or pages > (MOST_SEARCHED if wanted.search else MOST_LISTED):
            over.append((f"{name}: {whole} tables from end to end", pages))
    assert over == []


@pytest.mark.parametrize("tenant", sample.TENANTS)
def test_any_filter_finds_what_reading_everything_finds(house: House, tenant: str) -> None:
    wrong: list[str] = []
    for name, wanted in FILTERS[::11]:
        expected = right(house, tenant, wanted)
        with house.db.transaction(tenant) as conn:
            listed = [str(row["id"]) for row in list_jobs(conn, tenant, wanted, most=PAGE)]
            counted = count_matching(conn, tenant, wanted)
        most = listing.MOST_FOUND if wanted.search else listing.MOST_COUNTED
        if listed != expected[:PAGE] or (counted.number, counted.exact) != (
            min(len(expected), most),
            len(expected) <= most,
        ):
            wrong.append(f"{name}: {len(expected)}, told as {counted}")
    assert wrong == []


@pytest.mark.parametrize("tenant", sample.TENANTS)
def test_any_filter_of_dead_letters_is_right_and_bounded(house: House, tenant: str) -> None:
    dead = House(house.db, house.jobs.filter("dead"))
    wrong: list[str] = []
    for name, wanted in LETTER_FILTERS:
        expected = right(dead, tenant, JobFilter((), wanted.queues, wanted.kinds, search=wanted.search))
        with house.db.transaction(tenant) as conn:
            listed = [str(row["job_id"]) for row in dead_letters(conn, tenant, wanted, most=PAGE)]
            pages = cost(conn, SQL["dead_letters"], letters._given(conn, tenant, wanted, None, PAGE))
            whole = scanned(conn)
        if listed != expected[:PAGE] or whole or pages > 100_000:
            wrong.append(f"{name}: {pages} pages, {len(expected)} letters")
    assert wrong == []


@pytest.mark.parametrize("search", [None, "marzo", "productos"])
def test_pages_follow_each_other_without_gap_or_repeat(house: House, search: str | None) -> None:
    wanted = JobFilter((State.FAILED, State.CANCELLED), search=search)
    pages, before = list[str](), None
    with house.db.transaction("big") as conn:
        while page := list_jobs(conn, "big", wanted, before=before, most=700):
            pages += [str(row["id"]) for row in page]
            before = page[-1]["id"]
        portions = matching_ids(conn, "big", wanted, most=JOBS)
    assert pages == portions == right(house, "big", wanted)


def test_pages_of_dead_letters_follow_each_other(house: House) -> None:
    found, place = list[str](), None
    with house.db.transaction("big") as conn:
        while page := dead_letters(conn, "big", LetterFilter(search="productos"), before=place, most=700):
            found += [str(row["job_id"]) for row in page]
            place = LetterPlace(page[-1]["failed_at"], page[-1]["id"])
        assert found == [id for id, _ in dead_jobs(conn, "big", LetterFilter(search="productos"), most=JOBS)]
    assert found == right(House(house.db, house.jobs.filter("dead")), "big", JobFilter(search="productos"))


def test_figures_of_queues_touch_no_whole_table(house: House) -> None:
    for tenant in sample.TENANTS:
        with house.db.transaction(tenant) as conn:
            states = {state.name: state for state in queue_states(conn)}
            assert len(throughput(conn)) == 60
            assert scanned(conn) == 0
        mine = house.jobs.filter(pl.col("tenant_id") == tenant)
        for name in sample.QUEUES:
            for state in ("running", "waiting"):
                there = mine.filter((pl.col("queue") == name) & (pl.col("state") == state)).height
                assert getattr(states[name], state).number == there
            queued = mine.filter((pl.col("queue") == name) & (pl.col("state") == "queued")).height
            assert states[name].ready.number + states[name].scheduled.number == queued


def test_created_is_the_time_of_the_id(house: House) -> None:
    newest: datetime = house.jobs["created_at"][100]
    with house.db.transaction("big") as conn:
        after = matching_ids(conn, "big", JobFilter(created_from=newest), most=1000)
    assert after == right(house, "big", JobFilter(created_from=newest))
