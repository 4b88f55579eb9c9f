"""The command line: each command a few lines over the parts below."""

import sys
from typing import Annotated

import typer

from tolva import __version__
from tolva.cli import (
    audit,
    dead,
    demo,
    doctor,
    inspect,
    jobs,
    keys,
    load,
    queues,
    read,
    schedules,
    schemas,
    serve,
    webhooks,
)
from tolva.cli.console import EXIT_CODES, explained, say

cli = typer.Typer(
    name="tolva",
    help="Durable data intake: files in, progress and explained errors out, rows in PostgreSQL.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        say(f"tolva {__version__}")
        raise typer.Exit


@cli.callback()
def tolva(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Durable data intake: files in, progress and explained errors out, rows in PostgreSQL."""


cli.command("up")(serve.up)
cli.command("api")(serve.api)
cli.command("worker")(serve.worker)
cli.command("flower")(serve.flower)
cli.command("migrate")(serve.migrate)
cli.command("load")(load.load)
cli.command("inspect")(inspect.inspect)
cli.command("read")(read.read)
cli.add_typer(jobs.cli, name="jobs")
cli.add_typer(dead.cli, name="dead")
cli.add_typer(schemas.cli, name="schema")
cli.add_typer(queues.cli, name="queue")
cli.add_typer(schedules.cli, name="schedule")
cli.add_typer(keys.cli, name="key")
cli.add_typer(webhooks.cli, name="webhook")
cli.command("audit")(audit.audit)
cli.command("demo")(demo.demo)
cli.command("doctor")(doctor.doctor)


def main() -> None:
    """Entry point. Ends with one of `console.EXIT_CODES`."""
    with explained():
        sys.exit(cli())
