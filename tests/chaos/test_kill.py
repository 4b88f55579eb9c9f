"""Files are loaded while everything that takes part in it is killed: the end is as if nothing had happened."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest

from tests.chaos.blows import BLOWS
from tests.chaos.client import Client, Load
from tests.chaos.figures import Figures
from tests.chaos.hand import Hand, deal, name_of
from tests.chaos.place import Place, fresh_place
from tests.chaos.postgres import patiently
from tests.chaos.sheet import Sheet, write_sheets
from tests.chaos.traces import read_traces
from tests.chaos.up import Up, run_up
from tests.chaos.waiting import until
from tolva.db.embedded.use import use

LEASE = 2.0
VARIABLES = {"TOLVA_LEASE_SECONDS": f"{LEASE}", "TOLVA_GRACE_SECONDS": "5", "TOLVA_PROCESSES": "2"}

# Each chunk of a load rests for a moment when it has written its rows, and again when it has written its checkpoint,
# so that most blows fall between two things that must happen together.
SLOWED = """
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$;
CREATE TRIGGER rest AFTER INSERT OR UPDATE ON products FOR EACH STATEMENT EXECUTE FUNCTION rest();
CREATE TRIGGER rest AFTER UPDATE OF checkpoint ON tolva.jobs FOR EACH STATEMENT EXECUTE FUNCTION rest();
"""
RELEASED = "DROP FUNCTION rest CASCADE"


def test_a_load_ends_as_if_nothing_had_been_killed(rng: random.Random, figures: Figures) -> None:
    check_loads(rng, figures, write_sheets(rng, 3000, 3000), blows=8)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_long_load_ends_as_if_nothing_had_been_killed(rng: random.Random, figures: Figures) -> None:
    check_loads(rng, figures, write_sheets(rng, 50_000, *[2500] * 4), blows=100)


def check_loads(rng: random.Random, figures: Figures, sheets: Sequence[Sheet], blows: int) -> None:
    with fresh_place() as place:
        with run_up(place, VARIABLES) as up:
            administer(place, SLOWED)
            loads = load_under_blows(up, sheets, rng, figures, blows)
        struck, steps = read_traces(place, loads)
    assert [load.status["error"] for load in loads] == [None] * len(loads)
    with fresh_place() as place:
        with run_up(place, VARIABLES) as up:
            calm_loads = load_in_peace(up, [load.sheet for load in loads])
        calm, _ = read_traces(place, calm_loads)

    assert struck == calm
    for load, step in zip(loads, steps, strict=True):
        counts = load.status["result"]["resumen"]
        assert (counts["total"], counts["rechazados"]) == (load.sheet.rows, load.sheet.bad)
        assert step.numbers == list(range(1, step.seq + 1)), "sequence numbers have a gap"
        assert step.processed == sorted(step.processed), "the progress went back"


def administer(place: Place, statements: LiteralString) -> None:
    with use(place.data_dir) as here, psycopg.connect(here.admin_dsn) as conn:
        conn.execute(statements)


def load_in_peace(up: Up, sheets: Sequence[Sheet]) -> list[Load]:
    with sent(up, sheets, threading.Event()) as client:
        until(lambda: not client.is_alive(), "the files are loaded", 600)
    return client.loads


def load_under_blows(up: Up, sheets: Sequence[Sheet], rng: random.Random, figures: Figures, blows: int) -> list[Load]:
    more = threading.Event()
    more.set()
    hand = Hand(rng, LEASE, up.keep_up)
    begun = time.monotonic()
    with sent(up, sheets, more) as client:
        for blow in deal(rng, BLOWS, blows):
            await_rows(client, up, rng.choice([0, 1, 1, 40, 80]))
            time.sleep(rng.uniform(0, 0.5))
            figures.say(f"{time.monotonic() - begun:6.1f} s  {client.rows_seen:6} rows  {name_of(blow)}")
            blow(hand, up)
        more.clear()
        patiently(lambda: administer(up.place, RELEASED))
        until(lambda: up.keep_up() or not client.is_alive(), "the files are loaded", 300)
    figures.say(f"{len(client.loads)} files, {client.rows_seen} rows, {blows} blows, {time.monotonic() - begun:.1f} s")
    figures.say(f"tolva up ended by itself {up.unasked_ends} times")
    return client.loads


def await_rows(client: Client, up: Up, rows: int) -> None:
    """Wait until so many more rows are loaded; with 0 the blow may fall into the recovery from the one before."""
    wanted = client.rows_seen + rows

    def came() -> bool:
        up.keep_up()
        return client.rows_seen >= wanted or not client.is_alive()

    until(came, f"the load goes on after {client.rows_seen} rows", 90)
    assert client.is_alive(), f"the client ended early: {client.fault!r}"


@contextmanager
def sent(up: Up, sheets: Sequence[Sheet], more: threading.Event) -> Iterator[Client]:
    client = Client(up, sheets, more)
    client.start()
    try:
        yield client
        if client.fault:
            raise client.fault
    finally:
        client.given_up.set()
        client.join(30)
