"""The files of one form, accepted one after another, and what became of each."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tolva.core.job import JobId
from tolva.errors import CallerError, InvalidInput, TryLater
from tolva.jobs.work import Jobs
from tolva.tables.check import check_constants
from tolva.web.access.caller import Caller
from tolva.web.faults import fault_of, said_of
from tolva.web.pages.once import once_key
from tolva.web.problems import Fault
from tolva.workloads.intake.accept import LOAD, REHEARSE, Arrival, accept
from tolva.workloads.intake.corrected import require_corrected
from tolva.workloads.intake.pages.deliveries import Delivery
from tolva.workloads.intake.pages.schema_choice import constants_in
from tolva.workloads.intake.schemas import accepting_schema

log = logging.getLogger(__name__)


@dataclass
class Sent:
    """What became of the files of a form, each by its name: its job, or why it was refused.

    `stopped` is what kept the server from taking the last of them: they can be sent again.
    """

    dry_run: bool
    jobs: list[tuple[str, JobId]] = field(default_factory=list[tuple[str, JobId]])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    stopped: Fault | None = None


def corrects_in(filled: Mapping[str, str]) -> UUID | None:
    """The upload that the files are to correct, where the form names one."""
    try:
        return UUID(filled.get("corrects", ""))
    except ValueError:
        return None


def accept_all(jobs: Jobs, by: Caller, filled: dict[str, str], received: Sequence[Delivery]) -> Sent:
    """Each file by itself: what is refused of one says nothing of the others."""
    sent, name, corrects = Sent(filled.get("look") != "no"), filled.get("schema", ""), corrects_in(filled)
    with jobs.db.transaction(by.tenant_id) as conn:
        try:
            schema, version = accepting_schema(conn, name)
            require_corrected(conn, corrects, name)
            constants = check_constants(constants_in(filled), schema)
        except CallerError as error:
            sent.refused.extend((delivery.filename, str(error)) for delivery in received)
            return sent
    kind = REHEARSE if sent.dry_run else LOAD

    def take(delivery: Delivery) -> JobId:
        key = once_key(filled.get("token", ""), kind, name, constants, delivery.writer.blake3)
        arrival = Arrival(name, delivery.filename, constants, key, version, kind, corrects=corrects and str(corrects))
        return _accept(jobs, by, arrival, delivery)

    _take_each(sent, received, take)
    return sent


def _take_each(sent: Sent, received: Sequence[Delivery], take: Callable[[Delivery], JobId]) -> None:
    for at, delivery in enumerate(received):
        try:
            sent.jobs.append((delivery.filename, take(delivery)))
        except CallerError as error:
            sent.refused.append((delivery.filename, str(error)))
        except TryLater as error:
            log.warning("%s of the %s files of a form are taken, then: %s", len(sent.jobs), len(received), error)
            _leave(sent, received[at:], error)  # each of them would wait for what does not answer
            break


def _accept(jobs: Jobs, by: Caller, arrival: Arrival, delivery: Delivery) -> JobId:
    if delivery.fault:
        raise InvalidInput(delivery.fault)
    return accept(jobs, by, arrival, delivery.reception.kind, delivery.writer)


def _leave(sent: Sent, others: Sequence[Delivery], error: TryLater) -> None:
    sent.refused.extend((delivery.filename, delivery.fault or said_of(error)) for delivery in others)
    sent.stopped = fault_of(error)
