"""How a tenant said that numbers and dates are meant, remembered for the next file of that shape."""

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.tables.outline import Outline, digest
from tolva.workloads.intake.correction_book import ROW_TITLE, TITLE
from tolva.workloads.intake.sql import SQL


def said_locale(upload: DictRow) -> str | None:
    """What the sender of an upload said."""
    return upload["options"].get("read", {}).get("locale")


def keep_locale(conn: Connection, tenant_id: str, schema: str, shape: Outline, locale: str) -> None:
    """Remember what was said of a file of this shape (see `outline`); the last word counts."""
    meant = _as_first_sent(shape)
    given = {"tenant_id": tenant_id, "schema": schema, "shape": digest(meant), "outline": Jsonb(meant)}
    conn.execute(SQL["keep_locale"], given | {"locale": locale})


def remembered_locale(conn: Connection, schema: str, shape: Outline) -> str | None:
    """What was said last of a file of this shape."""
    known = {"schema": schema, "shape": digest(_as_first_sent(shape))}
    row = conn.execute(SQL["locale_for"], known).fetchone()
    return row["locale"] if row else None


def list_locales(conn: Connection, schema: str) -> list[DictRow]:
    """All that is remembered for a schema: each `locale` with the `outline` of the files that are meant."""
    return conn.execute(SQL["locales"], {"schema": schema}).fetchall()


def forget_locales(conn: Connection, schema: str) -> None:
    """Forget all of it."""
    conn.execute(SQL["forget_locales"], {"schema": schema})


def _as_first_sent(shape: Outline) -> Outline:
    """A workbook to correct is meant like its file: it has two more columns, which tell what is wrong.

    >>> _as_first_sent({"headers": ["SKU", "Stock", TITLE, ROW_TITLE]})
    {'headers': ['SKU', 'Stock']}
    """
    headers = shape.get("headers", [])
    return {"headers": headers[:-2]} if headers[-2:] == [TITLE, ROW_TITLE] else shape
