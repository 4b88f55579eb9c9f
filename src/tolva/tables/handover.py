"""Exactly once in another database: a note in the transaction of the rows says what Tolva's own database must learn.

Two databases cannot commit in one go. So the other one commits first, the rows together with a note of what they mean
for the job; then Tolva's own. Whoever goes on after a crash in between finds a note that the job's checkpoint lacks,
and does what it says instead of loading those rows again.
"""

from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

HANDOVER = "tolva_handover"
"""The table: one row for each job that is under way. Made in the first schema of the search path."""

CREATE = """
SELECT pg_advisory_xact_lock(hashtextextended('{name}', 0));
CREATE TABLE IF NOT EXISTS {name} (
  job_id uuid PRIMARY KEY,
  outcome jsonb,  -- of the last transaction of the job
  written_at timestamptz NOT NULL DEFAULT now()
);
DELETE FROM {name} WHERE written_at < now() - interval '90 days'; -- of jobs that ended too early to tidy up
"""
MAKE = "INSERT INTO {table} (job_id) VALUES (%(job_id)s) ON CONFLICT DO NOTHING"
# A statement of its own: only then it sees what was committed while the one before it waited.
TAKE = "SELECT outcome FROM {table} WHERE job_id = %(job_id)s FOR UPDATE"
WRITE = "UPDATE {table} SET outcome = %(outcome)s, written_at = now() WHERE job_id = %(job_id)s"
FORGET = "DELETE FROM {table} WHERE job_id = %(job_id)s"


def create_handover(conn: psycopg.Connection[Any]) -> None:
    """Make the table when it is absent."""
    with conn.transaction():
        conn.execute(sql.SQL(CREATE).format(name=sql.SQL(HANDOVER)), prepare=False)


def take_handover(conn: psycopg.Connection[Any], job_id: str) -> Any:
    """The note of a job, None without one. Others who ask for it wait until the transaction ends."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(_about(MAKE), {"job_id": job_id})
        return cursor.execute(_about(TAKE), {"job_id": job_id}).fetchone()


def write_handover(conn: psycopg.Connection[Any], job_id: str, outcome: Any) -> None:
    """Replace the note of a job, which was taken in this transaction."""
    conn.execute(_about(WRITE), {"job_id": job_id, "outcome": Jsonb(outcome)})


def forget_handover(conn: psycopg.Connection[Any], job_id: str) -> None:
    """Remove the note of a job that has nothing more to do."""
    conn.execute(_about(FORGET), {"job_id": job_id})


def _about(statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(table=sql.Identifier(HANDOVER))
