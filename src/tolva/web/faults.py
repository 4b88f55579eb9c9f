"""What each of our errors is to whoever sent the request: its status, its name, and what may be said."""

import math
from http import HTTPStatus

from tolva.errors import (
    CallerError,
    CommitLost,
    Conflict,
    DatabaseUnavailable,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SettingsError,
    StorageUnavailable,
    TolvaError,
    TookTooLong,
    TooLarge,
    TryLater,
    Unauthenticated,
    UnsupportedFile,
)
from tolva.web.problems import Fault

STATUS: tuple[tuple[type[TolvaError], int], ...] = (
    (UnsupportedFile, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidInput, HTTPStatus.BAD_REQUEST),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (SettingsError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (CallerError, HTTPStatus.BAD_REQUEST),
    (StorageUnavailable, HTTPStatus.INSUFFICIENT_STORAGE),
    (RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (TryLater, HTTPStatus.SERVICE_UNAVAILABLE),
    (TolvaError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits decides."""


PUBLIC: tuple[tuple[type[TolvaError], str | None], ...] = (
    (RateLimited, None),
    (StorageUnavailable, "The server cannot store files now; nothing was kept. Send it again later."),
    (
        CommitLost,
        "The connection to the database broke at the last moment: whether it was done is not known. Send the same"
        " again: from the same page, or with the same Idempotency-Key, it is done once. Without a key, look first.",
    ),
    (DatabaseUnavailable, "The database does not answer now; nothing was done. Send it again in some seconds."),
    (TookTooLong, "It took too long and was given up; nothing was done. Ask for less, or send it again later."),
    (TryLater, "The server is busy with the same thing; nothing was done. Send it again in some seconds."),
)
"""What a client is told where our own words name hosts, logins or folders: those are for the log alone. The first class
that fits decides; None leaves our words."""


def fault_of(error: TolvaError) -> Fault:
    """One of our errors as an answer."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    headers: dict[str, str] = {}
    if isinstance(error, TryLater) and not isinstance(error, CommitLost):  # nobody should repeat that unseen
        headers["Retry-After"] = str(math.ceil(error.retry_after or 5))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="Tolva"'
    return Fault(status, _dashed(type(error).__name__), said_of(error), headers)


def said_of(error: TolvaError) -> str:
    """What whoever sent the request may read of it."""
    return next((public for kind, public in PUBLIC if isinstance(error, kind)), None) or str(error)


def _dashed(name: str) -> str:
    """The class name as the end of a URN: TooLarge → too-large."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
