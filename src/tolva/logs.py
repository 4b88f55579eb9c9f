"""Logs of a process: one line each to standard error, as text or as JSON, with the request or job it was for."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

TEXT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
CLIENTS = ("httpx", "httpcore", "boto3", "botocore", "urllib3")
"""Libraries that log each of their calls, with addresses in which there may be a signature or a token."""
DOUBLERS = ("pika",)
"""Libraries that log what they raise as well, in many lines: whoever catches it tells it in one."""
_CONTEXT: ContextVar[dict[str, Any] | None] = ContextVar("tolva_log_context", default=None)


def set_up_logs(level: str, form: str = "text") -> None:
    """Log from `level` on, as `text` or `json`; of calls to others, only what goes wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else _Text(TEXT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in CLIENTS:
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.WARNING))
    for name in DOUBLERS:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "DEBUG" else logging.CRITICAL)


@contextmanager
def log_context(**fields: Any) -> Generator[None]:
    """Whatever is logged meanwhile in this thread or task, by libraries too, tells these fields."""
    token = _CONTEXT.set(_context() | fields)
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def log_also(**fields: Any) -> None:
    """Add what is known by now to the context that this is in: it is told from here on, also by whoever opened it.

    >>> with log_context(job="a"):
    ...     log_also(tenant="acme")
    ...     logged_field("tenant")
    'acme'
    """
    context = _CONTEXT.get()
    if context is not None:
        context.update(fields)


def logged_field(name: str) -> Any:
    """A field of the context that this thread or task is in; None without it.

    >>> with log_context(job="a"):
    ...     logged_field("job")
    'a'
    """
    return _context().get(name)


def _context() -> dict[str, Any]:
    """A copy: another thread of the same request may add to it."""
    return dict(_CONTEXT.get() or {})


class _Text(logging.Formatter):
    """For people: the context stands behind the message."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        context = " ".join(f"{name}={value}" for name, value in _context().items())
        return super().formatMessage(record) + (f" [{context}]" if context else "")


class _Json(logging.Formatter):
    """For programs: one object a line. What a record was given as `extra={"fields": …}` has names of its own."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        told |= {**_context(), **getattr(record, "fields", {}), **_place_in_trace()}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str, ensure_ascii=False)


def _place_in_trace() -> dict[str, str]:
    span = get_current_span().get_span_context()
    if not span.is_valid:
        return {}
    return {"trace_id": format_trace_id(span.trace_id), "span_id": format_span_id(span.span_id)}
