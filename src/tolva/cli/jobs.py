"""`tolva jobs`: list, look at, follow, cancel and retry jobs."""

import json
from dataclasses import asdict
from typing import Any

import typer
from psycopg.rows import DictRow

from tolva import app
from tolva.cli.acting import at_terminal
from tolva.cli.console import (
    AsJson,
    DataDir,
    Id,
    Tenant,
    err,
    out,
    print_json,
    print_json_line,
    say,
    settings_for,
    when,
)
from tolva.cli.counts import outcome, rows_done
from tolva.cli.hints import Hints
from tolva.cli.job_list import ls
from tolva.cli.listing import Column, facts, listing
from tolva.cli.opened import opened
from tolva.cli.questions import show_questions, tell_sheets
from tolva.cli.results import errors, show_changes, undo
from tolva.cli.retry_command import load_again
from tolva.cli.waits import waits_for
from tolva.cli.watch import exit_code, leave, patiently, tell_end, watch
from tolva.core.job import FINISHED, JobId, Json, State, job_id
from tolva.jobs import store
from tolva.jobs.failure import told_whole
from tolva.jobs.sql import SQL
from tolva.jobs.waiting import why_waiting
from tolva.jobs.work import Jobs
from tolva.web.steering import cancel_job, retry_job
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="List, look at, follow, cancel and retry jobs.", no_args_is_help=True)

MOST_EVENTS = 1000
PARAMS: dict[str, str] = {"undo_of": "undo of"}
"""Parameters of jobs that have a better name."""


cli.command("ls")(ls)


@cli.command("show")
def show(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """One job, and what happened to it."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        job = store.get_job(conn, job_id(id))
        events = conn.execute(SQL["events_after"], {"id": id, "after": 0, "most": MOST_EVENTS}).fetchall()
        again = load_again(conn, job, Hints(data_dir, tenant))
        reason = why_waiting(conn, job)
    if as_json:
        print_json(job | {"events": events, "waits_for": asdict(reason) if reason else None})
        return
    out.print(facts([*_facts(job), ("waits for", reason and waits_for(reason))]), "", sep="\n")
    columns = Column("seq", right=True), Column("at"), Column("event"), Column("what", wraps=True)
    steps = [event for event in events if event["type"] != "progress"]
    cells = [(event["seq"], when(event["at"]), event["type"], _told(event["data"])) for event in steps]
    if cells:
        out.print(listing(out, columns, cells))
    if again:
        tell_sheets(job, again)
    if folded := len(events) - len(steps):
        say(f"{folded:,} events of progress are left out; --json has them.")


def _facts(job: DictRow) -> list[tuple[str, object]]:
    given: Json = job["params"]
    params: dict[str, object] = {
        PARAMS.get(name, name): _told(value) for name, value in given.items() if value != job["label"]
    }
    counts = {"rows": rows_done(job), "outcome": outcome(job), "error": _told_error(job["error"])}
    moments = {name: when(job[f"{name}_at"]) for name in ("created", "started", "finished")}
    states = {name: _told(job[name]) for name in ("queue", "state", "attempt", "failures")}
    undone = {"undone by": job["undone_by"]}
    named = [("job", job["id"]), ("kind", job["kind"]), ("name", job["label"])]
    return [*named, *(params | states | undone | counts | moments).items()]


def _told_error(error: Json | None) -> str:
    return f"{told_whole(error)} ({error['type']})" if error else ""


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
            with jobs.db.transaction(tenant) as conn:
                again = load_again(conn, job, hints)
            show_questions(jobs, app.blobs(settings_for(data_dir)), tenant, job, again)
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


cli.command("errors")(errors)
cli.command("changes")(show_changes)
cli.command("undo")(undo)


@cli.command("cancel")
def cancel(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Cancel a job that waits or runs, and its children."""
    with opened(data_dir) as jobs:
        state = cancel_job(jobs, at_terminal(tenant), job_id(id))
    if as_json:
        print_json({"id": id, "state": state})
    else:
        follow = Hints(data_dir, tenant).command("jobs", "watch", id)
        say(f"It was told to stop. Follow it: {follow}" if state is State.RUNNING else "Cancelled.")


@cli.command("retry")
def retry(id: Id, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again; it goes on at its last checkpoint."""
    with opened(data_dir) as jobs:
        retry_job(jobs, at_terminal(tenant), job_id(id))
    if as_json:
        print_json({"id": id, "state": State.QUEUED})
    else:
        say(f"Queued again. Follow it: {Hints(data_dir, tenant).command('jobs', 'watch', id)}")
