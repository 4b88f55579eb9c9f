"""Spans of jobs: one for making them, and one for each attempt, which follows it."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span

from tolva.core.job import Claimed, JobId
from tolva.jobs.verdict import FAULTS
from tolva.tracing import TRACER, context_of, traceparent, tracing

SYSTEM = "tolva"


@contextmanager
def sending(queues: Sequence[str], ids: Sequence[JobId]) -> Generator[str | None]:
    """A span in which jobs are made; what they are to remember of it, or None when nobody traces."""
    if not tracing():
        yield None
        return
    told: dict[str, str | int] = {"messaging.system": SYSTEM, "messaging.operation.name": "enqueue"}
    told |= {"messaging.operation.type": "send", "messaging.destination.name": ", ".join(sorted(set(queues)))}
    told |= {"messaging.message.id": ids[0]} if len(ids) == 1 else {"messaging.batch.message_count": len(ids)}
    with TRACER.start_as_current_span(_name("enqueue", told), kind=SpanKind.PRODUCER, attributes=told):
        yield traceparent()


def processing(job: Claimed) -> AbstractContextManager[object]:
    """The span of an attempt, in the trace of what made the job."""
    if not tracing():
        return nullcontext()
    told: dict[str, str | int] = {"messaging.system": SYSTEM, "messaging.operation.name": "process"}
    told |= {"messaging.operation.type": "process", "messaging.destination.name": job.queue}
    told |= {"messaging.message.id": job.id, "tolva.job.kind": job.kind, "tolva.job.attempt": job.attempt}
    told |= {"tolva.tenant": job.tenant_id}
    parent = context_of(job.trace)
    name = _name("process", told)
    return TRACER.start_as_current_span(name, context=parent, kind=SpanKind.CONSUMER, attributes=told)


def note_error(error: BaseException) -> None:
    """Tell the open span of an attempt what kind of error ended it."""
    get_current_span().set_attribute("error.type", type(error).__qualname__)


def note_verdict(word: str) -> None:
    """Tell the open span of an attempt what it came to."""
    span = get_current_span()
    span.set_attribute("tolva.job.outcome", word)
    if word in FAULTS:
        span.set_status(Status(StatusCode.ERROR))


def _name(verb: str, told: dict[str, str | int]) -> str:
    return f"{verb} {told['messaging.destination.name']}"
