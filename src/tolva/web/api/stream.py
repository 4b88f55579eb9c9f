"""One job, live: as server-sent events and over a WebSocket."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response, WebSocket

from tolva.core.job import JobId
from tolva.web.access.asking import Viewer
from tolva.web.access.gate import Gate
from tolva.web.api.values import Seq
from tolva.web.live.hub import Hub
from tolva.web.live.sse import EventStream
from tolva.web.live.websocket import converse
from tolva.web.problems import problems

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`job`, the present state; then every event by its number; `end` when the job has ended.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "The job has ended, and the reader has heard of it."},
    **problems(404),
}


After = Annotated[Seq | None, Query(description="The last number that the reader has.")]
LastEventId = Annotated[Seq | None, Header(alias="Last-Event-ID", description="Goes before it.")]


def stream_router(hub: Hub, gate: Gate) -> APIRouter:
    """The calls below /api/v1/jobs/{id} that go on for as long as the job."""
    router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

    @router.get("/{id}/stream", response_class=Response, responses=ANSWERS)
    async def stream(id: UUID, by: Viewer, after: After = None, last_event_id: LastEventId = None) -> Response:
        """Follows a job: its state now, then what happens, each event once and in order."""
        known = after if last_event_id is None else last_event_id
        opening = await hub.open(by.tenant_id, JobId(str(id)), known, partial(gate.in_force, by))
        return Response(status_code=204) if opening.told_all else EventStream(hub, opening)

    @router.websocket("/{id}/ws")
    async def ws(websocket: WebSocket, id: UUID, by: Viewer, after: After = None) -> None:
        """The same as messages: `{"event", "seq", "data"}`."""
        opening = await hub.open(by.tenant_id, JobId(str(id)), after, partial(gate.in_force, by))
        await converse(websocket, hub, opening)

    return router
