"""What a tenant said of columns, remembered for the next file that has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.tables.column_choices import Choices, resolve
from tolva.tables.column_refs import columns_named, is_named, position_ref
from tolva.tables.map import propose_mapping
from tolva.tables.outline import Outline, digest
from tolva.tables.proposal import SURE, ColumnMapping, Match
from tolva.tables.reading.source import Source
from tolva.tables.schema import Schema
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.intake.said_locale import WORDS_KEPT
from tolva.workloads.intake.sql import SQL


def keep_mapping(
    conn: Connection,
    upload: DictRow,
    schema: Schema,
    source: Source,
    shape: Outline,
    mapping: ColumnMapping,
    said: Choices,
) -> None:
    """Remember what was `said` of the file of an upload, which was read by `mapping`.

    By header for any file; by place, for files of this shape alone, what headers do not tell.
    """
    headers, answers = source.headers, resolve(source.headers, schema, said)
    wanted = {match.field: [match.column] for match in mapping.matches}
    named = {headers[column]: field for column, field in answers.items() if is_named(column, headers)}
    placed = {position_ref(column): field for column, field in answers.items()}
    alone = {position_ref(column): field for column, field in answers.items() if not is_named(column, headers)}
    own = upload["job_id"]
    given = {"tenant_id": upload["tenant_id"], "schema": schema.name, "job_id": own}
    here = given | {"shape": digest(shape), "outline": Jsonb(shape)}
    conn.execute(SQL["keep_mappings"], given | {"shape": "", "outline": None} | _columns(named))
    if not _overruled(conn, given | {"headers": list(headers)} | _columns(named)):
        for needed in (alone, placed):  # the next file of this shape must be read as this one was
            if _fed(schema, source, chosen_mapping(conn, schema, source, shape, {}, until=own)) != wanted:
                conn.execute(SQL["keep_mappings"], here | _columns(needed))
    names = [*named, *placed]
    conn.execute(SQL["prune_mappings"], here | {"names": names, "most": WORDS_KEPT})


def _overruled(conn: Connection, said: Mapping[str, Any]) -> bool:
    """Whether a load that was sent later, and ended earlier, said something else: a word by place would hide that."""
    row = conn.execute(SQL["said_otherwise_since"], said).fetchone()
    return row is not None and row["otherwise"]


def _columns(said: Choices) -> dict[str, list[str | None]]:
    return {"names": list(said), "fields": list(said.values())}


def _fed(schema: Schema, source: Source, chosen: Choices) -> dict[str, list[int]]:
    """The columns that claim each field."""
    proposal = propose_mapping(source.headers, schema, chosen)
    sure = {match.field: [match.column] for match in proposal.matches if match.confidence >= SURE}
    return sure | {matches[0].field: [match.column for match in matches] for matches in proposal.rivals}


def chosen_mapping(
    conn: Connection, schema: Schema, source: Source, shape: Outline, said: Choices, *, until: str | None = None
) -> dict[str, str | None]:
    """What was said for this file, then what is remembered of files of its `shape` (see `outline`), then of headers.

    Or what was remembered when the last to have said something was the load `until`.

    What is remembered for a field that is spoken for, or for one that the schema lost, does not count. Where the name
    of another column tells the same field, both are chosen: which one is meant has to be asked.
    """
    known = {"schema": schema.name, "shape": digest(shape), "until": until}
    rows = conn.execute(SQL["mappings_for"], known).fetchall()
    fields = {field.name for field in schema.file_fields}
    exact = _still_open(rows, source, said, fields, by_shape=True)
    chosen = exact | dict(said)
    sure = [match for match in propose_mapping(source.headers, schema, chosen).matches if match.confidence >= SURE]
    named = {match.field: position_ref(match.column) for match in sure if match.how != "chosen"}
    spoken = chosen | dict.fromkeys(named.values())
    remembered = _still_open(rows, source, spoken, fields, by_shape=False)
    rivals = {named[field]: field for field in remembered.values() if field in named}
    return remembered | rivals | chosen


def describe_match(match: Match, headers: Sequence[str], said: Choices) -> str:
    """How a column came to its field: as the match tells, but `remembered` where nobody `said` so this time."""
    now = any(match.column in columns_named(name, headers) for name in said)
    return "remembered" if match.how == "chosen" and not now else match.how


def _still_open(
    rows: list[DictRow], source: Source, told: Choices, fields: set[str], *, by_shape: bool
) -> dict[str, Any]:
    """Remembered answers for columns and fields of which nothing is told yet."""
    columns = {column for name in told for column in columns_named(name, source.headers)}
    free = {None, *fields} - set(filter(None, told.values()))
    found: dict[str, Any] = {}
    for row in rows:
        meant = columns_named(row["name"], source.headers)
        if bool(row["shape"]) == by_shape and len(meant) == 1 and meant[0] not in columns and row["field"] in free:
            found[row["name"]] = row["field"]
    return found


def list_mappings(conn: Connection, schema: str) -> list[DictRow]:
    """All that is remembered for a schema: `name`, `field`, and the `outline` of the only files that are meant."""
    return conn.execute(SQL["mappings"], {"schema": schema}).fetchall()


def forget_mappings(conn: Connection, by: Caller, schema: str, name: str | None = None) -> None:
    """Forget what was said of a header or place, or all of it, of numbers and dates, too; and note who did.

    Raises NotFound.
    """
    forgotten = conn.execute(SQL["forget_mappings"], {"schema": schema, "name": name}).rowcount
    if name is None:
        forgotten += conn.execute(SQL["forget_locales"], {"schema": schema, "locale": None, "constants": None}).rowcount
    elif not forgotten:
        raise NotFound(f"Nothing is remembered of '{name}' for the schema '{schema}'.")
    if forgotten:
        note(conn, by, "mapping.forget", schema, column=name)


def forget_words_of(conn: Connection, upload: DictRow) -> None:
    """Forget what a load said of columns, and of numbers and dates: what was said before counts again."""
    for query in ("forget_mappings_of", "forget_locales_of"):
        conn.execute(SQL[query], {"schema": upload["schema"], "job_id": upload["job_id"]})
