"""`tolva jobs ls`: the jobs that match, a page at a time."""

from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from psycopg.rows import DictRow

from tolva.cli.console import AsJson, DataDir, Tenant, when
from tolva.cli.counts import outcome, rows_done
from tolva.cli.hints import Hints
from tolva.cli.listing import Column
from tolva.cli.opened import opened
from tolva.cli.portions import gathered, tell_more
from tolva.cli.rows import show_rows
from tolva.cli.states import state_told
from tolva.core.job import JobId, State, job_id, made_at
from tolva.db.pool import Connection
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.web.tenant import DEFAULT_TENANT

FORMATS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
COLUMNS = (
    *(Column("job"), Column("kind"), Column("name", wraps=True), Column("state"), Column("rows", right=True)),
    *(Column("outcome", wraps=True), Column("tries", right=True), Column("created")),
)


def ls(
    state: Annotated[list[State] | None, typer.Option(help="Only in this state; several are said one by one.")] = None,
    queue: Annotated[list[str] | None, typer.Option(help="Only of this queue, or these.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind, or these.")] = None,
    search: Annotated[str | None, typer.Option(help="Words of the name, or how the id begins.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=FORMATS, help="Only those made since then.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=FORMATS, help="Only those made before then.")] = None,
    ended: Annotated[
        datetime | None, typer.Option("--ended-since", formats=FORMATS, help="Only what ended since then.")
    ] = None,
    open_question: Annotated[
        bool, typer.Option("--open-question", help="Only what failed for a question that nobody has answered.")
    ] = False,
    before: Annotated[str | None, typer.Option(help="Those that follow this job in the list.", metavar="JOB")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    wanted = JobFilter(
        states=tuple(state or ()),
        queues=tuple(queue or ()),
        kinds=tuple(kind or ()),
        created_from=since and since.astimezone(),
        created_before=until and until.astimezone(),
        search=search,
        ended_since=ended and ended.astimezone(),
        open_question=open_question,
    )
    cursor = job_id(before) if before else None
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        rows, following = gathered(partial(_portion, conn, tenant, wanted), cursor, limit)
    hints = Hints(data_dir, tenant)
    if following:
        none = "None so far."
    elif wanted != JobFilter() or cursor:
        none = "No such jobs."
    else:
        load = hints.command("load", "FILE.xlsx", "--param", "proveedor_id=PROV001")
        none = f"No jobs yet. Make one: {load}"
    show_rows(rows, COLUMNS, _listed, none, as_json=as_json)
    if following:
        far = f"Looked at those made since {when(made_at(following))}." if len(rows) < limit else None
        more = hints.command("jobs", "ls", *_said(wanted, limit), "--before", following)
        tell_more(more, short=far, as_json=as_json)


def _portion(
    conn: Connection, tenant: str, wanted: JobFilter, before: JobId | None, most: int
) -> tuple[list[DictRow], JobId | None]:
    page = list_jobs(conn, tenant, wanted, before=before, most=most)
    return page.jobs, page.following


def _listed(row: DictRow) -> tuple[object, ...]:
    named = row["id"], row["kind"], row["label"], "undone" if row["undone_by"] else state_told(row)
    return *named, rows_done(row), outcome(row), row["attempt"], when(row["created_at"])


def _said(wanted: JobFilter, limit: int) -> list[str]:
    """The filter as the options that it came from.

    >>> _said(JobFilter((State.FAILED, State.CANCELLED), search="enero"), 20)
    ['--state', 'failed', '--state', 'cancelled', '--search', 'enero', '--limit', '20']
    """
    several = ("--state", wanted.states), ("--queue", wanted.queues), ("--kind", wanted.kinds)
    spans = ("--since", wanted.created_from), ("--until", wanted.created_before), ("--ended-since", wanted.ended_since)
    words = [word for option, values in several for value in values for word in (option, str(value))]
    words += ["--search", wanted.search] if wanted.search else []
    words += [word for option, at in spans if at for word in (option, at.strftime(FORMATS[-1]))]
    words += ["--open-question"] if wanted.open_question else []
    return [*words, "--limit", str(limit)]
