"""Where others announce work: whether it can be read. Nothing is taken off."""

from tolva import app
from tolva.cli.doctor.finding import Finding, fault, ok
from tolva.cli.doctor.patient import Patient, with_settings
from tolva.errors import TryLater


@with_settings
def inboxes(patient: Patient) -> Finding:
    """Whether each can be looked into, and how much waits there."""
    found = app.inboxes(patient.tolva)
    if not found:
        return ok("none: S3_EVENTS_QUEUE_NAME is not set")
    try:
        told = [f"{inbox.name}: {inbox.waiting():,} waiting" for inbox in found]
    except TryLater as error:
        return fault(str(error), "What is announced waits meanwhile. docs/operations.md says how to connect a bucket.")
    return ok("; ".join(told))
