"""`tolva schedule`: what happens by the clock."""

import typer
from psycopg.rows import DictRow

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.listing import Column, listing
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
        say("No schedules.")
    else:
        columns = [Column(title) for title in ("name", "cron", "zone", "kind", "last", "next")]
        out.print(listing(out, columns, [_listed(row) for row in rows]))


def _listed(row: DictRow) -> tuple[object, ...]:
    upcoming = "paused" if row["paused_at"] else when(row["next_at"])
    return row["name"], row["cron"], row["timezone"], row["kind"], when(row["last_at"]), upcoming
