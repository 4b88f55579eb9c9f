"""`tolva dead`: jobs that failed for good, and their replay."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import typer
from psycopg.rows import DictRow

from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.core.job import JobId, job_id
from tolva.errors import InvalidInput
from tolva.jobs.letters import LetterFilter, dead_jobs, dead_letters, with_letter
from tolva.jobs.work import Jobs
from tolva.web.access.caller import Caller
from tolva.web.portions import MOST, met, steer
from tolva.web.steering import replay_jobs
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="Jobs that failed for good, and their replay.", no_args_is_help=True)

QueueName = Annotated[str | None, typer.Option("--queue", help="Only of this queue.")]
Search = Annotated[str | None, typer.Option("--search", help="Words of the job's name, or how its id begins.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only of this kind.")]
COLUMNS = (
    *(Column("job"), Column("kind"), Column("name", wraps=True), Column("queue"), Column("failed")),
    *(Column("tries", right=True), Column("error", wraps=True)),
)


@cli.command("ls")
def ls(
    queue: QueueName = None,
    kind: Kind = None,
    search: Search = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first."""
    wanted = _wanted(queue, kind, search)
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        letters = dead_letters(conn, tenant, wanted, most=limit)
    if as_json:
        print_json(letters)
    elif not letters:
        say("No dead letters: no job has failed for good." if wanted == LetterFilter() else "No such dead letters.")
    else:
        out.print(listing(out, COLUMNS, [_listed(each) for each in letters]))
        say(f"\nOnce the cause is mended: {Hints(data_dir, tenant).command('dead', 'replay')} JOB")


def _wanted(queue: str | None, kind: str | None, search: str | None) -> LetterFilter:
    return LetterFilter((queue,) if queue else (), (kind,) if kind else (), search)


def _listed(letter: DictRow) -> tuple[object, ...]:
    named = letter["job_id"], letter["kind"], letter["label"], letter["queue"]
    return *named, when(letter["failed_at"]), letter["tries"], letter["error"]["message"]


@cli.command("replay")
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Jobs to replay.", metavar="JOB…", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All that match the filters.")] = False,
    queue: QueueName = None,
    kind: Kind = None,
    search: Search = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Queue failed jobs again, each from its last checkpoint."""
    if bool(ids) == every:
        raise InvalidInput(
            "Either name the jobs to replay, or say --all (with --queue, --kind or --search to narrow it)."
        )
    named = [job_id(text) for text in ids or []]
    with opened(data_dir) as jobs:
        portions = _matching(jobs, tenant, _wanted(queue, kind, search)) if every else [_lettered(jobs, tenant, named)]
        again, left = _replayed(jobs, at_terminal(tenant), portions, dry_run=dry_run)
    if as_json:
        print_json({"jobs": again, "left": left, "dry_run": dry_run})
        return
    number = f"{len(again):,} {'job' if len(again) == 1 else 'jobs'}"
    say(f"{number} would be queued again." if dry_run else f"{number} queued again.")
    if left:
        say(f"{left:,} left: they have changed meanwhile, or another job has their unique key.")


def _lettered(jobs: Jobs, tenant_id: str, named: list[JobId]) -> Sequence[JobId]:
    """Jobs that were named, each of which must have a letter."""
    with jobs.db.transaction(tenant_id) as conn:
        found = with_letter(conn, named)
    if unknown := sorted(set(named) - set(found)):
        raise InvalidInput(f"No dead letter of: {', '.join(unknown)}. Nothing was queued; `tolva dead ls` lists them.")
    return found


def _matching(jobs: Jobs, tenant_id: str, wanted: LetterFilter) -> Iterator[Sequence[JobId]]:
    """All that match, some at a time, each time behind those before: some of them may still be there."""
    place = None
    while True:
        with jobs.db.transaction(tenant_id) as conn:
            found = met(dead_jobs(conn, tenant_id, wanted, before=place, most=MOST + 1))
        yield found.jobs
        place = found.next
        if place is None:
            return


def _replayed(jobs: Jobs, by: Caller, portions: Iterable[Sequence[JobId]], *, dry_run: bool) -> tuple[list[JobId], int]:
    """Jobs that were queued again, or would be; and how many were left."""
    again: list[JobId] = []
    left = 0

    def replay(ids: Sequence[JobId]) -> Sequence[JobId]:
        done = replay_jobs(jobs, by, ids)
        again.extend(done)
        return done

    for portion in portions:
        if dry_run:
            again.extend(portion)
        else:
            left += steer(portion, replay, dry_run=False).left
    return again, left
