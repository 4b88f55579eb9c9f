"""`tolva queue`: how the lines stand, and who is served how."""

from typing import Annotated

import typer
from rich.table import Table

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, when
from tolva.cli.opened import opened
from tolva.errors import NotFound
from tolva.jobs import store
from tolva.jobs.sql import SQL
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="How the queues stand; pause, resume, and share them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The queue.", metavar="QUEUE")]


@cli.command("ls")
def ls(data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List the queues, and the tenant's jobs in them."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        rows = conn.execute(SQL["queue_states"]).fetchall()
    if as_json:
        print_json(rows)
        return
    table = Table("queue", "queued", "running", "waiting", "oldest", "", box=None)
    for row in rows:
        counts = (str(row[name]) for name in ("queued", "running", "waiting"))
        table.add_row(row["name"], *counts, when(row["oldest"]), "[yellow]paused[/]" if row["paused_at"] else "")
    out.print(table if rows else "No queues yet: they appear when the first worker starts.")


@cli.command("pause")
def pause(queue: Name, data_dir: DataDir = None) -> None:
    """Let no more jobs of a queue start; running ones go on."""
    _set_paused(queue, data_dir, paused=True)


@cli.command("resume")
def resume(queue: Name, data_dir: DataDir = None) -> None:
    """Let jobs of a paused queue start again."""
    _set_paused(queue, data_dir, paused=False)


@cli.command("share")
def share(
    queue: Name,
    weight: Annotated[float, typer.Option(help="Turns against other tenants' 1.")] = 1.0,
    rate: Annotated[float | None, typer.Option(help="At most this many jobs a second; no limit when left out.")] = None,
    burst: Annotated[float | None, typer.Option(help="Jobs that may start at once after a pause.")] = None,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Set a tenant's weight and rate limit in a queue."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        store.set_lane(conn, tenant, queue, weight=weight, rate=rate, burst=burst)
    limit = f"at most {rate:g} jobs/s" if rate else "no rate limit"
    out.print(f"Tenant '{tenant}' has weight {weight:g} in '{queue}', {limit}.")


def _set_paused(queue: str, data_dir: DataDir, *, paused: bool) -> None:
    with opened(data_dir) as jobs, jobs.db.connection() as conn:
        row = conn.execute(SQL["set_paused"], {"queue": queue, "paused": paused}).fetchone()
    if not (row and row["known"]):
        raise NotFound(f"There is no queue '{queue}'. `tolva queue ls` lists them.")
    out.print(f"'{queue}' is {'paused' if paused else 'running'}.")
