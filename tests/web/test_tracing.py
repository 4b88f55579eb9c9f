"""Traces: one from a request through its job to the statements of both, at a real collector."""

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.web.collector import Collector, Span, collecting
from tests.web.house import UPLOAD, house, json_lines, load

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


def above(collector: Collector, span: Span) -> list[str]:
    """The names of the spans that a span lies in, from the inside out."""
    by_id = {each.id: each for each in collector.spans}
    names: list[str] = []
    while (parent := by_id.get(span.parent)) is not None:
        names.append(parent.name)
        span = parent
    return names


def test_one_trace_leads_from_the_request_through_the_job_to_its_statements(tolva: Shell, tmp_path: Path) -> None:
    with (
        collecting() as collector,
        house(tolva, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="100") as running,
    ):
        client, _ = running.api()
        running.worker()
        job = load(client, traceparent=f"00-{TRACE}-{CALLER}-01")
        running.end()
    ours = [span for span in collector.spans if span.trace == TRACE]
    (request,) = [span for span in ours if span.kind == SERVER]
    assert (request.name, request.parent, request.service) == (f"POST {UPLOAD}", CALLER, "tolva")
    (made,) = [span for span in ours if span.kind == PRODUCER]
    assert made.name == "enqueue bulk_upload"
    assert above(collector, made)[-1] == request.name
    (attempt,) = [span for span in ours if span.kind == CONSUMER]
    assert (attempt.name, attempt.parent, attempt.failed) == ("process bulk_upload", made.id, False)
    told = {"messaging.message.id": job, "tolva.job.kind": "bulk_upload", "tolva.job.outcome": "completed"}
    assert told.items() <= attempt.attributes.items()
    (inserted,) = collector.named("enqueue")
    assert above(collector, inserted) == ["enqueue bulk_upload", "transaction", request.name]
    owned = [span for span in collector.named("owned") if span.trace == TRACE]
    assert above(collector, owned[0]) == [
        "transaction",
        "process bulk_upload",
        "enqueue bulk_upload",
        "transaction",
        request.name,
    ]
    assert owned[0].attributes["db.system.name"] == "postgresql"
    assert owned[0].attributes["db.query.text"].startswith("-- name: owned")
    assert {"COPY"} <= {span.name for span in ours if span.kind == CLIENT}
    assert not any("Guantes" in str(span.attributes) for span in collector.spans)
    assert {span.name for span in collector.spans}.isdisjoint({"GET /health", "claim", "beat", "waiting_queues"})


def test_an_attempt_that_fails_tells_its_kind_of_error(tolva: Shell, tmp_path: Path) -> None:
    with collecting() as collector:
        named = {"OTEL_SERVICE_NAME": "intake", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with house(tolva, tmp_path, **named) as running:
            client, log = running.api()
            _, work = running.worker()
            job = load(client, b"codigo;nombre\n1;x\n")
            running.end()
    (attempt,) = [span for span in collector.spans if span.kind == CONSUMER]
    assert (attempt.failed, attempt.service) == (True, "intake")
    assert attempt.attributes["tolva.job.outcome"] == "failed"
    assert attempt.attributes["error.type"]
    (uploaded,) = [line for line in json_lines(log) if line.get("path") == UPLOAD]
    (failed,) = [line for line in json_lines(work) if line.get("job") == job]
    assert uploaded["trace_id"] == failed["trace_id"] == attempt.trace
    assert failed["span_id"] == attempt.id


@pytest.mark.parametrize("quiet", [{}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_nothing_is_sent_unless_an_endpoint_is_named(tolva: Shell, tmp_path: Path, quiet: dict[str, str]) -> None:
    with collecting() as collector:
        named = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url} if quiet else {}
        with house(tolva, tmp_path, **named, **quiet) as running:
            client, _ = running.api()
            client.get("/api/v1/schemas")
            running.end()
    assert collector.spans == []


def test_an_endpoint_without_the_extra_is_told(tolva: Shell, tmp_path: Path) -> None:
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text("import sys; sys.modules['opentelemetry.sdk.trace'] = None")
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "PYTHONPATH": str(without)}
    with house(tolva, tmp_path, **named) as running:
        client, log = running.api()
        assert client.get("/api/v1/schemas").status_code == 200
        assert "Install tolva[otel]" in log.read_text()
