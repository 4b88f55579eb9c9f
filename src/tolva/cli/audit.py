"""`tolva audit`: who did what."""

import json
from typing import Annotated

import typer
from psycopg.rows import DictRow

from tolva.cli.console import AsJson, DataDir, Tenant, when
from tolva.cli.listing import Column
from tolva.cli.opened import opened
from tolva.cli.rows import show_rows
from tolva.web.access.audit import notes
from tolva.web.tenant import DEFAULT_TENANT

COLUMNS = Column("at"), Column("who", wraps=True), Column("did"), Column("to"), Column("detail", wraps=True)


def audit(
    target: Annotated[str | None, typer.Option(help="Only what was done to this job, key, schema …")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many lines.")] = 50,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List who did what, newest first."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        lines = notes(conn, target=target, actor=actor, most=limit)
    none = "Nothing was noted yet: uploads, cancels, retries, undos, keys, schemas and schedules are."
    show_rows(lines, COLUMNS, _listed, none, as_json=as_json)


def _listed(line: DictRow) -> tuple[object, ...]:
    detail = json.dumps(line["detail"], ensure_ascii=False) if line["detail"] else ""
    return when(line["at"]), line["actor"], line["action"], line["target"], detail
