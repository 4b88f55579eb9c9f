"""Whether each dependency answers, and whether somebody hears the queues.

Anybody is told that much. How many jobs and workers there are, and why somebody is deaf, is told to this machine and to
administrators.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from tolva.db.pool import Database
from tolva.engines import ENGINES
from tolva.errors import NotFound, TryLater
from tolva.jobs.attendance import Attendance
from tolva.web.access.caller import Role
from tolva.web.access.gate import Gate, presented_key
from tolva.web.access.origin import comes_from_this_machine
from tolva.web.problems import problems
from tolva.web.vitals import Signs, Vitals

Answer = Literal["ok", "does not answer"]
Crew = Literal["ok", "none", "some hear no rings", "unknown"]
FEW: dict[str, Any] = {"bulk_upload": {"engine": "celery", "workers": 4, "jobs": 12, "rings": 3}}


class QueueHealth(BaseModel):
    """A queue: living worker processes, jobs that wait, and rings that lie unheard with its engine, where it has any.

    A figure is missing where nobody told it.
    """

    engine: str
    workers: int | None
    jobs: int | None
    rings: int | None


class Health(BaseModel):
    """Whether each part answers. `queues` and `deaf` (why rings are not heard) are for this machine and for admins."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "ok",
                "database": "ok",
                "blobs": "ok",
                "brokers": {"celery": "ok"},
                "workers": "ok",
                "queues": FEW,
            }
        }
    )
    status: Literal["ok", "unavailable"]
    database: Answer
    blobs: Answer = Field(description="The stored files.")
    brokers: dict[str, Answer]
    workers: Crew
    queues: dict[str, QueueHealth] | None = None
    deaf: list[str] | None = None


class EngineHealth(BaseModel):
    """One engine. `workers` (processes) and `queues` are for this machine and for admins."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "ok", "broker": "ok", "workers": 4, "queues": FEW}}
    )
    status: Literal["ok", "unavailable"]
    broker: Literal["ok", "does not answer", "not needed", "not in use"]
    workers: int | None = None
    queues: dict[str, QueueHealth] | None = None


def health_router(vitals: Vitals, gate: Gate) -> APIRouter:
    """`GET /health` and `GET /health/{engine}`: 200 when all is well, else 503, and what is not."""
    router = APIRouter(tags=["health"])

    @router.get("/health", response_model=Health, responses=_ill(Health))
    def health(request: Request) -> JSONResponse:
        """Whether each dependency answers, and whether workers hear their queues."""
        signs = vitals.signs()
        parts = {name: _word(answers) for name, answers in signs.parts.items()}
        brokers = {name: _word(seen is not None) for name, seen in signs.brokers.items()}
        crew = _crew(signs.present)
        told = {**parts, "brokers": brokers, "workers": crew}
        well = crew != "some hear no rings" and {*parts.values(), *brokers.values()} <= {"ok"}
        if _may_know(request, gate, signs):
            told |= {"queues": _queues(vitals, signs), "deaf": _reasons(signs.present)}
        return _answer(told, well)

    @router.get(
        "/health/{engine}",
        response_model=EngineHealth,
        responses=_ill(EngineHealth) | problems(404),
    )
    def engine_health(
        request: Request, engine: Annotated[str, Path(json_schema_extra={"enum": list(ENGINES)})]
    ) -> JSONResponse:
        """The same for one engine: its broker, its workers, and how deep each of its queues is."""
        if engine not in ENGINES:
            raise NotFound(f"There is no engine '{engine}'. Known engines: {', '.join(ENGINES)}.")
        signs = vitals.signs()
        served = vitals.by_engine.get(engine, [])
        broker = _broker(engine, served, signs)
        told: dict[str, Any] = {"broker": broker}
        if _may_know(request, gate, signs):
            told |= {"workers": _workers(signs, served), "queues": _queues(vitals, signs, engine)}
        return _answer(told, broker != "does not answer")

    return router


def ask_database(db: Database) -> None:
    """Raises DatabaseUnavailable when it does not answer."""
    with db.connection() as conn:
        conn.execute("SELECT 1")


def _ill(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return problems(401) | {503: {"model": model, "description": "A part is away, or workers hear nothing."}}


def _answer(told: dict[str, Any], well: bool) -> JSONResponse:
    return JSONResponse({"status": "ok" if well else "unavailable", **told}, 200 if well else 503)


def _word(answers: bool) -> Answer:
    return "ok" if answers else "does not answer"


def _broker(engine: str, served: Sequence[str], signs: Signs) -> str:
    if not served:
        return "not in use"
    return _word(signs.brokers[engine] is not None) if engine in signs.brokers else "not needed"


def _crew(present: Sequence[Attendance] | None) -> Crew:
    if present is None:
        return "unknown"
    if _reasons(present):
        return "some hear no rings"
    return "ok" if any(each.workers for each in present) else "none"


def _workers(signs: Signs, served: Sequence[str]) -> int | None:
    """How many processes serve some of these queues."""
    if signs.present is None:
        return None
    return len({worker for each in signs.present if each.queue in served for worker in each.workers})


def _reasons(present: Sequence[Attendance] | None) -> list[str]:
    return list(dict.fromkeys(reason for each in present or () for reason in each.deaf))


def _queues(vitals: Vitals, signs: Signs, only: str | None = None) -> dict[str, Any]:
    """Each queue, of all engines or of one."""
    present = {each.queue: each for each in signs.present or ()}
    return {
        queue: _queue(engine, present.get(queue), (signs.brokers.get(engine) or {}).get(queue))
        for engine, queues in vitals.by_engine.items()
        for queue in queues
        if only in (None, engine)
    }


def _queue(engine: str, seen: Attendance | None, rings: int | None) -> dict[str, Any]:
    workers, jobs = (len(seen.workers), seen.jobs) if seen else (None, None)
    return {"engine": engine, "workers": workers, "jobs": jobs, "rings": rings}


def _may_know(request: Request, gate: Gate, signs: Signs) -> bool:
    """Whether figures, which are of all tenants, may be told. A key is looked at while the database answers."""
    if comes_from_this_machine(request):
        return True
    if not presented_key(request.headers) or signs.present is None:
        return False
    try:
        return gate.caller(request).role.covers(Role.ADMIN)
    except TryLater:
        return False
