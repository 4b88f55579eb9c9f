"""`tolva-check`: whether the workers of this host are well. For probes, which ask often: it loads little of Tolva."""

import socket
import sys
from collections.abc import Sequence

from psycopg.rows import DictRow

from tolva.db.faults import translated
from tolva.db.pool import connect
from tolva.errors import SettingsError, TolvaError
from tolva.jobs.sql import SQL
from tolva.settings import load_settings

USAGE = """Usage: tolva-check [QUEUE …]

Whether a worker of this host lives and hears its rings; with queues, whether each of them has such a worker here.
Exit codes: 0 all is well, 1 it is not, and one line says why."""


def main() -> None:
    """Entry point."""
    queues = sys.argv[1:]
    if any(word.startswith("-") for word in queues):
        sys.exit(USAGE)
    try:
        host, rows = socket.gethostname(), _rows(socket.gethostname())
    except TolvaError as error:
        sys.exit(f"unknown: {error}")
    if complaint := _complaint(host, rows, queues):
        sys.exit(f"not well: {complaint}")
    sys.stdout.write(f"ok: {len(_living(rows))} worker processes on {host}\n")


def _rows(host: str) -> list[DictRow]:
    """What registered under the name of this host; in a container, that is the container's."""
    settings = load_settings()
    if not settings.database_url:
        raise SettingsError("This asks the PostgreSQL of DATABASE_URL; for the embedded one there is `tolva doctor`.")
    with connect(settings.database_url, name="tolva check") as conn, translated():
        return conn.execute(SQL["workers_of_host"], {"host": host}).fetchall()


def _living(rows: Sequence[DictRow]) -> list[DictRow]:
    return [row for row in rows if row["late"] < 0]


def _complaint(host: str, rows: Sequence[DictRow], queues: Sequence[str]) -> str | None:
    """What is wrong in one line; None when nothing is."""
    if not rows:
        return f"no worker is registered on {host}. None runs, or it is still starting."
    living = _living(rows)
    if not living:
        late = min(row["late"] for row in rows)
        return f"the last lease on {host} ran out {late:.0f} s ago. Its worker was frozen, or cannot reach PostgreSQL."
    served = {queue for row in living for queue in row["queues"]}
    if missing := [queue for queue in queues if queue not in served]:
        return f"no worker on {host} serves {', '.join(missing)}. Those that live serve {', '.join(sorted(served))}."
    if deaf := [row for row in living if row["deaf"] and (not queues or {*queues} & {*row["queues"]})]:
        return f"worker process {deaf[0]['pid']} on {host} hears no rings. {deaf[0]['deaf']}"
    return None


if __name__ == "__main__":
    main()
