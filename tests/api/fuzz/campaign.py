"""One run of schemathesis over the API with one key, or with none; what it asked, and what it found."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.engine import events, from_schema

from tests.api.fuzz.town import Tenant

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "positive_data_acceptance",
    "missing_required_header",
    "negative_data_rejection",
    "ignored_auth",
    "tells_nothing_of_others",
)
BY_OPERATION: tuple[tuple[str, str, str], ...] = (
    (r"^/api/v1/jobs/", "path.id", "job"),
    (r"^/api/v1/jobs/.id./cancel$", "path.id", "open"),
    (r"^/api/v1/jobs/.id./retry$", "path.id", "stopped"),
    (r"^/api/v1/jobs/.id./(changes|errors|undo)", "path.id", "load"),
    (r"^/api/v1/dead-letters/", "path.id", "letter"),
    (r"^/api/v1/uploads/", "path.id", "upload"),
    (r"^/api/v1/webhooks/", "path.id", "webhook"),
    (r"^/api/v1/keys/", "path.id", "key"),
    (r"^/api/v1/schedules/", "path.name", "schedule"),
    (r"^/api/v1/schemas/", "path.name", "schema"),
    (r"/bulk-upload/(status|errores)/", "path.task_id", "load"),
)
"""Which things a path is called with; of several that fit, the last decides."""
STREAM = "/api/v1/jobs/{id}/stream"
"""It goes on for as long as its job: tests of its own read it."""


@dataclass
class Found:
    """The cases of a run, the statuses by operation, and each kind of failure with its first case."""

    cases: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict[tuple[str, str, str], str])

    def reached(self) -> set[str]:
        """Operations that were answered 2xx."""
        return {name for name, told in self.statuses.items() if any(200 <= status < 300 for status in told)}


def explore(
    url: str, key: str | None, mine: Tenant, theirs: Tenant, secrets: Callable[[], Sequence[str]], most: int, seed: int
) -> Found:
    """Run all phases. `most` examples are made up for each operation."""
    watch(secrets)
    config = schemathesis.Config.from_dict(_config(key, mine, theirs, most, seed))
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config).exclude(path=STREAM)
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished) and __import__("os").environ.get("SLOW"):
            print(event.phase.value, event.label, len(event.recorder.cases), round(event.elapsed_time, 2), flush=True)
        match event:
            case events.ScenarioFinished():
                _note(found, event)
            case events.NonFatalError() | events.FatalError():
                found.failures["schemathesis", str(getattr(event, "label", "")), type(event).__name__] = repr(event)
            case _:
                pass
    return found


def watch(secrets: Callable[[], Sequence[str]]) -> None:
    """What another tenant alone may know is in no answer, unless the caller said it."""
    hidden = secrets()

    @schemathesis.check
    def tells_nothing_of_others(ctx: Any, response: Any, case: Any) -> None:
        told, asked = response.text if response.content else "", str(response.request.url) + str(response.request.body)
        leaked = [each for each in hidden if each in told and each not in asked]
        assert not leaked, f"tells of another tenant: {leaked}"


def _config(key: str | None, mine: Tenant, theirs: Tenant, most: int, seed: int) -> dict[str, Any]:
    words = {kind: [*ids, *theirs.ids[kind][:2]] for kind, ids in mine.ids.items()}
    return {
        "seed": seed,
        "continue-on-failure": True,
        "request-timeout": 20,
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS[:-1]},
        "generation": {"deterministic": True, "max-examples": most, "database": "none"},
        "dictionaries": {name: {"values": values} for name, values in words.items()},
        "operations": [_operation(*each) for each in BY_OPERATION],
    }


def _operation(path: str, parameter: str, words: str) -> Mapping[str, Any]:
    return {"include-path-regex": path, "parameters": {parameter: {"dictionary": words, "probability": 0.8}}}


def _note(found: Found, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for id, node in recorder.cases.items():
        call = recorder.interactions.get(id)
        if call is None or call.response is None:
            continue
        found.cases += 1
        found.statuses.setdefault(node.value.operation.label, Counter())[call.response.status_code] += 1
        for check in recorder.checks.get(id, ()):
            if check.failure_info is not None:
                failure = check.failure_info.failure
                where = node.value.operation.label, check.name, failure.title
                found.failures.setdefault(
                    where,
                    f"{failure.message}\n{call.request.method} {call.request.uri} {call.request.body!r} -> {call.response.status_code} {call.response.text[:300]}",
                )
