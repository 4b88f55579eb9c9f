"""`tolva webhook`: who is told when jobs end."""

from typing import Annotated
from uuid import UUID, uuid4

import typer
from psycopg.rows import DictRow
from rich.markup import escape

from tolva import app
from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Exit, Tenant, err, out, print_json, say, settings_for, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column
from tolva.cli.opened import opened
from tolva.cli.rows import show_rows
from tolva.cli.watch import see_through
from tolva.core.job import Json, State
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.webhooks import outward
from tolva.workloads.webhooks.deliveries_api import ask_test
from tolva.workloads.webhooks.delivery import QUEUE
from tolva.workloads.webhooks.event import EVERY
from tolva.workloads.webhooks.wanted import Limits, Wanted
from tolva.workloads.webhooks.webhook import create_webhook, drop_webhook, list_webhooks

STEPS = {
    State.QUEUED: "The test waits for its turn.",
    State.RUNNING: "It is being delivered.",
    State.WAITING: "It waits.",
    State.COMPLETED: "The receiver answered.",
    State.FAILED: "It came to nothing.",
    State.CANCELLED: "It was cancelled.",
}
"""What the states of a test are called."""

cli = typer.Typer(help="Webhooks: who is told when jobs end.", no_args_is_help=True)
COLUMNS = (
    *(Column("id"), Column("address", wraps=True), Column("for", wraps=True), Column("tells of", wraps=True)),
    *(Column("made"), Column("by", wraps=True), Column("", wraps=True)),
)
Id = Annotated[UUID, typer.Argument(help="The webhook's id.", metavar="WEBHOOK", show_default=False)]


@cli.command("ls")
def ls(data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List the tenant's webhooks, oldest first."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        rows = list_webhooks(conn)
    add = Hints(data_dir, tenant).command("webhook", "add", "URL")
    show_rows(rows, COLUMNS, _listed, f"No webhooks of tenant '{tenant}' yet. Make one: {add}", as_json=as_json)


@cli.command("add")
def add(
    url: Annotated[str, typer.Argument(help="https://… or http://…", metavar="URL", show_default=False)],
    events: Annotated[list[str] | None, typer.Option("--event", help=f"Only {EVERY[0]}, say; else all.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="Only of jobs of these kinds.")] = None,
    queues: Annotated[list[str] | None, typer.Option("--queue", help="Only of jobs of these queues.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Make a webhook and print its secret, once: it signs every delivery."""
    wanted = Wanted(url, events or EVERY, kinds or (), queues or (), description)
    leads = outward(settings_for(data_dir))
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        secret, row = create_webhook(conn, at_terminal(tenant), wanted, Limits(leads, jobs.catalogue))
    if as_json:
        print_json(row | {"secret": secret})
        return
    out.print(f"[bold]{secret}[/]", soft_wrap=True)
    say("Keep it now: it is not shown again. Whoever gets a delivery knows by it that it is ours.")
    say(f"Try it out: {Hints(data_dir, tenant).command('webhook', 'test', str(row['id']))}")


@cli.command("test")
def test(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Deliver an event `webhook.test`, also to a webhook that is off, and tell how that went. Exit code 1 if badly."""
    settings, hints = settings_for(data_dir), Hints(data_dir, tenant)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva webhook test") as jobs:
            with jobs.work(tenant) as work:
                made = ask_test(work, at_terminal(tenant), id, str(uuid4()))
            job = see_through(settings, server, jobs, hints, made.id, QUEUE.name, quiet=as_json, named=_step)
    if as_json:
        print_json(job)
    else:
        _tell(job)
    raise typer.Exit(Exit.DONE if _is_delivered(job) else Exit.FAILED)


@cli.command("rm")
def rm(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Delete a webhook, and what it was still to be told."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        drop_webhook(conn, at_terminal(tenant), id)
    if as_json:
        print_json({"id": id, "dropped": True})
    else:
        say("It is gone, with all that it was still to be told.")


def _listed(row: DictRow) -> tuple[object, ...]:
    only = ", ".join([*row["kinds"], *(f"queue {name}" for name in row["queues"])])
    told = ", ".join(row["events"]) + (f": {only}" if only else "")
    off = "" if row["active"] else f"off: {row['off_because']}" if row["off_because"] else "off"
    return row["id"], row["url"], row["description"], told, when(row["created_at"]), row["created_by"], off


def _is_delivered(job: DictRow) -> bool:
    """Not so one whose webhook was deleted before its turn came: it completes, too, and tells nobody anything."""
    return job["state"] == State.COMPLETED and "skipped" not in job["result"]


def _step(job: DictRow) -> str:
    """How far a test is."""
    return STEPS[State(job["state"])]


def _tell(job: DictRow) -> None:
    """How a test went, and the beginning of what was answered where that is no good news."""
    progress: Json = job["progress"]
    if _is_delivered(job):
        say(f"Delivered: {progress['code']} after {progress['ms']} ms.")
        return
    error: Json = job["error"] or {}
    result: Json = job["result"] or {}
    why: str = error.get("message") or result.get("skipped") or f"The test was {job['state']}."
    err.print(f"[bold red]Not delivered.[/] {escape(why)}", soft_wrap=True)
    kept: Json = job["checkpoint"] or {}
    if answer := kept.get("answer"):
        err.print(f"Its server, or what was in the way: {answer}", markup=False, soft_wrap=True)
