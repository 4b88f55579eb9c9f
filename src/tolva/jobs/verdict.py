"""What an attempt came to, in one word for figures and traces: that of its event."""

from tolva.core.job import Claimed, Outcome, Verb

WORDS = {
    Verb.COMPLETE: "completed",
    Verb.RETRY: "retrying",
    Verb.FAIL: "failed",
    Verb.CANCEL: "cancelled",
    Verb.WAIT: "waiting",
    Verb.RELEASE: "released",
    Verb.LOST: "lost",
}
ENDS = frozenset({"completed", "failed", "cancelled"})
"""Those that end the job, too."""
FAULTS = frozenset({"retrying", "failed"})
"""Those of attempts in which something went wrong."""


def verdict(job: Claimed, outcome: Outcome | None, completed: bool) -> str:
    """One of WORDS. Without an outcome the attempt has `completed` in a transaction of its own, or lost its job."""
    if outcome is None:
        return WORDS[Verb.COMPLETE if completed else Verb.LOST]
    out_of_tries = outcome.verb is Verb.RETRY and job.failures + 1 >= job.max_attempts
    return WORDS[Verb.FAIL if out_of_tries else outcome.verb]
