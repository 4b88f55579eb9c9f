"""`tolva jobs`: list, look at, follow, cancel and retry jobs."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, when
from tolva.cli.opened import opened
from tolva.cli.watch import summary, tell_end, watch
from tolva.core.job import State, job_id
from tolva.jobs import store
from tolva.jobs.progress import follow
from tolva.jobs.sql import SQL
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.catalog.export import error_lines

cli = typer.Typer(help="List, look at, follow, cancel and retry jobs.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The job's id.", metavar="JOB")]


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
    elif not rows:
        out.print("No jobs. Make one: tolva load FILE.xlsx --param proveedor_id=PROV001")
    else:
        table = Table("job", "kind", "state", "progress", "tries", "created", box=None)
        for row in rows:
            done = row["progress"].get("processed", "")
            of = row["progress"].get("total", "")
            table.add_row(
                str(row["id"]),
                row["kind"],
                row["state"],
                f"{done}/{of}" if of else "",
                str(row["attempt"]),
                when(row["created_at"]),
            )
        out.print(table)


@cli.command("show")
def show(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """One job, and what happened to it."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        job = store.get_job(conn, job_id(id))
        events = conn.execute(SQL["events_after"], {"id": id, "after": 0, "most": 1000}).fetchall()
    if as_json:
        print_json(job | {"events": events})
        return
    facts = Table.grid(padding=(0, 2))
    for name in ("id", "kind", "queue", "state", "attempt", "failures", "params", "progress", "error"):
        facts.add_row(name, str(job[name]) if job[name] is not None else "")
    for name in ("created_at", "started_at", "finished_at"):
        facts.add_row(name, when(job[name]))
    out.print(facts)
    told = Table("seq", "at", "event", "", box=None)
    for event in events:
        told.add_row(str(event["seq"]), when(event["at"]), event["type"], str(event["data"] or ""))
    out.print(told)


@cli.command("watch")
def watch_job(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Follow a job to its end. With --json, one line for each event."""
    with opened(data_dir) as jobs:
        if as_json:
            for news in follow(jobs.db, tenant, job_id(id)):
                print_json({"job": news.job, "events": news.events})
            return
        job = watch(jobs, tenant, job_id(id))
        code = tell_end(job)
        if job["result"]:
            out.print(summary(job))
    raise typer.Exit(code)


@cli.command("errors")
def errors(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """The refused rows of a load, as CSV."""
    with opened(data_dir) as jobs:
        for piece in error_lines(jobs.db, tenant, job_id(id)):
            sys.stdout.write(piece)


@cli.command("cancel")
def cancel(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Cancel a job that waits or runs, and its children."""
    with opened(data_dir) as jobs, jobs.work(tenant) as work:
        state = work.cancel(job_id(id))
    out.print("It was told to stop." if state is State.RUNNING else "Cancelled.")


@cli.command("retry")
def retry(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Queue a failed or cancelled job again; it goes on at its last checkpoint."""
    with opened(data_dir) as jobs, jobs.work(tenant) as work:
        work.retry(job_id(id))
    out.print(f"Queued again. Follow it: tolva jobs watch {id}")
