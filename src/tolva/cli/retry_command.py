"""The command that loads the file of a job once more, as it was loaded or with other words for its columns or sheet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.rows import DictRow

from tolva.cli.hints import Hints
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.workloads.intake.accept import REHEARSE
from tolva.workloads.intake.stored import find_upload

TAB = r"\t"
"""As the options take it: a tab would be lost where the command is copied."""


@dataclass(frozen=True)
class RetryCommand:
    """How a file was loaded: the words before its options, and what was said of its columns and of reading it."""

    words: tuple[str, ...]
    mapping: Mapping[str, str | None]
    read: Json
    hints: Hints

    def answering(self, answers: Iterable[tuple[str, str | None]]) -> str:
        """The command with these answers instead of those that were given."""
        return self.hints.command(*self.words, *read_words(self.read), *map_words(answers))

    def reading(self, **otherwise: str) -> str:
        """The command that has the file read otherwise, say another sheet."""
        return self.hints.command(
            *self.words, *read_words({**self.read, **otherwise}), *map_words(self.mapping.items())
        )


def load_again(conn: Connection, job: DictRow, hints: Hints, file: Path | None = None) -> RetryCommand | None:
    """How the file of a job was loaded; None for a job without one. `file` is its path, where that is known.

    `conn` is a transaction of the job's tenant.
    """
    upload = find_upload(conn, str(job["id"]))
    if upload is None:
        return None
    params = [word for name, value in upload["constants"].items() for word in ("--param", f"{name}={value}")]
    dry_run = ["--dry-run"] if job["kind"] == REHEARSE else []
    corrects = ["--corrects", str(upload["corrects"])] if upload["corrects"] else []
    words = "load", str(file or upload["filename"]), "--schema", upload["schema"], *params, *dry_run, *corrects
    return RetryCommand(words, upload["options"].get("mapping", {}), upload["options"].get("read", {}), hints)


def read_words(read: Mapping[str, Any]) -> list[str]:
    """What was said of reading a file, as options.

    >>> read_words({"header_row": 3, "quote": ""})
    ['--header-row', '3', '--quote', '']
    >>> read_words({"delimiter": chr(9)}) == ["--delimiter", TAB]
    True
    """
    return [word for name, value in read.items() for word in (f"--{name.replace('_', '-')}", _written(name, value))]


def _written(name: str, value: object) -> str:
    return str(value).replace("\t", TAB) if name == "delimiter" else str(value)


def map_words(answers: Iterable[tuple[str, str | None]]) -> list[str]:
    """What was said of columns, as options.

    >>> map_words([("Precio neto", "precio"), ("Nota", None)])
    ['--map', 'Precio neto=precio', '--map', 'Nota=']
    """
    return [word for column, field in answers for word in ("--map", f"{column}={field or ''}")]
