"""What the API counts of its requests."""

from tolva.metrics import counter, histogram
from tolva.web.middleware.exchange import Exchange

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
"""Seconds."""


class HttpMeter:
    """Counts the requests of one process; make it once."""

    def __init__(self) -> None:
        asked = ("method", "route")
        self._requests = counter("tolva_http_requests_total", "Requests, by their answer.", [*asked, "status"])
        self._durations = histogram("tolva_http_request_duration_seconds", "Whole answers.", asked, BOUNDS)

    def count(self, exchange: Exchange) -> None:
        """A request is over."""
        asked = (exchange.method, exchange.route)
        self._requests.labels(*asked, str(exchange.status)).inc()
        self._durations.labels(*asked).observe(exchange.seconds)
