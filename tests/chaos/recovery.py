"""How long a job stood still that was interrupted by a kill: from the kill to the start of its next attempt."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.chaos.postgres import Postgres

ATTEMPTS = """
SELECT job_id::text, type, at, (data->>'attempt')::int AS attempt, data->>'worker' AS worker
FROM tolva.job_events
WHERE type IN ('started', 'lost', 'released', 'retrying', 'completed', 'failed', 'cancelled', 'waiting', 'resumed')
ORDER BY job_id, seq
"""
PROCESSES = "SELECT DISTINCT pid, worker::text FROM ledger WHERE worker IS NOT NULL"


@dataclass(frozen=True)
class Strike:
    """When it was struck, what, and the worker processes that died of it; none of PostgreSQL's death.

    A freeze is no kill: its jobs first wait out the lease.
    """

    at: datetime
    what: str
    pids: frozenset[int] = frozenset()
    froze: bool = False


@dataclass(frozen=True)
class Standstill:
    """One job's wait for its next attempt. `unnoticed` is the part of it before the attempt was known to be lost.

    It was `disturbed` when there was another strike before it ended, so that it has more than one cause.
    """

    what: str
    seconds: float
    unnoticed: float
    disturbed: bool


def standstills(postgres: Postgres, strikes: Sequence[Strike]) -> list[Standstill]:
    """Those of all jobs that a kill interrupted."""
    kills = [strike for strike in strikes if not strike.froze]
    workers: defaultdict[int, set[str]] = defaultdict(set)
    for row in postgres.ask(PROCESSES):
        workers[row["pid"]].add(row["worker"])
    deaths = {worker: kill for kill in kills for pid in kill.pids for worker in workers[pid]}
    return list(_measure(postgres.ask(ATTEMPTS), deaths, strikes))


def _measure(
    rows: Sequence[dict[str, Any]], deaths: dict[str, Strike], strikes: Sequence[Strike]
) -> Iterator[Standstill]:
    """Events come by job, in order: a start, its ending, and the next start if there is one."""
    for begun, ended, again in zip(rows, rows[1:], rows[2:], strict=False):
        if not (begun["job_id"] == again["job_id"] and begun["type"] == again["type"] == "started"):
            continue
        kill = _cause(begun, ended, deaths, strikes)
        if kill is not None:
            seconds, unnoticed = ((event["at"] - kill.at).total_seconds() for event in (again, ended))
            disturbed = any(kill.at < strike.at < again["at"] for strike in strikes)
            yield Standstill(kill.what, seconds, unnoticed, disturbed)


def _cause(
    begun: dict[str, Any], ended: dict[str, Any], deaths: dict[str, Strike], strikes: Sequence[Strike]
) -> Strike | None:
    if ended["type"] not in ("lost", "released"):
        return None
    death = deaths.get(begun["worker"])
    suspects = [*([death] if death else []), *(each for each in reversed(strikes) if not each.pids and not each.froze)]
    return next((kill for kill in suspects if begun["at"] <= kill.at <= ended["at"]), None)
