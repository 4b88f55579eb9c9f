"""What every command shares: how it prints, how it fails, and its common options.

Exit codes: 0 done · 1 the job failed · 2 the call was wrong · 3 something does not answer, try later
· 4 done, but rows were refused.
"""

import json
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

from tolva.errors import CallerError, TolvaError, TryLater
from tolva.settings import Settings, load_settings


class Exit(IntEnum):
    """What a command's end means to a script."""

    DONE = 0
    JOB_FAILED = 1
    WRONG_CALL = 2
    TRY_LATER = 3
    ROWS_REFUSED = 4


out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the embedded PostgreSQL and of files. [TOLVA_DATA_DIR]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose jobs.")]


@contextmanager
def explained() -> Generator[None]:
    """Our errors as one line on standard error, and the exit code that fits."""
    try:
        yield
    except TolvaError as error:
        err.print(f"[bold red]Error:[/] {_escaped(str(error))}")
        sys.exit(_code(error))


def _code(error: TolvaError) -> Exit:
    if isinstance(error, CallerError):
        return Exit.WRONG_CALL
    return Exit.TRY_LATER if isinstance(error, TryLater) else Exit.JOB_FAILED


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


def settings_for(data_dir: Path | None, **more: Any) -> Settings:
    """The settings of a command."""
    return load_settings(data_dir=data_dir.absolute() if data_dir else None, **more)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID | Path | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def when(moment: datetime | None) -> str:
    """A time in the reader's zone, to the second."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""
