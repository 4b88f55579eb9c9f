"""`tolva dead`: jobs that failed for good, to be replayed or dismissed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from psycopg.rows import DictRow

from tolva.cli.acting import at_terminal
from tolva.cli.closing import Closed, close
from tolva.cli.console import AsJson, DataDir, Exit, Tenant, err, out, print_json, say, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.core.job import JobId, job_id
from tolva.errors import InvalidInput
from tolva.jobs.failure import told_whole
from tolva.jobs.letters import LetterFilter, dead_letters
from tolva.web.steering import dismiss_letters, replay_letters
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="Jobs that failed for good: look, replay, dismiss.", no_args_is_help=True)

QueueName = Annotated[str | None, typer.Option("--queue", help="Only of this queue.")]
Search = Annotated[str | None, typer.Option("--search", help="Words of the job's name, or how its id begins.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only of this kind.")]
Named = Annotated[list[str] | None, typer.Argument(help="Of these jobs.", metavar="JOB…", show_default=False)]
Every = Annotated[bool, typer.Option("--all", help="All that match the filters.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many.")]
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
        page = dead_letters(conn, tenant, wanted, most=limit)
        letters = page.letters
        while page.following and len(letters) < limit:
            page = dead_letters(conn, tenant, wanted, before=page.following, most=limit - len(letters))
            letters += page.letters
    if as_json:
        print_json(letters)
    elif not letters:
        say("No dead letters: no job has failed for good." if wanted == LetterFilter() else "No such dead letters.")
    else:
        out.print(listing(out, COLUMNS, [_listed(each) for each in letters]))
        hints = Hints(data_dir, tenant)
        say(f"\nOnce the cause is mended: {hints.command('dead', 'replay')} JOB")
        say(f"Where it need not run any more: {hints.command('dead', 'dismiss')} JOB")


def _wanted(queue: str | None, kind: str | None, search: str | None) -> LetterFilter:
    return LetterFilter((queue,) if queue else (), (kind,) if kind else (), search)


def _listed(letter: DictRow) -> tuple[object, ...]:
    named = letter["job_id"], letter["kind"], letter["label"], letter["queue"]
    return *named, when(letter["failed_at"]), letter["tries"], told_whole(letter["error"])


@cli.command("replay")
def replay(
    ids: Named = None,
    every: Every = False,
    queue: QueueName = None,
    kind: Kind = None,
    search: Search = None,
    dry_run: DryRun = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Queue failed jobs again, each from its last checkpoint."""
    wanted = _meant(ids, every, _wanted(queue, kind, search))
    with opened(data_dir) as jobs:
        again = close(jobs, at_terminal(tenant), wanted, replay_letters, dry_run=dry_run)
    if as_json:
        print_json(asdict(again) | {"dry_run": dry_run})
    else:
        why = "they have changed meanwhile, or another job has their unique key"
        _tell(again, "job", "would be queued again" if dry_run else "queued again", why)
    _leave_rest(again)


@cli.command("dismiss")
def dismiss(
    ids: Named = None,
    every: Every = False,
    queue: QueueName = None,
    kind: Kind = None,
    search: Search = None,
    dry_run: DryRun = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Take dead letters off the list. Their jobs stay failed, and tell who dismissed them."""
    wanted = _meant(ids, every, _wanted(queue, kind, search))
    with opened(data_dir) as jobs:
        gone = close(jobs, at_terminal(tenant), wanted, dismiss_letters, dry_run=dry_run)
    if as_json:
        print_json(asdict(gone) | {"dry_run": dry_run})
    else:
        did = "would be dismissed" if dry_run else "dismissed"
        _tell(gone, "dead letter", did, "they have changed meanwhile")
    _leave_rest(gone)


def _tell(closed: Closed, what: str, did: str, why_left: str) -> None:
    say(f"{len(closed.jobs):,} {what if len(closed.jobs) == 1 else what + 's'} {did}.")
    if closed.left:
        say(f"{closed.left:,} left: {why_left}.")


def _leave_rest(closed: Closed) -> None:
    """Where the database gave out in the middle, scripts shall come again."""
    if closed.more:
        err.print("There are more: the database stopped answering. Say the same again for the rest.")
        raise typer.Exit(Exit.TRY_LATER)


def _meant(ids: Sequence[str] | None, every: bool, wanted: LetterFilter) -> Sequence[JobId] | LetterFilter:
    """Which letters: those of these jobs, or all that match. Raises InvalidInput where that was not said."""
    if bool(ids) == every:
        raise InvalidInput("Either name the jobs, or say --all (with --queue, --kind or --search to narrow it).")
    return wanted if every else [job_id(text) for text in ids or ()]
