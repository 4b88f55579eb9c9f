"""What a series of loads left behind, in a form that can be compared with that of another series."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, tuple_row

from tests.chaos.client import Load
from tests.chaos.place import Place
from tolva.db.embedded.use import use

OWN = {"task_id", "created_at", "updated_at", "completed_at"}
"""What differs between two runs by nature."""


@dataclass(frozen=True)
class Traces:
    """Everything but times and ids."""

    products: list[tuple[Any, ...]]
    views: list[dict[str, Any]]
    errors: list[str]
    progress: list[dict[str, Any]]


@dataclass(frozen=True)
class Steps:
    """The events of one job, by sequence number."""

    seq: int
    numbers: list[int]
    processed: list[int]
    """What each progress event says of the rows processed."""


def read_traces(place: Place, loads: list[Load]) -> tuple[Traces, list[Steps]]:
    """The traces of these loads, and the steps of each."""
    with use(place.data_dir) as here, psycopg.connect(here.admin_dsn) as conn:
        jobs = [_job(conn, load.task_id) for load in loads]
        traces = Traces(
            _products(conn),
            [_view(load) for load in loads],
            [load.errors for load in loads],
            [job["progress"] for job in jobs],
        )
        return traces, [_steps(conn, job) for job in jobs]


def _products(conn: psycopg.Connection) -> list[tuple[Any, ...]]:
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT * FROM products LIMIT 0")
        names = [each.name for each in cursor.description or [] if each.name not in OWN]
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        query = sql.SQL("SELECT {} FROM products ORDER BY tenant_id, proveedor_id, codigo").format(columns)
        return cursor.execute(query).fetchall()


def _view(load: Load) -> dict[str, Any]:
    view = {name: value for name, value in load.status.items() if name not in OWN}
    if view["result"]:
        view["result"] = {name: value for name, value in view["result"].items() if name != "errores_url"}
    return view


def _job(conn: psycopg.Connection, job_id: str) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        [job] = cursor.execute("SELECT id, seq, progress FROM tolva.jobs WHERE id = %s", (job_id,)).fetchall()
    return job


def _steps(conn: psycopg.Connection, job: dict[str, Any]) -> Steps:
    rows = conn.execute(
        "SELECT seq, type, data FROM tolva.job_events WHERE job_id = %s ORDER BY seq", (job["id"],)
    ).fetchall()
    processed = [data["processed"] for _, type, data in rows if type == "progress"]
    return Steps(job["seq"], [seq for seq, _, _ in rows], processed)
