"""`tolva jobs errors`, `changes` and `undo`: what a load refused and changed, and the way back."""

import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tolva import app
from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Id, Tenant, out, print_json, print_json_line, say, settings_for
from tolva.cli.files import Force, new_file
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, listing
from tolva.cli.opened import opened
from tolva.cli.refused import show_refused
from tolva.cli.watch import exit_code, see_through, tell_end
from tolva.core.job import job_id
from tolva.jobs import store
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.annotated import write_annotated
from tolva.workloads.intake.changes import Change, changes
from tolva.workloads.intake.export import error_lines
from tolva.workloads.intake.row_key import format_key
from tolva.workloads.intake.undo import UNDO, ask_undo


def errors(
    id: Id,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="Write a workbook to correct and load again.", show_default=False)
    ] = None,
    force: Force = False,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """The refused rows of a load: as CSV on standard output, or as a workbook to correct."""
    known = job_id(id)
    with opened(data_dir) as jobs:
        with jobs.db.transaction(tenant) as conn:
            store.get_job(conn, known)
        if xlsx is None:
            for piece in error_lines(jobs.db, tenant, known):
                sys.stdout.write(piece)
            return
        blobs = app.blobs(settings_for(data_dir))
        with new_file(xlsx, force=force) as path, blobs.scratch() as scratch:
            write_annotated(jobs.db, blobs, tenant, known, path, scratch)
    say(str(xlsx))


def show_changes(
    id: Id,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; --json prints all.")] = 50,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """What a load changed, or a dry run would change: each new row, and each value before and after."""
    with opened(data_dir) as jobs:
        found = changes(jobs.db, tenant, job_id(id))
        if as_json:
            for change in found:
                print_json_line(asdict(change))
            return
        first = list(islice(found, limit + 1))
    columns = Column("row", right=True), Column("key"), Column("what"), Column("before → after", wraps=True)
    cells = [(change.row, format_key(change.key), change.kind, _values(change)) for change in first[:limit]]
    if not cells:
        say("Nothing changed.")
        return
    out.print(listing(out, columns, cells))
    if len(first) > limit:
        say(f"The first {limit:,}. All of them: {Hints(data_dir, tenant).command('jobs', 'changes', id, '--json')}")


def _values(change: Change) -> str:
    return "; ".join(f"{name}: {was or '—'} → {became or '—'}" for name, (was, became) in change.fields.items())


def undo(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Put back what a load changed. What has changed since is left alone, and listed."""
    settings, hints = settings_for(data_dir), Hints(data_dir, tenant)
    load_id = job_id(id)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva undo") as jobs:
            asked = ask_undo(jobs, at_terminal(tenant), load_id)
            queue = jobs.catalogue.queue_of(UNDO).name
            job = see_through(settings, server, jobs, hints, asked, queue, quiet=as_json)
            if as_json:
                print_json(job)
            else:
                tell_end(job, hints)
                show_refused(jobs, tenant, asked, hints, "left alone")
    raise typer.Exit(exit_code(job))
