"""Which errors of a job are meant for whoever sent the file."""

from tolva.core.job import Json
from tolva.errors import InvalidInput, NotFound, TooLarge, UnreadableFile, UnsupportedFile

TOLD = {kind.__name__ for kind in (InvalidInput, UnsupportedFile, UnreadableFile, TooLarge, NotFound)}
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
