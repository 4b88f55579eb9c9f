"""One run of schemathesis over the API with one key, or with none; what it asked, and what it found."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from tests.api.fuzz.town import FILE, Tenant

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "missing_required_header",
    "negative_data_rejection",
    "ignored_auth",
)
"""Not `positive_data_acceptance`: what a table, a cron or an address must be is said in words, not by a schema."""
STREAM = "/api/v1/jobs/{id}/stream"
"""It goes on for as long as its job: tests of its own read it."""
CALLED_BY = (
    (r"/jobs/", "id", "job"),
    (r"/jobs/.id./cancel$", "id", "open"),
    (r"/jobs/.id./retry$", "id", "stopped"),
    (r"/jobs/.id./(changes|errors|undo)", "id", "load"),
    (r"/dead-letters/", "id", "letter"),
    (r"/uploads/", "id", "upload"),
    (r"/resumable-uploads/", "id", "resumable"),
    (r"/webhooks/", "id", "webhook"),
    (r"/keys/", "id", "key"),
    (r"/schedules/", "name", "schedule"),
    (r"/queues/", "name", "queue"),
    (r"/schemas/", "name", "schema"),
    (r"/mappings/.column.$", "name", "builtin"),
    (r"/mappings/.column.$", "column", "column"),
    (r"/bulk-upload/(status|errores)/", "task_id", "load"),
)
"""What the parameters of a path stand for; of several that fit, the last decides."""
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@dataclass
class Found:
    """The cases of a run, the statuses by operation, and each kind of failure with its first case."""

    cases: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])
    failures: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def reached(self) -> set[str]:
        """Operations that were answered 2xx."""
        return {name for name, told in self.statuses.items() if any(200 <= status < 300 for status in told)}


@dataclass(frozen=True)
class Depth:
    """How much is asked: so many `examples` of each operation are made up."""

    examples: int
    phases: tuple[str, ...] = ("examples", "coverage", "fuzzing", "stateful")
    modes: str = "all"
    """Of the systematic cases (`coverage`), of which there are dozens for each operation."""
    seed: int = 1


def explore(url: str, key: str | None, mine: Tenant, hidden: Sequence[str], depth: Depth) -> Found:
    """Run all phases; `hidden` must be in no answer, unless the caller said it."""
    config = schemathesis.Config.from_dict(_config(key, depth))
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config).exclude(path=STREAM)
    found = Found()
    with _calling_by(mine):
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _note(found, event, hidden)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                found.failures["schemathesis", type(event).__name__] = repr(event)
    return found


def _config(key: str | None, depth: Depth) -> dict[str, Any]:
    more = {
        "examples": {"fill-missing": True, "extra-data-sources": {"responses": False}},  # ids are ours
        "coverage": {"unexpected-methods": ["patch", "options"], "generation": {"mode": depth.modes}},
    }
    every = Depth(0).phases
    return {
        "seed": depth.seed,
        "continue-on-failure": True,
        "request-timeout": 30,
        "suppress-health-check": ["too_slow"],  # on a busy machine, which says nothing of the API
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
        "phases": {name: {"enabled": name in depth.phases} | more.get(name, {}) for name in every},
        "generation": {"deterministic": True, "max-examples": depth.examples, "no-shrink": True, "database": "none"},
    }


@contextmanager
def _calling_by(mine: Tenant) -> Iterator[None]:
    """Cases that are meant well call for things that there are, one after another, and send a file that can be read."""
    things = {(path, name): cycle(mine.things[kind]) for path, name, kind in CALLED_BY}

    def before_call(_context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        named = {name: found for (path, name), found in things.items() if re.search(path, case.path)}
        for name in case.path_parameters.keys() & named.keys():
            case.path_parameters[name] = next(named[name])
        if case.media_type == "multipart/form-data":
            kwargs["files"] = [("file", ("productos.csv", FILE))]

    GLOBAL_HOOK_DISPATCHER.hook(before_call)
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


def _note(found: Found, event: events.ScenarioFinished, hidden: Sequence[str]) -> None:
    for id, node in event.recorder.cases.items():
        call = event.recorder.interactions.get(id)
        if call is None or call.response is None:
            continue
        found.cases += 1
        label = node.value.operation.label
        found.statuses.setdefault(label, Counter())[call.response.status_code] += 1
        asked = f"{call.request.method} {call.request.uri} {call.request.body!r}"
        answer = _text(call.response.content or b"")
        told = f"{asked} -> {call.response.status_code} {answer[:500]}"
        for check in event.recorder.checks.get(id, ()):
            if check.failure_info is not None:
                found.failures.setdefault((label, check.name), f"{check.failure_info.failure.message}\n{told}")
        if leaked := [each for each in hidden if each in answer and each not in asked]:
            found.failures.setdefault((label, "tells of another tenant"), f"{leaked}\n{told}")


def _text(content: bytes) -> str:
    """What an answer tells, also inside a workbook."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(map(book.read, book.namelist()))
    return content.decode("utf-8", "replace")
