"""A stored file, and what its sender said of it."""

from psycopg.rows import DictRow

from tolva.db.pool import Connection
from tolva.workloads.intake.sql import SQL


def find_upload(conn: Connection, job_id: str) -> DictRow | None:
    """The upload that a job is for; None for a job without one."""
    return conn.execute(SQL["upload_of"], {"job_id": job_id}).fetchone()
