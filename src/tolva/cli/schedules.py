"""`tolva schedule`: what happens by the clock."""

import typer
from rich.table import Table

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, when
from tolva.cli.opened import opened
from tolva.jobs.schedule import list_schedules
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="What happens by the clock.", no_args_is_help=True)


@cli.callback()
def group() -> None:
    """What happens by the clock."""


@cli.command("ls")
def ls(data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List the schedules and their next ticks."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        rows = list_schedules(conn)
    if as_json:
        print_json(rows)
    elif not rows:
        out.print("No schedules.")
    else:
        table = Table("name", "cron", "zone", "kind", "last", "next", box=None)
        for row in rows:
            upcoming = "paused" if row["paused_at"] else when(row["next_at"])
            table.add_row(row["name"], row["cron"], row["timezone"], row["kind"], when(row["last_at"]), upcoming)
        out.print(table)
