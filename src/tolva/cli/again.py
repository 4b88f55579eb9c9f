"""The command that loads the file of a job once more, as it was loaded."""

from psycopg.rows import DictRow

from tolva.cli.hints import Hints
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.workloads.intake.accept import REHEARSE
from tolva.workloads.intake.stored import find_upload


def load_again(conn: Connection, job: DictRow, hints: Hints) -> str:
    """The whole command line; nothing for a job without a file. `conn` is a transaction of the job's tenant."""
    upload = find_upload(conn, str(job["id"]))
    if upload is None:
        return ""
    params = [word for name, value in upload["constants"].items() for word in ("--param", f"{name}={value}")]
    dry_run = ["--dry-run"] if job["kind"] == REHEARSE else []
    said = words_of(upload["options"])
    return hints.command("load", upload["filename"], "--schema", upload["schema"], *params, *dry_run, *said)


def words_of(options: Json) -> list[str]:
    """What was said of reading and columns, as options of the command line.

    >>> words_of({"read": {"header_row": 3}, "mapping": {"Importe": "precio", "Nota": None}})
    ['--header-row', '3', '--map', 'Importe=precio', '--map', 'Nota=']
    """
    read = [(f"--{name.replace('_', '-')}", str(value)) for name, value in options.get("read", {}).items()]
    mapping = [("--map", f"{column}={field or ''}") for column, field in options.get("mapping", {}).items()]
    return [word for pair in (*read, *mapping) for word in pair]
