"""The whole error tree. Three meanings decide what happens next.

    TolvaError
    ├── CallerError             the caller erred: nothing was done, the message says what to mend
    │   ├── InvalidInput
    │   │   ├── UnsupportedFile     its content is not a kind of file we read
    │   │   ├── UnreadableFile      a kind we read, but this one is damaged, encrypted or empty
    │   │   ├── TooLarge
    │   │   └── Unanswered          the file leaves a question open that whoever sent it can answer
    │   ├── Unauthenticated         who calls must say so with a key
    │   ├── Forbidden               who calls is known, and may not do this
    │   ├── NotFound
    │   ├── Conflict                the thing's present state does not allow it
    │   │   └── KeyReused               an idempotency key came with something else than before
    │   └── SettingsError           a setting is missing or wrong; names it
    ├── TryLater                the same call may succeed later; may say when
    │   ├── DatabaseUnavailable
    │   │   └── CommitLost              the connection broke at the end: nobody knows whether it was done
    │   ├── StorageUnavailable      stored files, or another database, cannot be reached: somebody must mend that
    │   ├── BrokerUnavailable       what carries the rings does not answer; jobs go on, only later
    │   ├── Unaccompanied           nobody beats for a process that another program started
    │   ├── RateLimited             too many calls of one key
    │   ├── Busy                    all places for such a call are taken
    │   ├── Contended               other transactions were in the way of this one
    │   ├── TookTooLong             a statement that PostgreSQL gave up: over its time limit, or ended by somebody
    │   └── TimeLimitExceeded       the attempt ran longer than its queue allows
    └── Never                   no repetition can mend it
        ├── WorkerLost              the process died under the job
        ├── TrialFailed             what was tried out does not work; there is nothing to run again
        └── Interrupted             an attempt must stop here; the job itself did not fail
            ├── LeaseLost               another attempt owns the job now
            ├── Cancelled
            └── Draining                the worker is going down and gives the job back

Errors of other libraries are translated into these where they enter (the db pool, a connector),
and these into HTTP in one place (web.faults).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any


class TolvaError(Exception):
    """Anything Tolva raises on purpose. Its message says what to do."""

    more: Mapping[str, Any] = MappingProxyType({})
    """The same for programs, where there is more to tell than a sentence. JSON."""


class CallerError(TolvaError):
    """The caller erred: fail now and say what to mend."""


class InvalidInput(CallerError):
    """What was given cannot be used."""


class UnsupportedFile(InvalidInput):
    """The file's content is not of a kind that Tolva reads, or not what its name says."""


class UnreadableFile(InvalidInput):
    """The file is of a kind that Tolva reads, but this one is damaged, encrypted or empty."""


class TooLarge(InvalidInput):
    """The input is over a limit; the message names the limit and its setting."""


class Unanswered(InvalidInput):
    """A file leaves open which column feeds a field, or how its numbers and dates are meant.

    `questions` are JSON objects; see `tables.question`. `unclear` are headers of columns for which a locale is asked.
    """

    def __init__(self, message: str, questions: Sequence[Mapping[str, Any]] = (), unclear: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.more = {"questions": list(questions)} | ({"unclear": list(unclear)} if unclear else {})


class Unauthenticated(CallerError):
    """Who calls has not said who they are, or with a key that is not in force."""


class Forbidden(CallerError):
    """Who calls is known, and their role does not entitle to this."""


class NotFound(CallerError):
    """No such thing, or none that this tenant may see."""


class Conflict(CallerError):
    """The present state of the thing does not allow what was asked."""


class KeyReused(Conflict):
    """An idempotency key came with something else than before. `first` is the job of the first time, if it made one."""

    def __init__(self, first: str | None = None) -> None:
        what = f"another file, schema, options or purpose (upload {first})" if first else "another request"
        super().__init__(f"The Idempotency-Key was used for {what}. Send this with a new key.")
        self.first = first


class SettingsError(CallerError):
    """A setting is missing or wrong. The message names it and the remedy."""


class TryLater(TolvaError):
    """May succeed if repeated. `retry_after` is the least wait in seconds, where the other side named one."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseUnavailable(TryLater):
    """PostgreSQL does not answer, or refuses further connections."""


class CommitLost(DatabaseUnavailable):
    """The connection broke while a transaction was committed: nobody knows whether it was."""


class StorageUnavailable(TryLater):
    """Stored files cannot be written or read now, or a destination does not answer; the message says what to do."""


class BrokerUnavailable(TryLater):
    """The broker that carries rings does not answer, or refuses us. No job is lost by that; they start later."""


class Unaccompanied(TryLater):
    """The process that watches over those that another program started has not begun, or has ended."""


class RateLimited(TryLater):
    """One key calls more often than it may. `retry_after` says when it may again."""


class Busy(TryLater):
    """As many calls of this kind as the process has places for are under way."""


class Contended(TryLater):
    """Other transactions were in the way: a lock was not to be had in time, or two waited for each other."""


class TookTooLong(TryLater):
    """PostgreSQL gave a statement up: it ran over its time limit (the API has one), or somebody ended it."""


class TimeLimitExceeded(TryLater):
    """The attempt ran longer than its queue allows."""


class Never(TolvaError):
    """No repetition can mend it: fail now."""


class WorkerLost(Never):
    """The worker process died under the job. Told in the job's events, and its error after too many losses."""


class TrialFailed(Never):
    """What somebody tried out does not work, which they see: nothing was to be done, so no dead letter is left."""


class Interrupted(Never):
    """The attempt must stop here. Says nothing about the job, which goes on elsewhere or was cancelled."""


class LeaseLost(Interrupted):
    """Another attempt owns the job now; whatever this one still writes is refused."""


class Cancelled(Interrupted):
    """Somebody cancelled the job."""


class Draining(Interrupted):
    """The worker is going down; the job is given back at its last checkpoint."""
