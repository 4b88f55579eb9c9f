"""`tolva queue`: how the lines stand, and who is served how."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.jobs import store
from tolva.jobs.pausing import require_queue
from tolva.jobs.queue_states import Ended, QueueState, queue_states
from tolva.web.access.audit import note
from tolva.web.steering import pause_for_all, pause_for_tenant
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="How the queues stand; pause, resume, and share them.", no_args_is_help=True)

COLUMNS = (
    Column("queue"),
    *(Column(title, right=True) for title in ("ready", "scheduled", "running", "waiting", "longest wait")),
    *(Column(title, right=True) for title in ("done in 1 min", "in 1 h")),
    Column("", style="yellow"),
)
Name = Annotated[str, typer.Argument(help="The queue.", metavar="QUEUE", show_default=False)]
Whose = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's jobs; everybody's when left out.")]


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
    return state.name, *counts, oldest, *rates, _pause(state)


def _pause(state: QueueState) -> str:
    whose = " for this tenant" if state.paused_by == "tenant" else ""
    return f"paused{whose} since {when(state.paused_at)}" if state.paused_at else ""


def _rate(ended: Ended) -> str:
    """What came to an end, and how much of it badly, or with a question for its sender.

    >>> from tolva.jobs.counted import Counted
    >>> _rate(Ended(Counted(20), Counted(3), Counted(1))), _rate(Ended(Counted(20), Counted(0), Counted(0)))
    ('20, 2 failed, 1 asked', '20')
    """
    others = (ended.broken, "failed"), (ended.asked, "asked")
    return ", ".join([str(ended.completed), *(f"{count} {what}" for count, what in others if count.number)])


@cli.command("pause")
def pause(queue: Name, data_dir: DataDir = None, tenant: Whose = None, as_json: AsJson = False) -> None:
    """Let no more jobs of a queue start, of one tenant or of all; running ones go on."""
    _set_paused(queue, data_dir, tenant, paused=True)
    _tell(as_json, queue, tenant, "is paused: running jobs go on, no other starts.", paused=True)


@cli.command("resume")
def resume(queue: Name, data_dir: DataDir = None, tenant: Whose = None, as_json: AsJson = False) -> None:
    """Let jobs of a paused queue start again. A pause for all and one for a tenant are resumed each by itself."""
    _set_paused(queue, data_dir, tenant, paused=False)
    _tell(as_json, queue, tenant, "is open.", paused=False)


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
        require_queue(conn, jobs.catalogue, queue)
        store.set_lane(conn, tenant, queue, weight=weight, rate=rate, burst=burst)
        note(conn, at_terminal(tenant), "queue.share", queue, weight=weight, rate=rate, burst=burst)
    if as_json:
        print_json({"queue": queue, "tenant": tenant, "weight": weight, "rate": rate, "burst": burst})
    else:
        limit = f"at most {rate:g} jobs/s" if rate else "no rate limit"
        say(f"Tenant '{tenant}' has weight {weight:g} in '{queue}', {limit}.")


def _set_paused(queue: str, data_dir: Path | None, tenant: str | None, *, paused: bool) -> None:
    with opened(data_dir) as jobs:
        if tenant is None:
            pause_for_all(jobs, at_terminal(DEFAULT_TENANT), queue, paused=paused)
        else:
            pause_for_tenant(jobs, at_terminal(tenant), queue, paused=paused)


def _tell(as_json: bool, queue: str, tenant: str | None, words: str, *, paused: bool) -> None:
    if as_json:
        print_json({"queue": queue, "tenant": tenant, "paused": paused})
    else:
        say(f"'{queue}' {words}" if tenant is None else f"For tenant '{tenant}', '{queue}' {words}")
