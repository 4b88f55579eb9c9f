"""An exception as a job keeps it: a `message` for whoever may see the job, and a `detail` for those who mend things.

The words of errors that are not ours may name hosts, folders, logins and statements; so do ours of what only whoever
runs Tolva can mend. What a caller can mend, and what a kind of job says of its own work, everybody may read.
"""

from tolva.core.job import Json
from tolva.errors import (
    Contended,
    DatabaseUnavailable,
    InvalidInput,
    SettingsError,
    StorageUnavailable,
    TolvaError,
    TookTooLong,
)
from tolva.jobs.payload import clean, encode

PUBLIC: tuple[tuple[type[TolvaError], str], ...] = (
    (DatabaseUnavailable, "The database did not answer."),
    (StorageUnavailable, "Stored files, or another database, cannot be reached: whoever runs Tolva sees why."),
    (Contended, "Other work on the same rows was in the way."),
    (TookTooLong, "A step took the database too long, or somebody ended it."),
    (SettingsError, "A setting, or a right in a database, is missing or wrong: whoever runs Tolva sees which."),
)
"""What everybody may read in place of the words of these."""
DETAIL = "detail"


def error_json(error: BaseException) -> str:
    """An exception as the JSON text that a failed job has. NULs and lone surrogates are replaced.

    >>> error_json(InvalidInput("too much"))
    '{"type":"InvalidInput","message":"too much"}'
    >>> error_json(OSError("/srv/x")).partition(" (")[2]
    'OSError); the log of the worker has more.","detail":"/srv/x"}'
    """
    name = clean(type(error).__name__)
    public = _public(error)
    told = {"type": name, "message": public or _words(error) or name}
    if public:
        told[DETAIL] = _words(error) or name
    if not isinstance(error, TolvaError):
        return encode(told)
    try:
        return encode({**error.more, **told})
    except InvalidInput:  # more than a job can hold
        return encode(told)


def without_detail(error: Json | None) -> Json | None:
    """What everybody may read of the error of a job.

    >>> without_detail({"type": "OSError", "message": "Something.", "detail": "/srv/x"})
    {'type': 'OSError', 'message': 'Something.'}
    """
    return error and {name: value for name, value in error.items() if name != DETAIL}


def told_whole(error: Json) -> str:
    """The words for those who run it: the detail, where there is one.

    >>> told_whole({"type": "OSError", "message": "Something.", "detail": "/srv/x"})
    '/srv/x'
    """
    return error.get(DETAIL) or error["message"]


def _public(error: BaseException) -> str | None:
    """The words for everybody, where they are not the error's own."""
    if not isinstance(error, TolvaError):
        return f"Something unforeseen went wrong ({clean(type(error).__name__)}); the log of the worker has more."
    return next((public for kind, public in PUBLIC if isinstance(error, kind)), None)


def _words(error: BaseException) -> str:
    try:
        return clean(str(error))
    except Exception:
        return f"{type(error).__name__}, which cannot even be told: its text raises an error of its own."
