"""`tolva dead`: jobs that failed for good, and their replay."""

from typing import Annotated

import typer
from rich.table import Table

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, when
from tolva.cli.opened import opened
from tolva.core.job import JobId, job_id
from tolva.errors import InvalidInput
from tolva.jobs import store
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="Jobs that failed for good, and their replay.", no_args_is_help=True)

QueueName = Annotated[str | None, typer.Option("--queue", help="Only of this queue.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only of this kind.")]
MOST_REPLAYED = 10_000


@cli.command("ls")
def ls(
    queue: QueueName = None,
    kind: Kind = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        letters = store.dead_letters(conn, queue=queue, kind=kind, most=limit)
    if as_json:
        print_json(letters)
    elif not letters:
        out.print("No dead letters: no job has failed for good.")
    else:
        table = Table("job", "kind", "queue", "failed", "tries", "error", box=None)
        for letter in letters:
            cells = str(letter["job_id"]), letter["kind"], letter["queue"], when(letter["failed_at"])
            table.add_row(*cells, str(len(letter["attempts"])), letter["error"]["message"])
        out.print(table)


@cli.command("replay")
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Jobs to replay.", metavar="JOB…")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that match the filters.")] = False,
    queue: QueueName = None,
    kind: Kind = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Queue failed jobs again, each from its last checkpoint."""
    if bool(ids) == every:
        raise InvalidInput("Name the jobs to replay, or say --all (with --queue or --kind to narrow it).")
    wanted = [job_id(text) for text in ids or []] if not every else None
    with opened(data_dir) as jobs, jobs.work(tenant) as work:
        letters = store.dead_letters(work.conn, queue=queue, kind=kind, job_ids=wanted, most=MOST_REPLAYED)
        found = [JobId(str(letter["job_id"])) for letter in letters]
        again = found if dry_run else work.replay(found)
    out.print(f"{len(again):,} jobs {'would be' if dry_run else 'were'} queued again.")
    if unknown := set(wanted or []) - set(found):
        raise InvalidInput(f"No dead letter of: {', '.join(sorted(unknown))}. The others were queued again.")
