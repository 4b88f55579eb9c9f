"""What a file leaves open, what its columns hold, and the command that answers."""

import shlex
from contextlib import suppress
from typing import Any

from psycopg.rows import DictRow

from tolva.cli.columns import column_called
from tolva.cli.console import err
from tolva.cli.listing import Column, listing
from tolva.cli.retry_command import RetryCommand, map_words
from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId, Json
from tolva.errors import TolvaError
from tolva.jobs.work import Jobs
from tolva.tables.column_choices import Choices
from tolva.workloads.intake.answer_hints import complete_answers, other_sheets
from tolva.workloads.intake.preview import preview
from tolva.workloads.intake.unclear import LOCALES

UNKNOWN = "COLUMN"
"""Stands for a column that nobody can guess."""
SHOWN = 40
"""Columns that are listed."""

Questions = list[dict[str, Any]]


def show_questions(jobs: Jobs, blobs: Blobs, tenant_id: str, job: DictRow, again: RetryCommand | None) -> None:
    """Ask what the job left open, and say how to load its file `again`. Nothing where it did not fail for that."""
    if again is None:
        return
    tell_sheets(job, again)
    error: Json = job["error"] or {}
    if error.get("unclear"):
        err.print(
            "To say how, for instance:", f"  {again.reading(locale=LOCALES[0])}", sep="\n", markup=False, soft_wrap=True
        )
    questions: Questions = error.get("questions", [])
    offered = {name for question in questions for name in question["columns"]}
    if not offered:
        return
    with suppress(TolvaError):  # the file may be gone, or be on another machine
        _tell_columns(_columns(jobs, blobs, tenant_id, job), offered)
    command = again.answering(complete_answers(again.mapping, questions, UNKNOWN))
    err.print(how_to_choose(questions), f"  {command}", sep="\n", markup=False, soft_wrap=True)


def tell_sheets(job: DictRow, again: RetryCommand) -> None:
    """How to have another sheet read, where the headers of the one that was did not fit."""
    error: Json = job["error"] or {}
    asked = "questions" in error and "unclear" not in error
    others = other_sheets(job["progress"].get("read", {})) if asked else []
    if others:
        said = f"To read another sheet ({', '.join(others)}):"
        err.print(said, f"  {again.reading(sheet=others[0])}", sep="\n", markup=False, soft_wrap=True)


def _columns(jobs: Jobs, blobs: Blobs, tenant_id: str, job: DictRow) -> list[dict[str, Any]]:
    with blobs.scratch() as scratch:
        return preview(jobs.db, blobs, tenant_id, JobId(str(job["id"])), scratch, {})["columns"]


def _tell_columns(columns: list[dict[str, Any]], offered: set[str]) -> None:
    cells = [
        (column_called(column["name"], column["header"]), column["type"], " · ".join(column["samples"]))
        for column in columns
        if column["name"] in offered
    ]
    titles = Column("column", wraps=True), Column("type"), Column("samples", wraps=True)
    err.print("", listing(err, titles, cells[:SHOWN], title="columns to choose from"), "", sep="\n")


def how_to_choose(questions: Questions) -> str:
    """What stands before the answers."""
    guessed = all(question["likely"] for question in questions)
    return "To choose, for instance:" if guessed else f"To choose, put a column in place of each {UNKNOWN}:"


def answers_to(questions: Questions, said: Choices) -> str:
    """The options that answer, with what would be a guess, and what was `said` already.

    >>> answers_to([{"field": "precio", "likely": "Precio neto"}, {"field": "codigo", "likely": None}], {"Nota": None})
    "--map Nota= --map 'Precio neto=precio' --map COLUMN=codigo"
    """
    return shlex.join(map_words(complete_answers(said, questions, UNKNOWN)))
