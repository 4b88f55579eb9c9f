"""What waits and what runs, of all tenants together: the figures that only the database has."""

from dataclasses import dataclass

from tolva.db.pool import Database
from tolva.jobs.sql import SQL


@dataclass(frozen=True)
class Figure:
    """One value of the metric `name`; without a queue or a state where it has none."""

    name: str
    queue: str | None
    state: str | None
    value: float


def read_backlog(db: Database) -> list[Figure]:
    """All figures. Raises DatabaseUnavailable."""
    with db.connection() as conn:
        return [Figure(**row) for row in conn.execute(SQL["metrics"]).fetchall()]
