"""The faces of the uniform API, in the order of its documentation."""

from collections.abc import Sequence

from fastapi import APIRouter

from tolva.jobs.work import Jobs
from tolva.web.access.gate import Gate
from tolva.web.api.audit import audit_router
from tolva.web.api.bulk import bulk_router
from tolva.web.api.dead_letters import dead_letters_router
from tolva.web.api.jobs import jobs_router
from tolva.web.api.keys import keys_router
from tolva.web.api.kinds import kinds_router
from tolva.web.api.me import me_router
from tolva.web.api.queues import queues_router
from tolva.web.api.schedules import schedules_router
from tolva.web.api.stream import stream_router
from tolva.web.api.ticks import ticks_router
from tolva.web.api.workers import workers_router
from tolva.web.live.hub import Hub


def uniform_api(jobs: Jobs, hub: Hub, gate: Gate) -> Sequence[APIRouter]:
    """One router for each kind of thing."""
    return [
        me_router(),
        jobs_router(jobs),
        stream_router(hub, gate),
        bulk_router(jobs),
        kinds_router(jobs.catalogue),
        dead_letters_router(jobs),
        queues_router(jobs),
        workers_router(jobs),
        schedules_router(jobs),
        ticks_router(jobs),
        keys_router(jobs.db),
        audit_router(jobs.db),
    ]
