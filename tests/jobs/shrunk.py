"""Searches that look at fewer jobs at a time, so that a few are as good as very many."""

import re

import psycopg
from psycopg.rows import TupleRow


def shrink(conn: psycopg.Connection[TupleRow], by: int) -> None:
    """Divide all numbers that bound a search by this; none becomes less than 1."""
    for name in ("find_jobs", "find_letters"):
        row = conn.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", (name,)).fetchone()
        assert row is not None
        smaller, changed = re.subn(
            r"(CONSTANT integer := )(\d+)", lambda found: f"{found[1]}{max(int(found[2]) // by, 1)}", row[0]
        )
        assert changed >= 2, name
        conn.execute(smaller.encode())
