"""`GET /metrics`, for Prometheus: what the processes of this machine counted, and what the database holds."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.requests import Request

from tolva.db.pool import Database
from tolva.errors import TryLater
from tolva.jobs.backlog import Figure, read_backlog
from tolva.metrics import counted
from tolva.web.access.caller import Role
from tolva.web.access.gate import Gate
from tolva.web.access.origin import comes_from_this_machine
from tolva.web.probe import Probe

if TYPE_CHECKING:
    from prometheus_client import Metric

log = logging.getLogger(__name__)

PATIENCE = 0.7
"""Seconds that the database is waited for: a scrape is to take less than one."""
FRESH = 5.0
"""Seconds that its figures count, whoever asks."""
MEANINGS = {
    "tolva_queue_jobs": "Jobs that are not over, counted up to 10,000.",
    "tolva_queue_oldest_seconds": "How long the job that waits longest has been ready.",
    "tolva_queue_paused": "Whether somebody paused the queue.",
    "tolva_workers": "Living worker processes, on all machines.",
    "tolva_dead_letters": "Failed jobs that nobody replayed or dismissed, counted up to 10,000.",
}


def metrics_router(db: Database, gate: Gate) -> APIRouter:
    """`GET /metrics`: for this machine, also while the database does not answer; for others, with an admin's key."""
    router = APIRouter(include_in_schema=False)
    backlog = Probe(lambda: read_backlog(db), patience=PATIENCE, fresh=FRESH)

    @router.get("/metrics")
    def metrics(request: Request) -> Response:
        if not comes_from_this_machine(request):
            gate.caller(request).require(Role.ADMIN)  # they are of all tenants
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415 -- see tolva.metrics

        return Response(generate_latest(_Everything(backlog)), media_type=CONTENT_TYPE_LATEST)

    return router


class _Everything:
    """What prometheus_client takes for a registry."""

    def __init__(self, backlog: Callable[[], Sequence[Figure]]) -> None:
        self._backlog = backlog

    def collect(self) -> "Iterable[Metric]":
        yield from counted()
        try:
            figures = self._backlog()
        except TryLater as error:
            log.warning("metrics: %s", error)
            figures = None
        yield _gauge("tolva_up_database", "Whether the database answers.", [_up(figures is not None)])
        for name, meaning in MEANINGS.items():
            if those := [figure for figure in figures or () if figure.name == name]:
                yield _gauge(name, meaning, those)


def _up(answers: bool) -> Figure:
    return Figure("tolva_up_database", None, None, float(answers))


def _gauge(name: str, meaning: str, figures: Sequence[Figure]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 -- see tolva.metrics

    labels = [label for label in ("queue", "state") if getattr(figures[0], label) is not None]
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for figure in figures:
        family.add_metric([getattr(figure, label) for label in labels], figure.value)
    return family
