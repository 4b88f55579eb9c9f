"""`tolva audit`: who did what."""

import json
from typing import Annotated

import typer

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.web.access.audit import notes
from tolva.web.tenant import DEFAULT_TENANT


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
    if as_json:
        print_json(lines)
    elif not lines:
        say("Nothing was noted yet: uploads, cancels, retries, undos, keys, schemas and schedules are.")
    else:
        columns = Column("at"), Column("who", wraps=True), Column("did"), Column("to"), Column("detail", wraps=True)
        told = [json.dumps(line["detail"], ensure_ascii=False) if line["detail"] else "" for line in lines]
        cells = [
            (when(line["at"]), line["actor"], line["action"], line["target"], detail)
            for line, detail in zip(lines, told, strict=True)
        ]
        out.print(listing(out, columns, cells))
