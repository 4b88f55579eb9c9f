"""`tolva jobs`: list, look at, follow, cancel and retry jobs."""

import json
import sys
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any

import typer
from psycopg.rows import DictRow

from tolva import app
from tolva.cli.console import AsJson, DataDir, Tenant, err, out, print_json, print_json_line, say, settings_for, when
from tolva.cli.hints import Hints
from tolva.cli.listing import Column, facts, listing
from tolva.cli.opened import opened
from tolva.cli.refused import show_refused
from tolva.cli.watch import exit_code, leave, patiently, tell_end, watch
from tolva.core.job import FINISHED, JobId, State, job_id
from tolva.jobs import store
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.serve import own_worker
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.changes import Change, changes
from tolva.workloads.intake.export import error_lines
from tolva.workloads.intake.undo import UNDO, ask_undo

cli = typer.Typer(help="List, look at, follow, cancel and retry jobs.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The job's id.", metavar="JOB", show_default=False)]

MOST_EVENTS = 1000


@cli.command("ls")
def ls(
    state: Annotated[State | None, typer.Option(help="Only jobs in this state.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only jobs of this queue.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        rows = store.list_jobs(conn, state=state, queue=queue, most=limit)
    if as_json:
        print_json(rows)
    elif rows:
        columns = [Column(title) for title in ("job", "kind", "state", "rows", "tries", "created")]
        out.print(listing(out, columns, [_listed(row) for row in rows]))
    elif state or queue:
        say("No such jobs.")
    else:
        load = Hints(data_dir, tenant).command("load", "FILE.xlsx", "--param", "proveedor_id=PROV001")
        say(f"No jobs yet. Make one: {load}")


def _listed(row: DictRow) -> tuple[object, ...]:
    total = row["progress"].get("total")
    rows = f"{row['progress'].get('processed', 0):,}/{total:,}" if total else ""
    return row["id"], row["kind"], row["state"], rows, row["attempt"], when(row["created_at"])


@cli.command("show")
def show(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """One job, and what happened to it."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        job = store.get_job(conn, job_id(id))
        events = conn.execute(SQL["events_after"], {"id": id, "after": 0, "most": MOST_EVENTS}).fetchall()
    if as_json:
        print_json(job | {"events": events})
        return
    told = [("id", id)]
    told += [(name, _told(job[name])) for name in ("kind", "queue", "state", "attempt", "failures")]
    told += [(name, _told(job[name])) for name in ("params", "progress", "error")]
    told += [(name.removesuffix("_at"), when(job[name])) for name in ("created_at", "started_at", "finished_at")]
    out.print(facts(told), "", sep="\n")
    columns = Column("seq", right=True), Column("at"), Column("event"), Column("what", wraps=True)
    steps = [event for event in events if event["type"] != "progress"]
    cells = [(event["seq"], when(event["at"]), event["type"], _told(event["data"])) for event in steps]
    if cells:
        out.print(listing(out, columns, cells))
    if folded := len(events) - len(steps):
        say(f"{folded:,} events of progress are left out; --json has them.")


def _told(value: Any) -> str:
    """A stored value for people: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value is not None else ""


@cli.command("watch")
def watch_job(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Follow a job to its end. With --json, one line for each change."""
    hints, known = Hints(data_dir, tenant), job_id(id)
    with opened(data_dir) as jobs:
        _warn_when_alone(jobs, tenant, known, hints)
        try:
            job = _stream(jobs, tenant, known) if as_json else watch(jobs, tenant, known)
        except KeyboardInterrupt:
            raise leave("The job goes on. Follow it again:", hints.command("jobs", "watch", id)) from None
    if not as_json:
        tell_end(job, hints)
    raise typer.Exit(exit_code(job))


def _warn_when_alone(jobs: Jobs, tenant_id: str, id: JobId, hints: Hints) -> None:
    with jobs.db.transaction(tenant_id) as conn:
        job = store.get_job(conn, id)
    if job["state"] not in FINISHED and jobs.needs_worker(job["queue"]):
        start = hints.command("up")
        err.print(f"No worker is running: what waits goes on when one does. Start one: {start}", soft_wrap=True)


def _stream(jobs: Jobs, tenant_id: str, id: JobId) -> DictRow:
    job: DictRow = {}
    for news in patiently(jobs, tenant_id, id):
        job = news.job
        print_json_line({"job": job, "events": news.events})
    return job


@cli.command("errors")
def errors(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """The refused rows of a load, as CSV on standard output."""
    with opened(data_dir) as jobs:
        for piece in error_lines(jobs.db, tenant, job_id(id)):
            sys.stdout.write(piece)


@cli.command("changes")
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
    cells = [(change.row, _key(change), change.kind, _values(change)) for change in first[:limit]]
    if not cells:
        say("Nothing changed.")
        return
    out.print(listing(out, columns, cells))
    if len(first) > limit:
        say(f"The first {limit:,}. All of them: {Hints(data_dir, tenant).command('jobs', 'changes', id, '--json')}")


def _key(change: Change) -> str:
    return change.key if isinstance(change.key, str) else " / ".join(change.key)


def _values(change: Change) -> str:
    return "; ".join(f"{name}: {was or '—'} → {became or '—'}" for name, (was, became) in change.fields.items())


@cli.command("undo")
def undo(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Put back what a load changed. What has changed since is left alone, and listed."""
    settings, hints = settings_for(data_dir), Hints(data_dir, tenant)
    load_id = job_id(id)
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        with app.jobs(settings, server, "tolva undo") as jobs:
            asked = ask_undo(jobs, tenant, load_id)
            with own_worker(settings, server, jobs, jobs.catalogue.queue_of(UNDO).name):
                try:
                    job = watch(jobs, tenant, asked, quiet=as_json)
                except KeyboardInterrupt:
                    follow = hints.command("jobs", "watch", asked)
                    raise leave("It goes on when a worker runs. Follow it:", follow) from None
            if as_json:
                print_json(job)
            else:
                tell_end(job, hints)
                show_refused(jobs, tenant, asked, hints, "left alone")
    raise typer.Exit(exit_code(job))


@cli.command("cancel")
def cancel(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Cancel a job that waits or runs, and its children."""
    with opened(data_dir) as jobs, jobs.work(tenant) as work:
        state = work.cancel(job_id(id))
    if as_json:
        print_json({"id": id, "state": state})
    else:
        follow = Hints(data_dir, tenant).command("jobs", "watch", id)
        say(f"It was told to stop. Follow it: {follow}" if state is State.RUNNING else "Cancelled.")


@cli.command("retry")
def retry(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again; it goes on at its last checkpoint."""
    with opened(data_dir) as jobs, jobs.work(tenant) as work:
        work.retry(job_id(id))
    if as_json:
        print_json({"id": id, "state": State.QUEUED})
    else:
        say(f"Queued again. Follow it: {Hints(data_dir, tenant).command('jobs', 'watch', id)}")
