"""Which errors of a job are meant for whoever sent the file."""

import json
from typing import Any

from tolva.core.job import Json
from tolva.errors import InvalidInput, NotFound, TooLarge, Unanswered, UnreadableFile, UnsupportedFile

TOLD = {kind.__name__ for kind in (InvalidInput, UnsupportedFile, UnreadableFile, TooLarge, NotFound, Unanswered)}
"""The others may name hosts, folders or statements in their words."""
WAITING = "Un fallo del servidor demora la carga; se intenta de nuevo sin que usted haga nada."


def told_message(error: Json, job_id: str, *, ended: bool = True) -> str:
    """What its sender may read of the error of a job that has ended, or is tried again.

    >>> told_message({"type": "StorageUnavailable", "message": "no disk"}, "1", ended=False) == WAITING
    True
    """
    if error["type"] in TOLD:
        return str(error["message"])
    if not ended:
        return WAITING
    return f"La carga falló por un fallo del servidor; su administrador puede ver la causa: tolva jobs show {job_id}"


SHOWN = 12
"""Columns that a sentence lists."""
COLUMN = "COLUMNA"
"""Stands for a column that nobody can guess."""


def how_to_answer(questions: list[dict[str, Any]], call: str) -> str:
    """What to send, and where, for a file that leaves questions open; nothing where no column could be the answer.

    >>> how_to_answer([{"field": "precio", "columns": ["@3", "@5"], "likely": "@3"}], "POST /x")
    'Responda con {"mapping": {"@3": "precio"}} en POST /x; columnas para precio: "@3", "@5".'
    """
    if not all(question["columns"] for question in questions):
        return ""
    answers = ", ".join(f"{_text(each['likely'] or COLUMN)}: {_text(each['field'])}" for each in questions)
    return f'Responda con {{"mapping": {{{answers}}}}} en {call}; {_listed(questions)}.'


def other_sheets(read: Json) -> list[str]:
    """The sheets that a workbook has besides the one that was read, given what the progress says of its reading."""
    return [name for name in read.get("sheets", ()) if name != read["sheet"]]


def how_to_choose_a_sheet(read: Json, call: str) -> str:
    """What to send, and where, to have another sheet of a workbook read; nothing where there is none.

    >>> how_to_choose_a_sheet({"sheet": "Portada", "sheets": ["Portada", "Ventas"]}, "POST /x")
    'Para leer otra hoja, envíe {"read": {"sheet": "Ventas"}} en POST /x.'
    """
    others = other_sheets(read)
    return f'Para leer otra hoja, envíe {{"read": {{"sheet": {_text(others[0])}}}}} en {call}.' if others else ""


def _listed(questions: list[dict[str, Any]]) -> str:
    """Which columns there are to choose from, said once for all fields that have the same choice."""
    fields: dict[tuple[str, ...], list[str]] = {}
    for each in questions:
        fields.setdefault(tuple(each["columns"]), []).append(each["field"])
    return "; ".join(
        f"columnas para {', '.join(names)}: {', '.join(map(_text, columns[:SHOWN]))}{' …' * (len(columns) > SHOWN)}"
        for columns, names in fields.items()
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
