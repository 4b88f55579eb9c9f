"""`python -m bench.lists`: every filter of a page on a million jobs; writes bench/lists.md.

On a PostgreSQL of its own, or on BENCH_DSN. Each call is made in a transaction of its tenant, in random order.
"""

import argparse
import random
import time
from collections import defaultdict
from pathlib import Path

import psycopg

from bench.jobs import machine, postgres, server
from bench.lists import sample
from bench.lists.visits import Visit, visits
from tolva import app
from tolva.db.migrate import migrate
from tolva.db.pool import Database

PAGE = Path(__file__).parent.with_suffix(".md")
NAME = "lists"
LIMIT = 200.0
"""Milliseconds that any filter may take at the 95th percentile."""


def main() -> None:
    """Fill, measure, write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.lists")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with server.provided():
        postgres.create(NAME)
        try:
            times = measured(given.jobs, given.rounds)
            PAGE.write_text(page(times, given.jobs, given.rounds, machine.facts() | postgres.facts()))
        finally:
            postgres.drop(NAME)
    print(PAGE.read_text())


def measured(jobs: int, rounds: int) -> dict[Visit, list[float]]:
    """Milliseconds of each visit, once in each round."""
    migrate(postgres.own_dsn(NAME), app.migrations())
    print(f"Filling in {jobs:,} jobs.", flush=True)
    with psycopg.connect(postgres.own_dsn(NAME), autocommit=True) as conn:
        sample.fill(conn, jobs)
    all_visits, times = list(visits()), defaultdict[Visit, list[float]](list)
    with Database(postgres.own_dsn(NAME), name="bench") as db:
        for turn in range(rounds):
            print(f"Round {turn + 1} of {rounds}: {len(all_visits):,} calls.", flush=True)
            for visit in random.sample(all_visits, len(all_visits)):
                with db.transaction(visit.tenant) as conn:
                    began = time.perf_counter()
                    visit.call(conn)
                    times[visit].append((time.perf_counter() - began) * 1000)
    return times


def page(times: dict[Visit, list[float]], jobs: int, rounds: int, facts: dict[str, str]) -> str:
    """The results for people."""
    by_call = defaultdict[str, list[float]](list)
    for visit, values in times.items():
        by_call[visit.what] += values
    worst = sorted(times, key=lambda visit: -min(times[visit]))[:10]
    over = sum(min(values) > LIMIT for values in times.values())
    return "\n".join(
        [
            f"# Lists over {jobs:,} jobs",
            "",
            "Written by `make bench`. Every combination of state, kind, queue, time and search that a page can ask for,"
            f" common and rare, for three tenants, {rounds} times in random order. Milliseconds.",
            "",
            "| call | calls | median | p95 | p99 | largest |",
            "|---|--:|--:|--:|--:|--:|",
            *(row(what, values) for what, values in by_call.items()),
            "",
            f"{over} of {len(times):,} filters took more than {LIMIT:.0f} ms each time. The slowest, by their best:",
            "",
            *(f"- {min(times[visit]):.0f} ms: {visit.what}, {visit.tenant}, {visit.name}" for visit in worst),
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
        ]
    )


def row(what: str, values: list[float]) -> str:
    """A line of the table."""
    ordered = sorted(values)
    shares = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]
    return f"| {what} | {len(ordered):,} | " + " | ".join(f"{value:.1f}" for value in (*shares, ordered[-1])) + " |"


if __name__ == "__main__":
    main()
