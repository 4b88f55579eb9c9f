"""The command line: each command a few lines over the parts below."""

import sys

import typer

from tolva.cli import dead, demo, doctor, jobs, load, queues, schedules, serve
from tolva.cli.console import explained

cli = typer.Typer(
    name="tolva",
    help="Durable data intake: files in, progress and explained errors out, rows in PostgreSQL.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
cli.command("up")(serve.up)
cli.command("api")(serve.api)
cli.command("worker")(serve.worker)
cli.command("migrate")(serve.migrate)
cli.command("load")(load.load)
cli.add_typer(jobs.cli, name="jobs")
cli.add_typer(dead.cli, name="dead")
cli.add_typer(queues.cli, name="queue")
cli.add_typer(schedules.cli, name="schedule")
cli.command("demo")(demo.demo)
cli.command("doctor")(doctor.doctor)


def main() -> None:
    """Entry point. Exit codes: see `console`."""
    with explained():
        sys.exit(cli())
