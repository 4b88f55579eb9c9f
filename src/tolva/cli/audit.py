"""`tolva audit`: who did what."""

import json
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer
from psycopg.rows import DictRow

from tolva.cli.console import AsJson, DataDir, Tenant, say, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column
from tolva.cli.opened import opened
from tolva.cli.rows import show_rows
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
        found = notes(conn, wanted, before=before, most=limit + 1)
    lines = found[:limit]
    none = "Nothing was noted yet: uploads, cancels, retries, undos, keys, schemas and schedules are."
    show_rows(lines, COLUMNS, _listed, "No such lines." if wanted != NoteFilter() or before else none, as_json=as_json)
    if len(found) > limit and not as_json:
        more = *_said(wanted, limit), "--before", str(lines[-1]["id"])
        say(f"more: {Hints(data_dir, tenant).command('audit', *more)}")


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
