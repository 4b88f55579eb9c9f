"""Spans of what is asked of PostgreSQL, inside those of requests and jobs. Values are never told."""

import re
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import psycopg
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span, use_span
from psycopg import sql
from psycopg.abc import Params
from psycopg.rows import DictRow

from tolva.tracing import TRACER

_NAMED = re.compile(r"-- name: (\w+)\n")
_VERB = re.compile(r"(?:\s|--.*\n)*(\w+)")


class TracedCursor(psycopg.Cursor[DictRow]):
    """Every statement is a span."""

    def execute(self, query: Any, params: Params | None = None, **how: Any) -> "TracedCursor":
        """Run a statement."""
        with _span(self.connection, **_described(query)):
            return super().execute(query, params, **how)

    def executemany(self, query: Any, params_seq: Any, **how: Any) -> None:
        """Run a statement several times."""
        with _span(self.connection, **_described(query)):
            super().executemany(query, params_seq, **how)

    @contextmanager
    def copy(self, statement: Any, params: Params | None = None, **how: Any) -> Generator[psycopg.Copy]:
        """Run a COPY; the span lasts until its end."""
        with _span(self.connection, **_described(statement)), super().copy(statement, params, **how) as copy:
            yield copy


def transaction_span(conn: psycopg.Connection[Any]) -> AbstractContextManager[None]:
    """A span for a transaction, to be opened before it."""
    return _span(conn, summary="transaction")


def _described(query: object) -> dict[str, str]:
    """What may be told of a statement: all of a named query, of one that was put together only what it does.

    >>> _described("-- name: owned\\n-- Whether.\\nSELECT 1")["summary"]
    'owned'
    >>> _described("SELECT 'secret'")
    {'summary': 'SELECT'}
    """
    text = query if isinstance(query, str) else ""
    if named := _NAMED.match(text):
        return {"summary": named[1], "text": text}
    if isinstance(query, sql.Composable):
        text = query.as_string()
    verb = _VERB.match(text)
    return {"summary": verb[1].upper() if verb else "statement"}


def _span(conn: psycopg.Connection[Any], summary: str, text: str | None = None) -> AbstractContextManager[None]:
    # The housekeeping of a worker, each second, would be traces of its own that nobody reads.
    return _recorded(conn, summary, text) if get_current_span().is_recording() else nullcontext()


@contextmanager
def _recorded(conn: psycopg.Connection[Any], summary: str, text: str | None) -> Generator[None]:
    told = {"db.system.name": "postgresql", "db.namespace": conn.info.dbname, "db.query.summary": summary}
    if text:
        told["db.query.text"] = text
    span = TRACER.start_span(summary, kind=SpanKind.CLIENT, attributes=told)
    # Without the message of an exception: PostgreSQL's quote values.
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            if isinstance(error, psycopg.Error) and error.sqlstate:
                span.set_attribute("db.response.status_code", error.sqlstate)
            span.set_status(Status(StatusCode.ERROR))
            raise
