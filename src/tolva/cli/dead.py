"""`tolva dead`: jobs that failed for good, and their replay."""

from typing import Annotated

import typer

from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.core.job import JobId, job_id
from tolva.errors import InvalidInput
from tolva.jobs import store
from tolva.web.steering import replay_jobs
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
        say("No dead letters: no job has failed for good." if not (queue or kind) else "No such dead letters.")
    else:
        columns = [Column(title) for title in ("job", "kind", "queue", "failed", "tries")]
        cells = [
            (each["job_id"], each["kind"], each["queue"], when(each["failed_at"]), len(each["attempts"]), _why(each))
            for each in letters
        ]
        out.print(listing(out, [*columns, Column("error", wraps=True)], cells))
        say(f"\nOnce the cause is mended: {Hints(data_dir, tenant).command('dead', 'replay')} JOB")


def _why(letter: "dict[str, dict[str, str]]") -> str:
    return letter["error"].get("message", "")


@cli.command("replay")
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Jobs to replay.", metavar="JOB…", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All that match the filters.")] = False,
    queue: QueueName = None,
    kind: Kind = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Queue failed jobs again, each from its last checkpoint."""
    if bool(ids) == every:
        raise InvalidInput("Either name the jobs to replay, or say --all (with --queue or --kind to narrow it).")
    wanted = [job_id(text) for text in ids or []] if not every else None
    with opened(data_dir) as jobs:
        with jobs.db.transaction(tenant) as conn:
            letters = store.dead_letters(conn, queue=queue, kind=kind, job_ids=wanted, most=MOST_REPLAYED)
        found = [JobId(str(letter["job_id"])) for letter in letters]
        unknown = sorted(set(wanted or []) - set(found))
        if unknown:
            raise InvalidInput(
                f"No dead letter of: {', '.join(unknown)}. Nothing was queued; `tolva dead ls` lists them."
            )
        again = found if dry_run else replay_jobs(jobs, at_terminal(tenant), found)
    if as_json:
        print_json({"jobs": again, "dry_run": dry_run})
    else:
        number = f"{len(again):,} {'job' if len(again) == 1 else 'jobs'}"
        say(f"{number} would be queued again." if dry_run else f"{number} queued again.")
