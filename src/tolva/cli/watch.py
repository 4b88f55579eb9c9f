"""A job before the user's eyes: how far it is while it runs, a summary at its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import typer
from psycopg.rows import DictRow
from rich.markup import escape

from tolva.app import Server
from tolva.cli.columns import columns_told
from tolva.cli.console import Exit, err, out, say
from tolva.cli.counts import summary
from tolva.cli.hints import Hints
from tolva.cli.meter import Reading, meter
from tolva.cli.states import asks, state_told
from tolva.core.job import JobId, Json, State
from tolva.errors import DatabaseUnavailable, TryLater
from tolva.jobs import store
from tolva.jobs.failure import told_whole
from tolva.jobs.progress import News, follow
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.serve.stand_in import own_worker
from tolva.settings import Settings
from tolva.workloads.intake.accept import LOAD
from tolva.workloads.intake.messages import MENDABLE, TOLD

PATIENCE = 60.0
"""Seconds that a watcher waits for a PostgreSQL that is away."""
PAUSE = 1.0
BLINK = 25.0
"""Seconds that one try to reach it may take: twice the wait for a connection, and a probe between them."""

_ENDED = {State.FAILED: "failed", State.CANCELLED: "was cancelled"}


def watch(
    jobs: Jobs, tenant_id: str, id: JobId, *, quiet: bool = False, named: Callable[[DictRow], str] = state_told
) -> DictRow:
    """Follow a job to its end; returns it. `named` is what its states are called."""
    if not quiet:
        with suppress(TryLater):  # following waits for PostgreSQL; the hint does not
            _tell_if_paused(jobs, tenant_id, id)
    with meter(err, quiet=quiet) as gauge:
        for news in patiently(jobs, tenant_id, id):
            gauge.show(Reading.of(named(news.job), news.job["progress"]))
            if news.is_last:
                return news.job
    raise AssertionError("following ends with the job")


def see_through(
    settings: Settings,
    server: Server,
    jobs: Jobs,
    hints: Hints,
    id: JobId,
    queue: str,
    *,
    quiet: bool = False,
    named: Callable[[DictRow], str] = state_told,
) -> DictRow:
    """`watch` where perhaps no worker runs: then this process has one of its own. Raises typer.Exit on Ctrl-C."""
    with own_worker(settings, server, jobs, queue) as alone:
        try:
            return watch(jobs, hints.tenant, id, quiet=quiet, named=named)
        except KeyboardInterrupt:
            raise _left(hints, id, alone=alone.is_set()) from None


def _left(hints: Hints, id: JobId, *, alone: bool) -> typer.Exit:
    follow = hints.command("jobs", "watch", id)
    if alone:
        said = "The job is kept, and goes on where it stands as soon as a worker runs. Start one, and follow it:"
        return leave(said, hints.command("up"), follow)
    return leave("The job goes on. Follow it, or end it:", follow, hints.command("jobs", "cancel", id))


def _tell_if_paused(jobs: Jobs, tenant_id: str, id: JobId) -> None:
    with jobs.db.transaction(tenant_id) as conn:
        job = store.get_job(conn, id)
        paused = {row["name"] for row in conn.execute(SQL["queue_names"]).fetchall() if row["paused_at"]}
    if job["state"] == State.QUEUED and job["queue"] in paused:
        say = f"The queue '{job['queue']}' is paused: the job starts when somebody resumes it (tolva queue resume)."
        err.print(say, soft_wrap=True)


def patiently(jobs: Jobs, tenant_id: str, id: JobId) -> Iterator[News]:
    """Follow a job, also while PostgreSQL is away for a while.

    Raises DatabaseUnavailable after PATIENCE; the job is not lost, so say where it can be found.
    """
    after: int | None = None
    away_since = began = time.monotonic()
    while True:
        try:
            for news in follow(jobs.db, tenant_id, id, after):
                yield news
                after = news.seq
        except TryLater as error:
            now = time.monotonic()
            if now - began > BLINK:  # it answered meanwhile, perhaps without news
                away_since = now
            if now - away_since > PATIENCE:
                raise DatabaseUnavailable(f"{error} The job {id} is kept: tolva jobs watch {id}") from error
            time.sleep(PAUSE)
            began = time.monotonic()
        else:
            return


def leave(said: str, *commands: str) -> typer.Exit:
    """The way out on Ctrl-C: the job is not ours to end, so say how it goes on. Raise what this returns."""
    err.print(f"\n{said}", soft_wrap=True)
    for command in commands:
        err.print(f"  {command}", markup=False, soft_wrap=True)
    return typer.Exit(Exit.INTERRUPTED)


def exit_code(job: DictRow) -> Exit:
    """What the end of a job means to a script. What whoever sent the file can mend is a wrong call."""
    if job["state"] != State.COMPLETED:
        theirs = job["state"] == State.FAILED and job["error"]["type"] in MENDABLE
        return Exit.WRONG_CALL if theirs else Exit.FAILED
    return Exit.ROWS_REFUSED if _result(job).get("rejected") or _result(job).get("conflicts") else Exit.DONE


def tell_end(job: DictRow, hints: Hints) -> None:
    """Show how a job ended: its summary, or why it failed and what to do."""
    if job["state"] == State.COMPLETED:
        if "total" in _result(job):
            out.print(summary(job))
        if "matches" in job["progress"]:
            out.print("", columns_told(job["progress"]), sep="\n")
        for note in job["progress"].get("read", {}).get("notes", ()):
            say(note)
        if _result(job).get("dry_run"):
            say("A dry run: nothing was written.")
        if _result(job).get("conflicts"):
            _tell_conflicts(_result(job), hints)
        return
    error: Json = job["error"] or {}
    reason = told_whole(error) if job["state"] == State.FAILED else ""
    how, ended = ("yellow", "waits for your answer") if asks(job) else ("red", _ENDED[job["state"]])
    err.print(f"[bold {how}]The job {ended}.[/] {escape(reason)}".rstrip(), soft_wrap=True)
    retry = hints.command("jobs", "retry", str(job["id"]))
    if job["kind"] == LOAD and (written := job["progress"].get("successful")):
        undo = hints.command("jobs", "undo", str(job["id"]))
        err.print(f"{written:,} rows of it stand in the table. To take them back: {undo}", markup=False, soft_wrap=True)
        err.print(f"To go on behind them, once the cause is mended: {retry}", markup=False, soft_wrap=True)
        return
    again = f"Try again: {retry}"
    mend = "The stored file stays as it is: correct yours, or the call, and load it again."
    err.print(mend if error.get("type") in TOLD else again, markup=False, soft_wrap=True)


def _tell_conflicts(undone: Json, hints: Hints) -> None:
    if later := undone["later_loads"]:
        again = hints.command("jobs", "undo", undone["undo_of"])
        say(f"Later loads of the same schema may be why, the last one first: {', '.join(later)}.")
        say(f"To take back what they changed as well, undo these, then try again: {again}")
    else:
        say("Somebody else has changed these since. Put them back in the table yourself, or leave them as they are.")


def _result(job: DictRow) -> Json:
    return job["result"] or {}
