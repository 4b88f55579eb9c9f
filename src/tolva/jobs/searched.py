"""What a search comes to: a span of ids where jobs of the tenant have such an id, else words."""

from typing import Any

from tolva.db.pool import Connection
from tolva.jobs.id_span import id_span
from tolva.jobs.sql import SQL
from tolva.jobs.words import search_words


def searched(conn: Connection, tenant_id: str, text: str | None) -> dict[str, Any]:
    """The parameters `first`, `end` and `words` of the queries that search; all None for a blank text."""
    first = end = words = None
    if text and text.strip():
        if (span := id_span(text)) and _is_used(conn, *span):
            first, end = span
        else:
            words = search_words(tenant_id, text)
    return {"first": first, "end": end, "words": words}


def _is_used(conn: Connection, first: str, end: str) -> bool:
    row = conn.execute(SQL["any_job_between"], {"first": first, "end": end}).fetchone()
    return row is not None and row["found"]
