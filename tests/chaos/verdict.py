"""The end of a ledger run, held against what each kind of job demands. Each function returns what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.chaos.mix import Book
from tests.chaos.postgres import Postgres

Row = dict[str, Any]

DEMANDED = {
    "short": "completed",
    "plain": "completed",
    "long": "completed",
    "late": "completed",
    "twin": "completed",
    "stumble": "completed",
    "family": "completed",
    "clutch": "completed",
    "hopeless": "failed",
    "never": "failed",
    "withdrawn": "cancelled",
}
"""The final state by role. A doomed job may have ended before it was cancelled."""

STALE = """
SELECT l.job_id, l.step, l.attempt FROM ledger l JOIN tolva.job_events e
  ON e.job_id = l.job_id AND e.type = 'started' AND (e.data->>'attempt')::int > l.attempt AND e.at < l.at
"""
"""Effects that were written after a later attempt had begun."""
UNFENCED = """
SELECT l.job_id, l.step, l.attempt FROM ledger l WHERE NOT EXISTS (
  SELECT FROM tolva.job_events e WHERE e.job_id = l.job_id AND e.type = 'started'
    AND (e.data->>'attempt')::int = l.attempt AND e.data->>'worker' = l.worker::text)
"""
"""Effects of an attempt under the name of a worker that never had it."""
GAPS = """
SELECT j.id, j.seq, count(e.seq) AS events, max(e.seq) AS last FROM tolva.jobs j
LEFT JOIN tolva.job_events e ON e.job_id = j.id GROUP BY j.id
HAVING count(e.seq) <> j.seq OR coalesce(max(e.seq), 0) <> j.seq
"""


def faults(postgres: Postgres, book: Book, first_tick: datetime) -> list[str]:
    """Everything that is wrong, in words; empty when all is well."""
    jobs = {str(job["id"]): job for job in postgres.ask("SELECT * FROM tolva.jobs")}
    effects: defaultdict[str, list[int]] = defaultdict(list)
    for row in postgres.ask("SELECT job_id, step FROM ledger ORDER BY at"):
        effects[str(row["job_id"])].append(row["step"])
    return [
        *_lost(book, jobs),
        *_wrong_states(book, jobs),
        *(fault for id, job in jobs.items() for fault in _wrong_effects(job, effects[id])),
        *_wrong_counts(jobs),
        *_wrong_families(jobs),
        *_wrong_letters(jobs, postgres),
        *_wrong_ticks(jobs, first_tick, postgres),
        *_too_early(book, jobs, postgres),
        *(f"stale write: {row}" for row in postgres.ask(STALE)),
        *(f"write of a stranger: {row}" for row in postgres.ask(UNFENCED)),
        *(f"gap in the events: {row}" for row in postgres.ask(GAPS)),
        *(f"effect without a job: {id}" for id in effects if id not in jobs),
    ]


def _lost(book: Book, jobs: dict[str, Row]) -> Iterator[str]:
    yield from (f"lost: {book.wishes[id]}" for id in book.wishes if id not in jobs)
    known = set(book.wishes)
    made = {id for id, job in jobs.items() if job["parent_id"] is None and job["kind"] != "tick"}
    yield from (f"nobody asked for {jobs[id]}" for id in made - known)


def _wrong_states(book: Book, jobs: dict[str, Row]) -> Iterator[str]:
    for id, wish in book.wishes.items():
        state, demanded = jobs[id]["state"], DEMANDED.get(wish.role)
        if state != demanded and (wish.role != "doomed" or state not in ("cancelled", "completed")):
            yield f"{wish.role} {id} is {state}, error {jobs[id]['error']}"
    for id, job in jobs.items():
        if id not in book.wishes and job["state"] != "completed":
            yield f"child or tick {job['kind']} {id} is {job['state']}, error {job['error']}"


def _wrong_effects(job: Row, steps: list[int]) -> Iterator[str]:
    """Each step once and in order: all of a completed job, none of a failed one, up to its checkpoint else."""
    if job["kind"] == "long":
        done = (job["checkpoint"] or {"done": 0})["done"]
        wanted = list(range(job["params"]["steps"] if job["state"] == "completed" else done))
    else:
        wanted = [0] if job["state"] == "completed" else []
    if steps != wanted:
        yield f"{job['kind']} {job['id']} ({job['state']}) had the effects {steps}, not {wanted}"


def _wrong_counts(jobs: dict[str, Row]) -> Iterator[str]:
    """Lost attempts cost no try; open children are counted down to none."""
    for id, job in jobs.items():
        tries = {"hopeless": job["max_attempts"], "never": 1}.get(job["kind"])
        most = job["params"].get("falls", 0)
        if (tries is not None and job["failures"] != tries) or (tries is None and job["failures"] > most):
            yield f"{job['kind']} {id} failed {job['failures']} times"
        if job["open_children"]:
            yield f"{id} has {job['open_children']} open children"


def _wrong_families(jobs: dict[str, Row]) -> Iterator[str]:
    born = Counter(str(job["parent_id"]) for job in jobs.values() if job["parent_id"])
    for id, job in jobs.items():
        wanted = 0 if job["kind"] != "family" else 2 if job["params"]["depth"] > 1 else 3
        if born[id] != wanted:
            yield f"{job['kind']} {id} has {born[id]} children, not {wanted}"


def _wrong_letters(jobs: dict[str, Row], postgres: Postgres) -> Iterator[str]:
    letters = Counter(str(row["job_id"]) for row in postgres.ask("SELECT job_id FROM tolva.dead_letters"))
    failed = {id: 1 for id, job in jobs.items() if job["state"] == "failed"}
    if letters != failed:
        yield f"dead letters {letters} of the failed jobs {sorted(failed)}"


def _wrong_ticks(jobs: dict[str, Row], first: datetime, postgres: Postgres) -> Iterator[str]:
    [schedule] = postgres.ask("SELECT last_at FROM tolva.schedules")
    minutes = (schedule["last_at"] - first) // timedelta(minutes=1)
    wanted = [first + timedelta(minutes=n) for n in range(minutes + 1)]
    made = sorted(job["run_at"] for job in jobs.values() if job["kind"] == "tick")
    planned = sorted(datetime.fromisoformat(j["params"]["scheduled_for"]) for j in jobs.values() if j["kind"] == "tick")
    if planned != wanted:
        yield f"ticks {planned}, not {wanted}"
    if len(made) != len(wanted):
        yield f"{len(made)} jobs of {len(wanted)} ticks"


def _too_early(book: Book, jobs: dict[str, Row], postgres: Postgres) -> Iterator[str]:
    query = "SELECT job_id, min(at) AS at FROM tolva.job_events WHERE type = 'started' GROUP BY job_id"
    begun = {str(row["job_id"]): row["at"] for row in postgres.ask(query)}
    for id in book.of("late"):
        if begun[id] < book.wishes[id].job.run_at:
            yield f"{id} began at {begun[id]}, before {book.wishes[id].job.run_at}"
    for id in book.of("withdrawn"):
        if id in begun or jobs[id]["attempt"]:
            yield f"{id} was cancelled, and began at {begun.get(id)}"
