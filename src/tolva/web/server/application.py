"""The HTTP application, and what lies around all of it."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from tolva.web.middleware.exchange import Exchanges, Report, is_probe
from tolva.web.middleware.request_id import RequestId


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    return is_probe(scope["path"])


TELEMETRY = TelemetryConfig(
    tracing=True, operation_spans=False, metrics=False, logs=False, auto_configure=False, exclude=_is_probe
)
"""A span for each request; figures and logs are ours."""


class Api(FastAPI):
    """An application whose requests have an id, and are reported when they are over."""

    def __init__(self, reports: Sequence[Report], **given: Any) -> None:
        super().__init__(**given, telemetry=TELEMETRY)
        self._reports = reports

    def build_middleware_stack(self) -> ASGIApp:
        """Outside of Starlette's own, which alone knows what an unexpected error is answered with."""
        return RequestId(Exchanges(super().build_middleware_stack(), self._reports))
