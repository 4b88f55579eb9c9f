"""What every command shares: how it prints, how it fails, and its common options."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from tolva.engines import require_known
from tolva.errors import CallerError, TolvaError, TryLater
from tolva.settings import Settings, load_settings


class Exit(IntEnum):
    """What a command's end means to a script."""

    DONE = 0
    FAILED = 1
    WRONG_CALL = 2
    TRY_LATER = 3
    ROWS_REFUSED = 4
    INTERRUPTED = 130


EXIT_CODES = (
    "Exit codes: 0 done · 1 the job failed, or doctor found a fault · 2 the call, a setting or the file is wrong · "
    "3 something does not answer, try later · 4 done, but rows were refused · 130 Ctrl-C."
)

WIDE = 1000
"""Columns of a pipe or file: whoever reads it wants whole lines."""


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(stderr=stderr, highlight=False, width=width)


out = _console(stderr=False)
err = _console(stderr=True)

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the embedded PostgreSQL and of files. [TOLVA_DATA_DIR]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

Id = Annotated[str, typer.Argument(help="The job's id.", metavar="JOB", show_default=False)]


def _named(tenant: str) -> str:
    """An empty variable in a script is no tenant."""
    if not tenant.strip():
        raise typer.BadParameter("it is empty; name a tenant, or leave the option out")
    return tenant


Tenant = Annotated[str, typer.Option("--tenant", help="Whose jobs and schemas.", callback=_named)]


@contextmanager
def explained() -> Generator[None]:
    """Our errors as one line on standard error, and the exit code that fits."""
    try:
        yield
    except TolvaError as error:
        err.print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(_code(error))


def _code(error: TolvaError) -> Exit:
    if isinstance(error, CallerError):
        return Exit.WRONG_CALL
    return Exit.TRY_LATER if isinstance(error, TryLater) else Exit.FAILED


def settings_for(data_dir: Path | None, **more: Any) -> Settings:
    """The settings of a command. Raises SettingsError."""
    settings = load_settings(data_dir=data_dir.absolute() if data_dir else None, **more)
    require_known(settings)
    return settings


def say(text: str) -> None:
    """A line on standard output as it is: no markup, and never broken, so that what is in it can be pasted."""
    out.print(text, markup=False, soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def print_json_line(value: object) -> None:
    """One of several JSON documents, on a line of its own and at once."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID | Path | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def when(moment: datetime | None) -> str:
    """A time in the zone of this machine, which is named, to the second."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if moment else ""
