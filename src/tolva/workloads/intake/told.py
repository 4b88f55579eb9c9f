"""Which errors of a job are meant for whoever sent the file."""

from tolva.core.job import Json
from tolva.errors import InvalidInput, NotFound, TooLarge, UnreadableFile, UnsupportedFile

TOLD = {kind.__name__ for kind in (InvalidInput, UnsupportedFile, UnreadableFile, TooLarge, NotFound)}
"""The others may name hosts, folders or statements in their words."""


def told_message(error: Json, job_id: str) -> str:
    """What its sender may read of the error of a job."""
    if error["type"] in TOLD:
        return str(error["message"])
    return f"La carga falló por un fallo del servidor; su administrador puede ver la causa: tolva jobs show {job_id}"
