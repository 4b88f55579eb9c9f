"""What a list costs: bounded, for every filter that a page can ask for, on jobs as skewed as real ones; and that it is
the right list. The times, for a million jobs, are in bench/lists.md."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import polars as pl
import psycopg
import pytest

from bench.lists import sample
from bench.lists.visits import filters, letter_filters
from tests.conftest import TEMPLATE, Cluster
from tests.jobs.shrunk import shrink
from tolva.core.job import JobId, State
from tolva.db.pool import Connection, Database
from tolva.jobs import letters, listing
from tolva.jobs.letters import LetterFilter, dead_jobs, dead_letters
from tolva.jobs.listing import JobFilter, count_matching, list_jobs, matching_ids
from tolva.jobs.queue_states import queue_states, throughput
from tolva.jobs.sql import SQL

JOBS = 120_000
FILTERS = list(filters())
LETTER_FILTERS = list(letter_filters())
MOST_LISTED = 5_000
"""Pages that a list may touch: a page of it for each line."""
MOST_SEARCHED = 20_000
"""And one with a search, or a time of ending: 2,000 that ended, 1,000 and then 2,000 candidates, at some four pages
each; and 15,000 matches of the words."""
MOST_LETTERS = 40_000
"""One of letters: 1,000 of them, and those of 15,000 jobs, most of which have none."""
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
        shrink(conn, 10)  # so a tenth of a million jobs reaches them all
        rows = conn.execute(
            """
            SELECT j.id::text, tenant_id, queue, kind, state, coalesce(lower(label), '') AS label, created_at,
              finished_at, EXISTS (SELECT FROM tolva.dead_letters d WHERE d.job_id = j.id) AS dead,
              coalesce(error->>'type' = 'Unanswered', false) AS asks
            FROM tolva.jobs j ORDER BY j.id DESC"""
        ).fetchall()
        columns = ["id", "tenant_id", "queue", "kind", "state", "label", "created_at", "finished_at", "dead", "asks"]
        jobs = pl.DataFrame(rows, schema=columns, orient="row")
        yield House(db, jobs.with_columns(pl.col("created_at", "finished_at").dt.convert_time_zone("UTC")))


def right(house: House, tenant: str, wanted: JobFilter) -> list[str]:
    """The ids that a filter means, by reading every job."""
    found = house.jobs.lazy().filter(pl.col("tenant_id") == tenant)
    for column, values in (("state", wanted.states), ("queue", wanted.queues), ("kind", wanted.kinds)):
        found = found.filter(pl.col(column).is_in([str(value) for value in values])) if values else found
    if wanted.created_from:
        found = found.filter(pl.col("created_at") >= wanted.created_from)
    if wanted.created_before:
        found = found.filter(pl.col("created_at") < wanted.created_before)
    if wanted.ended_since:
        found = found.filter(pl.col("finished_at") >= wanted.ended_since)
    if wanted.open_question:
        found = found.filter(pl.col("asks"))
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


def first_listed(conn: Connection, tenant: str, wanted: JobFilter) -> list[str]:
    """The first jobs of a list, going on where it says that there may be more."""
    page = list_jobs(conn, tenant, wanted, most=PAGE)
    found = page.jobs
    while page.following and len(found) < PAGE:
        page = list_jobs(conn, tenant, wanted, before=page.following, most=PAGE - len(found))
        found += page.jobs
    return [str(row["id"]) for row in found]


@pytest.mark.parametrize("place", [0.0, 0.5])
@pytest.mark.parametrize("tenant", sample.TENANTS)
def test_any_filter_of_a_list_touches_a_bounded_number_of_pages(house: House, tenant: str, place: float) -> None:
    before = JobId(house.jobs["id"][int(JOBS * place)]) if place else None
    over: list[tuple[str, int]] = []
    for name, wanted in FILTERS[:: 3 if tenant == "big" and not place else 23]:
        with house.db.transaction(tenant) as conn:
            given = listing._given(conn, tenant, wanted, before, PAGE + 1)
            pages = cost(conn, SQL["find_jobs"], given)
            whole = scanned(conn)
        if whole or pages > (MOST_SEARCHED if wanted.search or wanted.ended_since else MOST_LISTED):
            over.append((f"{name}: {whole} tables from end to end", pages))
    assert over == []


@pytest.mark.parametrize("tenant", sample.TENANTS)
def test_any_filter_finds_what_reading_everything_finds(house: House, tenant: str) -> None:
    wrong: list[str] = []
    for name, wanted in FILTERS[::23]:
        expected = right(house, tenant, wanted)
        with house.db.transaction(tenant) as conn:
            listed = first_listed(conn, tenant, wanted)
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
            pages = cost(conn, SQL["find_letters"], letters._given(conn, tenant, wanted, None, PAGE + 1))
            listed = [id for id, _ in dead_jobs(conn, tenant, wanted, most=PAGE)]
            whole = scanned(conn)
        if listed != expected[:PAGE] or whole or pages > MOST_LETTERS:
            wrong.append(f"{name}: {pages} pages, {len(expected)} letters")
    assert wrong == []


@pytest.mark.parametrize("search", [None, "marzo", "productos"])
def test_pages_follow_each_other_without_gap_or_repeat(house: House, search: str | None) -> None:
    wanted = JobFilter((State.FAILED, State.CANCELLED), search=search)
    with house.db.transaction("big") as conn:
        page = list_jobs(conn, "big", wanted, most=700)
        pages = [page]
        while page.following:
            pages.append(page := list_jobs(conn, "big", wanted, before=page.following, most=700))
        portions = matching_ids(conn, "big", wanted, most=JOBS)
    assert [str(row["id"]) for page in pages for row in page.jobs] == portions == right(house, "big", wanted)


def test_words_of_very_many_jobs_that_few_of_the_filter_have_are_looked_for_page_by_page(house: House) -> None:
    wanted = JobFilter(kinds=("dry_run",), search="xlsx")
    with house.db.transaction("big") as conn:
        page = list_jobs(conn, "big", wanted)
        places = [page.following]
        while page.following:
            page = list_jobs(conn, "big", wanted, before=page.following)
            assert page.jobs == []
            places.append(page.following)
        assert matching_ids(conn, "big", wanted, most=50) == []
        assert str(count_matching(conn, "big", wanted)) == "0"
    assert 5 < len(places) < 60
    assert places[:-1] == sorted(filter(None, places), reverse=True)


def test_pages_of_dead_letters_follow_each_other(house: House) -> None:
    wanted = LetterFilter(search="productos")
    with house.db.transaction("big") as conn:
        page = dead_letters(conn, "big", wanted, most=700)
        pages = [page]
        while page.following:
            pages.append(page := dead_letters(conn, "big", wanted, before=page.following, most=700))
        found = [id for id, _ in dead_jobs(conn, "big", wanted, most=JOBS)]
    assert [str(row["job_id"]) for page in pages for row in page.letters] == found
    assert found == right(House(house.db, house.jobs.filter("dead")), "big", JobFilter(search="productos"))


def test_figures_of_queues_touch_no_whole_table(house: House) -> None:
    for tenant in sample.TENANTS:
        with house.db.transaction(tenant) as conn:
            before = scanned(conn)  # the server may not have counted the transaction before this one off yet
            states = {state.name: state for state in queue_states(conn)}
            assert len(throughput(conn)) == 60
            assert scanned(conn) == before
        mine = house.jobs.filter(pl.col("tenant_id") == tenant)
        for name in sample.QUEUES:
            for state in ("running", "waiting"):
                there = mine.filter((pl.col("queue") == name) & (pl.col("state") == state)).height
                assert getattr(states[name], state).number == there
            queued = mine.filter((pl.col("queue") == name) & (pl.col("state") == "queued")).height
            assert states[name].ready.number + states[name].scheduled.number == queued


def test_what_ended_lately_is_found_also_where_very_much_did_that_is_old(house: House) -> None:
    wanted = JobFilter(ended_since=datetime.now(UTC) - timedelta(hours=1))
    old = house.jobs.filter((pl.col("tenant_id") == "big") & (pl.col("state") == "completed"))["id"].to_list()[-31_000:]
    with house.db.transaction("big") as conn, conn.transaction(force_rollback=True):
        conn.execute("UPDATE tolva.jobs SET finished_at = now() WHERE id = ANY (%s)", (old,))
        found = matching_ids(conn, "big", wanted, most=JOBS)
        counted = count_matching(conn, "big", wanted)
        pages = cost(conn, SQL["find_jobs"], listing._given(conn, "big", wanted, None, PAGE + 1))
    newer = [id for id in right(house, "big", wanted) if id not in set(old)]
    assert found == newer + old
    assert (counted.number, counted.exact) == (listing.MOST_COUNTED, False)
    assert pages <= MOST_SEARCHED


def test_created_is_the_time_of_the_id(house: House) -> None:
    newest: datetime = house.jobs["created_at"][100]
    with house.db.transaction("big") as conn:
        after = matching_ids(conn, "big", JobFilter(created_from=newest), most=1000)
    assert after == right(house, "big", JobFilter(created_from=newest))
