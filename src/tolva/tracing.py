"""Traces by OpenTelemetry: on where OTEL_EXPORTER_OTLP_ENDPOINT, or whoever started the process, says so."""

import logging
import os
from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import ProxyTracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

log = logging.getLogger(__name__)

TRACER = trace.get_tracer("tolva")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_W3C = TraceContextTextMapPropagator()


def begin_tracing() -> None:
    """Send the spans of this process, if one of ENDPOINTS is set, by OTLP over HTTP. The other OTEL_* count as well."""
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return
    try:
        # only where they are wanted: they take memory, and come with an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        log.warning(
            "No traces: OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends them is missing. Install tolva[otel]."
        )
        return
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(resource=Resource.create({} if named else {"service.name": "tolva"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))  # sends the last ones when the process ends
    trace.set_tracer_provider(provider)


def tracing() -> bool:
    """Whether anybody wants spans. Asked first wherever describing one would cost something."""
    return not isinstance(trace.get_tracer_provider(), ProxyTracerProvider)


def traceparent() -> str | None:
    """The present span, in the form of W3C Trace Context; None without one."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent")


def context_of(parent: str | None) -> Context:
    """What a span that follows that `traceparent` is started with; with None, or nonsense, it follows nothing."""
    carrier: Mapping[str, str] = {"traceparent": parent} if parent else {}
    return _W3C.extract(carrier, context=Context())
