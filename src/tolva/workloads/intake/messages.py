"""Which errors of a job are meant for whoever sent the file."""

import json
from collections.abc import Mapping
from typing import Any

from tolva.core.job import FINISHED, Json, State
from tolva.errors import InvalidInput, NotFound, TooLarge, Unanswered, UnreadableFile, UnsupportedFile
from tolva.workloads.intake.answer_hints import complete_answers, other_sheets

MENDABLE = {kind.__name__ for kind in (InvalidInput, UnsupportedFile, UnreadableFile, TooLarge, Unanswered)}
"""What whoever sent the file can mend."""
TOLD = MENDABLE | {NotFound.__name__}
"""The others may name hosts, folders or statements in their words."""
WAITING = "Un fallo del servidor demora la carga; se intenta de nuevo sin que usted haga nada."


def told_error(job: Mapping[str, Any]) -> str | None:
    """What the sender may read of the error of a job (its row), if it has one; it has ended, or is tried again.

    >>> told_error({"id": "1", "state": "queued", "error": {"type": "OSError", "message": "no disk"}}) == WAITING
    True
    """
    error = job["error"]
    if error is None:
        return None
    if error["type"] in TOLD:
        return str(error["message"])
    if State(job["state"]) not in FINISHED:
        return WAITING
    return f"La carga falló por un fallo del servidor; su administrador puede ver la causa: tolva jobs show {job['id']}"


SHOWN = 12
"""Columns that a sentence lists."""
UNKNOWN = "COLUMNA"
"""Stands for a column that nobody can guess."""


def how_to_answer(questions: list[dict[str, Any]], sent: Json, call: str) -> str:
    """What to send, and where, for a file that leaves questions open; nothing where no column could be the answer.

    `sent` is what was sent with the file: `mapping`, `read` and `dry_run`, as far as they say something.

    >>> asked = [{"field": "precio", "columns": ["@3", "@5"], "likely": "@3"}]
    >>> how_to_answer(asked, {"read": {"sheet": "2"}}, "POST /x")
    'Responda con {"mapping": {"@3": "precio"}, "read": {"sheet": "2"}} en POST /x; columnas para precio: "@3", "@5".'
    """
    if not all(question["columns"] for question in questions):
        return ""
    answers = complete_answers(sent.get("mapping", {}), questions, UNKNOWN)
    mapping = ", ".join(f"{_text(column)}: {_text(field)}" for column, field in answers)  # a word may stand for several
    others = {name: value for name, value in sent.items() if name != "mapping"}
    rest = f", {_text(others)[1:]}" if others else "}"
    return f'Responda con {{"mapping": {{{mapping}}}{rest} en {call}; {_listed(questions)}.'


def how_to_choose_a_sheet(read: Json, sent: Json, call: str) -> str:
    """What to send, and where, to have another sheet of a workbook read; nothing where there is none.

    >>> how_to_choose_a_sheet({"sheet": "Portada", "sheets": ["Portada", "Ventas"]}, {"dry_run": True}, "POST /x")
    'Para leer otra hoja, envíe {"dry_run": true, "read": {"sheet": "Ventas"}} en POST /x.'
    """
    others = other_sheets(read)
    if not others:
        return ""
    again = {**sent, "read": {**sent.get("read", {}), "sheet": others[0]}}
    return f"Para leer otra hoja, envíe {_text(again)} en {call}."


def how_to_say_locale(sent: Json, call: str) -> str:
    """What to send, and where, to say how numbers and dates are meant.

    >>> how_to_say_locale({"dry_run": True}, "POST /x")
    'Responda, por ejemplo, con {"dry_run": true, "read": {"locale": "es-CO"}} en POST /x.'
    """
    again = {**sent, "read": {**sent.get("read", {}), "locale": "es-CO"}}
    return f"Responda, por ejemplo, con {_text(again)} en {call}."


def _listed(questions: list[dict[str, Any]]) -> str:
    """Which columns there are to choose from, said once for all fields that have the same choice."""
    fields: dict[tuple[str, ...], list[str]] = {}
    for each in questions:
        fields.setdefault(tuple(each["columns"]), []).append(each["field"])
    return "; ".join(
        f"columnas para {', '.join(names)}: {', '.join(map(_text, columns[:SHOWN]))}{' …' * (len(columns) > SHOWN)}"
        for columns, names in fields.items()
    )


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
