"""`tolva queue`: how the lines stand, and who is served how."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.errors import NotFound
from tolva.jobs import store
from tolva.jobs.queue_states import Ended, QueueState, queue_states
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="How the queues stand; pause, resume, and share them.", no_args_is_help=True)

COLUMNS = (
    Column("queue"),
    *(Column(title, right=True) for title in ("ready", "scheduled", "running", "waiting", "longest wait")),
    *(Column(title, right=True) for title in ("done in 1 min", "in 1 h")),
    Column("", style="yellow"),
)
Name = Annotated[str, typer.Argument(help="The queue.", metavar="QUEUE", show_default=False)]


@cli.command("ls")
def ls(data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List the queues, and the tenant's jobs in them."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        states = queue_states(conn)
    if as_json:
        print_json([asdict(state) for state in states])
    elif not states:
        say("No queues yet: they appear when the first worker starts.")
    else:
        out.print(listing(out, COLUMNS, [_listed(state) for state in states]))


def _listed(state: QueueState) -> tuple[object, ...]:
    counts = state.ready, state.scheduled, state.running, state.waiting
    oldest = "" if state.oldest_wait is None else str(timedelta(seconds=int(state.oldest_wait)))
    rates = _rate(state.last_minute), _rate(state.last_hour)
    return state.name, *counts, oldest, *rates, f"paused since {when(state.paused_at)}" if state.paused_at else ""


def _rate(ended: Ended) -> str:
    """What came to an end, and how much of it badly.

    >>> from tolva.jobs.counted import Counted
    >>> _rate(Ended(Counted(20), Counted(3))), _rate(Ended(Counted(20), Counted(0)))
    ('20, 3 failed', '20')
    """
    return f"{ended.completed}, {ended.failed} failed" if ended.failed.number else str(ended.completed)


@cli.command("pause")
def pause(queue: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let no more jobs of a queue start; running ones go on."""
    with opened(data_dir) as jobs:
        _set_paused(jobs, queue, paused=True)
    if as_json:
        print_json({"queue": queue, "paused": True})
    else:
        say(f"'{queue}' is paused: running jobs go on, no other starts.")


@cli.command("resume")
def resume(queue: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let jobs of a paused queue start again."""
    with opened(data_dir) as jobs:
        _set_paused(jobs, queue, paused=False)
    if as_json:
        print_json({"queue": queue, "paused": False})
    else:
        say(f"'{queue}' is open.")


@cli.command("share")
def share(
    queue: Name,
    weight: Annotated[float, typer.Option(help="Turns against other tenants' 1.")] = 1.0,
    rate: Annotated[float | None, typer.Option(help="At most this many jobs a second; no limit when left out.")] = None,
    burst: Annotated[float | None, typer.Option(help="Jobs that may start at once after a pause.")] = None,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Set a tenant's weight and rate limit in a queue; what is left out goes back to its default."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        known = {row["name"] for row in conn.execute(SQL["queue_names"]).fetchall()} | set(jobs.catalogue.queues)
        if queue not in known:
            raise _unknown(queue)
        store.set_lane(conn, tenant, queue, weight=weight, rate=rate, burst=burst)
    if as_json:
        print_json({"queue": queue, "tenant": tenant, "weight": weight, "rate": rate, "burst": burst})
    else:
        limit = f"at most {rate:g} jobs/s" if rate else "no rate limit"
        say(f"Tenant '{tenant}' has weight {weight:g} in '{queue}', {limit}.")


def _set_paused(jobs: Jobs, queue: str, *, paused: bool) -> None:
    with jobs.db.connection() as conn:
        if queue in jobs.catalogue.queues:  # before the first worker, too
            conn.execute(SQL["open_queues"], {"names": [queue]})
        row = conn.execute(SQL["set_paused"], {"queue": queue, "paused": paused}).fetchone()
    if not (row and row["known"]):
        raise _unknown(queue)


def _unknown(queue: str) -> NotFound:
    return NotFound(f"There is no queue '{queue}'. `tolva queue ls` lists them.")
