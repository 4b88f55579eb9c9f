"""`tolva audit`: who did what."""

import json
from dataclasses import asdict
from functools import partial
from typing import Annotated
from uuid import UUID

import typer
from psycopg.rows import DictRow

from tolva.cli.console import AsJson, DataDir, Tenant, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column
from tolva.cli.opened import opened
from tolva.cli.portions import gathered, tell_more
from tolva.cli.rows import show_rows
from tolva.db.pool import Connection
from tolva.web.access.audit import NoteFilter, notes
from tolva.web.tenant import DEFAULT_TENANT

COLUMNS = Column("at"), Column("who", wraps=True), Column("did"), Column("to"), Column("detail", wraps=True)


def audit(
    target: Annotated[str | None, typer.Option(help="Only what was done to this job, key, schema …")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this, as the list calls it: job.cancel, key.create …")
    ] = None,
    before: Annotated[UUID | None, typer.Option(help="Those that follow this line.", metavar="LINE")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many lines.")] = 50,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List who did what, newest first."""
    wanted = NoteFilter(actor, action, target)
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        lines, following = gathered(partial(_portion, conn, wanted), before, limit)
    none = "Nothing was noted yet: uploads, cancels, retries, undos, keys, schemas and schedules are."
    if following:
        none = "None so far."
    elif wanted != NoteFilter() or before:
        none = "No such lines."
    show_rows(lines, COLUMNS, _listed, none, as_json=as_json)
    if following:
        more = Hints(data_dir, tenant).command("audit", *_said(wanted, limit), "--before", str(following))
        tell_more(more, short="There are older lines to look at." if len(lines) < limit else None, as_json=as_json)


def _portion(conn: Connection, wanted: NoteFilter, before: UUID | None, most: int) -> tuple[list[DictRow], UUID | None]:
    page = notes(conn, wanted, before=before, most=most)
    return page.lines, page.following


def _listed(line: DictRow) -> tuple[object, ...]:
    detail = json.dumps(line["detail"], ensure_ascii=False) if line["detail"] else ""
    return when(line["at"]), line["actor"], line["action"], line["target"], detail


def _said(wanted: NoteFilter, limit: int) -> list[str]:
    """The filter as the options that it came from.

    >>> _said(NoteFilter(actor="ana", action="key.create"), 20)
    ['--actor', 'ana', '--action', 'key.create', '--limit', '20']
    """
    given = [(f"--{name}", value) for name, value in asdict(wanted).items() if value]
    return [*(word for pair in given for word in pair), "--limit", str(limit)]
