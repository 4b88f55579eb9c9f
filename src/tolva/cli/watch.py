"""A job before the user's eyes: a progress bar while it runs, a summary at its end."""

from psycopg.rows import DictRow
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from tolva.cli.console import Exit, err, out
from tolva.core.job import JobId, Json, State
from tolva.jobs.progress import follow
from tolva.jobs.work import Jobs


def watch(jobs: Jobs, tenant_id: str, id: JobId, *, quiet: bool = False) -> DictRow:
    """Follow a job to its end; returns it."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=err,
        disable=quiet,
    )
    last: DictRow | None = None
    with bar:
        task = bar.add_task("waiting", total=None, note="")
        for news in follow(jobs.db, tenant_id, id):
            last = news.job
            counters = last["progress"]
            bar.update(
                task,
                description=last["state"],
                total=counters.get("total") or None,
                completed=counters.get("processed", 0),
                note=f"[red]{counters['failed']} refused[/]" if counters.get("failed") else "",
            )
    assert last is not None, "follow begins with the job"
    return last


def summary(job: DictRow) -> Table:
    """The end of a load, in rows."""
    result: Json = job["result"] or {}
    table = Table.grid(padding=(0, 2))
    for label, name, style in (
        ("rows", "total", "bold"),
        ("created", "created", "green"),
        ("updated", "updated", "green"),
        ("unchanged", "unchanged", ""),
        ("refused", "rejected", "red"),
        ("repeated in the file", "repeated", ""),
    ):
        count = result.get(name, 0)
        table.add_row(label, f"[{style}]{count:,}[/]" if style and count else f"{count:,}")
    return table


def tell_end(job: DictRow) -> Exit:
    """Say how a job ended, unless it completed; returns the exit code."""
    state = State(job["state"])
    if state is State.COMPLETED:
        result: Json = job["result"] or {}
        return Exit.ROWS_REFUSED if result.get("rejected") else Exit.DONE
    error: Json = job["error"] or {}
    reason = error.get("message", "")
    err.print(f"[bold red]The job {state}.[/] {reason if state is State.FAILED else ''}".rstrip(), markup=True)
    out.print(f"Try again: tolva jobs retry {job['id']}")
    return Exit.JOB_FAILED
