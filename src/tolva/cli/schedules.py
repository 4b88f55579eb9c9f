"""`tolva schedule`: what happens by the clock."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

import typer
from psycopg.rows import DictRow

from tolva.cli.acting import at_terminal
from tolva.cli.console import AsJson, DataDir, Tenant, out, print_json, say, when
from tolva.cli.listing import Column, facts, listing
from tolva.cli.opened import opened
from tolva.cli.rows import show_rows
from tolva.core.cron import parse_cron
from tolva.core.job import NewJob, Priority
from tolva.core.upcoming import MOST, upcoming
from tolva.errors import InvalidInput
from tolva.jobs.schedule import Schedule, get_schedule, list_schedules, why_stuck
from tolva.web.scheduling import drop_schedule, pause_schedule, put_schedule, resume_schedule, run_schedule
from tolva.web.tenant import DEFAULT_TENANT

cli = typer.Typer(help="What happens by the clock.", no_args_is_help=True)

COLUMNS = (*map(Column, ("name", "cron", "zone", "kind", "last")), Column("next", wraps=True))
Name = Annotated[str, typer.Argument(help="The schedule.", metavar="NAME", show_default=False)]


@cli.callback()
def group() -> None:
    """What happens by the clock."""


@cli.command("ls")
def ls(data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List the schedules and their next ticks; of long parameters the beginning (`show` has them whole)."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        rows = [row | {"cannot_run": why_stuck(jobs.catalogue, row)} for row in list_schedules(conn)]
    show_rows(rows, COLUMNS, _listed, "No schedules.", as_json=as_json)


@cli.command("show")
def show(name: Name, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """One schedule, with all of its parameters."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        row = get_schedule(conn, name)
        row |= {"cannot_run": why_stuck(jobs.catalogue, row)}
    if as_json:
        print_json(row)
        return
    told = {column: row[column] for column in ("name", "cron", "timezone", "kind", "queue", "priority", "missed")}
    moments = {"last": when(row["last_at"]), "next": _upcoming(row)}
    params = {"params": json.dumps(row["params"], ensure_ascii=False)}
    out.print(facts([*(told | moments | params).items()]))


@cli.command("add")
def add(
    name: Name,
    cron: Annotated[str, typer.Argument(help="Five fields, say '30 2 * * *'.", metavar="CRON", show_default=False)],
    kind: Annotated[str, typer.Option(help="The kind of job to make.")],
    zone: Annotated[str, typer.Option(help="On whose clock: a name of the IANA list.")] = "UTC",
    params: Annotated[str, typer.Option(help="The job's parameters, as a JSON object.")] = "{}",
    priority: Annotated[int, typer.Option(min=0, max=9, help="0 is served first.")] = Priority.NORMAL,
    missed: Annotated[Literal["all", "latest"], typer.Option(help="What an outage leaves.")] = "all",
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Make a schedule, or change the one of that name."""
    wanted = Schedule(name, cron, zone, NewJob(kind, _object(params), priority), missed)
    with opened(data_dir) as jobs:
        row = put_schedule(jobs, at_terminal(tenant), wanted)
    _tell(row, as_json, f"'{name}' comes next at {when(row['next_at'])}.")


@cli.command("rm")
def rm(name: Name, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """End a schedule. Jobs that it made stay."""
    with opened(data_dir) as jobs:
        drop_schedule(jobs, at_terminal(tenant), name)
    _tell({"name": name, "dropped": True}, as_json, f"'{name}' is gone; jobs that it made stay.")


@cli.command("pause")
def pause(name: Name, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Let a schedule make no more jobs."""
    with opened(data_dir) as jobs:
        row = pause_schedule(jobs, at_terminal(tenant), name)
    _tell(row, as_json, f"'{name}' is paused.")


@cli.command("resume")
def resume(name: Name, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Let a paused schedule go on with its next tick; what passed meanwhile is not made up for."""
    with opened(data_dir) as jobs:
        row = resume_schedule(jobs, at_terminal(tenant), name)
    _tell(row, as_json, f"'{name}' comes next at {when(row['next_at'])}.")


@cli.command("run")
def run(name: Name, data_dir: DataDir = None, tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """Make the job of a schedule now, once and beside its ticks."""
    with opened(data_dir) as jobs:
        made = run_schedule(jobs, at_terminal(tenant), name)
    _tell({"id": made.id}, as_json, f"Job {made.id} is queued.")


@cli.command("next")
def next_ticks(
    name: Name,
    number: Annotated[int, typer.Option("-n", min=1, max=MOST, help="How many.")] = 5,
    data_dir: DataDir = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List the next ticks of a schedule, and what daylight saving does to them."""
    with opened(data_dir) as jobs, jobs.db.transaction(tenant) as conn:
        row = get_schedule(conn, name)
    ticks = upcoming(parse_cron(row["cron"], row["timezone"]), datetime.now(UTC), number)
    if as_json:
        print_json([asdict(tick) for tick in ticks])
    else:
        columns = Column("at"), Column(row["timezone"]), Column("", wraps=True)
        out.print(listing(out, columns, [(when(tick.at), tick.local, tick.note) for tick in ticks]))


def _tell(row: DictRow, as_json: bool, words: str) -> None:
    if as_json:
        print_json(row)
    else:
        say(words)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--params is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInput('--params is no JSON object. Write it as {"days": 1}.')
    return cast("dict[str, Any]", value)


def _listed(row: DictRow) -> tuple[object, ...]:
    named = row["name"], row["cron"], row["timezone"], row["kind"]
    return *named, when(row["last_at"]), _upcoming(row)


def _upcoming(row: DictRow) -> str:
    if row["cannot_run"]:
        return f"cannot run: {row['cannot_run']}"
    return "paused" if row["paused_at"] else when(row["next_at"])
