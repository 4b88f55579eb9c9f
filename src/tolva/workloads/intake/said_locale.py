"""How a tenant said that numbers and dates are meant, remembered for the next file like that.

Files are alike that have one outline, for one schema, and the same constants: suppliers may fill one template, each in
the notation of its country.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.tables.outline import Outline, digest
from tolva.tables.own_columns import ROW_TITLE, TITLE
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.intake.sql import SQL

WORDS_KEPT = 10
"""The last loads whose word of one thing is remembered: the undo of one uncovers what another said before."""


def said_locale(upload: DictRow) -> str | None:
    """What the sender of an upload said; "" where it shall be as the columns show, whatever is remembered."""
    return upload["options"].get("read", {}).get("locale")


def keep_locale(conn: Connection, upload: DictRow, shape: Outline, *, decided: bool) -> None:
    """Remember what the sender of an upload said of files like it, if it `decided` what some cell means.

    In any case the last word counts: what was said before holds no more where this contradicts it. "" contradicts
    whatever a load may yet say that was sent before and ends later, or is replayed.
    """
    schema, constants = upload["schema"], upload["constants"]
    locale = said_locale(upload) or None
    before = remembered_locale(conn, schema, shape, constants, until=upload["job_id"])
    if locale and not decided and before in (None, locale):
        return
    files = _like(schema, shape, constants)
    meant = {"outline": Jsonb(_as_first_sent(shape)), "constants": Jsonb(constants)}
    by = {name: upload[name] for name in ("tenant_id", "job_id")}
    conn.execute(SQL["keep_locale"], files | meant | by | {"locale": locale if decided else None})
    conn.execute(SQL["prune_locales"], files | {"most": WORDS_KEPT})


def remembered_locale(
    conn: Connection, schema: str, shape: Outline, constants: Mapping[str, str], *, until: str | None = None
) -> str | None:
    """What was said last of files like this one; or when the last to have said something was the load `until`."""
    row = conn.execute(SQL["locale_for"], _like(schema, shape, constants) | {"until": until}).fetchone()
    return row["locale"] if row else None


def list_locales(conn: Connection, schema: str) -> list[DictRow]:
    """All that is remembered for a schema: each `locale` with `outline` and `constants` of the files that are meant."""
    return conn.execute(SQL["locales"], {"schema": schema}).fetchall()


def forget_locale(
    conn: Connection, by: Caller, schema: str, locale: str, constants: Mapping[str, str] | None = None
) -> None:
    """Forget what was said by a locale, of files with these constants alone if any are given; and note who did.

    Raises NotFound where nothing was said so.
    """
    meant = {"schema": schema, "locale": locale, "constants": Jsonb(constants) if constants else None}
    if not conn.execute(SQL["forget_locales"], meant).rowcount:
        whose = " ".join(f"{name}={value}" for name, value in (constants or {}).items())
        raise NotFound(f"Nothing is remembered of '{locale}' for the schema '{schema}' {whose}".rstrip() + ".")
    note(conn, by, "locale.forget", schema, locale=locale, **({"constants": dict(constants)} if constants else {}))


def _like(schema: str, shape: Outline, constants: Mapping[str, str]) -> dict[str, Any]:
    """The files that are alike."""
    told = [word for constant in sorted(constants.items()) for word in constant]
    return {"schema": schema, "files": digest(_as_first_sent(shape) | {"constants": told})}


def _as_first_sent(shape: Outline) -> Outline:
    """A workbook to correct is meant like its file: it has two more columns, which tell what is wrong.

    >>> _as_first_sent({"headers": ["SKU", "Stock", TITLE, ROW_TITLE]})
    {'headers': ['SKU', 'Stock']}
    """
    headers = shape.get("headers", [])
    return {"headers": headers[:-2]} if headers[-2:] == [TITLE, ROW_TITLE] else shape
