"""What a bucket answers, in our words: each names the setting to look at."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from obstore.exceptions import BaseError, PreconditionError

from tolva.errors import Conflict, NotFound, StorageUnavailable

CODE = re.compile(r"<Code>(\w+)</Code>")
GONE = ("NoSuchKey", "InvalidRange")
"""What is answered for a file that is not there, or not as long any more."""
FAULTS = BaseError, FileNotFoundError, httpx.HTTPError
"""What obstore and httpx raise."""
REGION = "is not in the region of AWS_DEFAULT_REGION: name its own."
NO_LOGIN = "no login"
"""What stands for a code where none was asked for: the machine has no role."""
REMEDIES = {
    NO_LOGIN: "cannot be asked without a login: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    "NoSuchBucket": "is not there. Make it, or name another with S3_BUCKET_NAME; Tolva makes it when it starts.",
    "BucketAlreadyExists": "belongs to somebody else. Name another with S3_BUCKET_NAME.",
    "InvalidAccessKeyId": "does not know the login of AWS_ACCESS_KEY_ID.",
    "SignatureDoesNotMatch": "refuses the login: AWS_SECRET_ACCESS_KEY is not the one of AWS_ACCESS_KEY_ID.",
    "ExpiredToken": "refuses the login, which has ended: renew AWS_ACCESS_KEY_ID, its secret and AWS_SESSION_TOKEN.",
    "InvalidToken": "refuses AWS_SESSION_TOKEN. Leave it out for a login that lasts.",
    "AccessDenied": "may not be used so by the login of AWS_ACCESS_KEY_ID: give it the rights in docs/operations.md, "
    "or, where the bucket is somebody else's, name another with S3_BUCKET_NAME.",
    "RequestTimeTooSkewed": "refuses requests of this machine, whose clock is wrong.",
    "PermanentRedirect": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "IllegalLocationConstraintException": REGION,
    "SlowDown": "is asked too often for now. Wait; where it stays so, name another with S3_BUCKET_NAME.",
}
"""What is wrong with the bucket, by the code of S3."""
BY_WORDS = (
    ("/latest/", NO_LOGIN),
    ("incorrectly configured region", "PermanentRedirect"),
    ("301 Moved", "PermanentRedirect"),
    ("403 Forbidden", "AccessDenied"),
    ("404 Not Found", "NoSuchBucket"),
)
"""The code of an answer that has none, by what it says."""


@dataclass(frozen=True)
class Whereabouts:
    """What a message names: the bucket, and who holds it."""

    bucket: str
    endpoint: str | None

    def __str__(self) -> str:
        return f"The bucket {self.bucket} at {self.endpoint or 'AWS'}"


@contextmanager
def explained(where: Whereabouts) -> Generator[None]:
    """Errors of the bucket and of the way to it as StorageUnavailable; a file that is not there as NotFound.

    One that is not what it was as Conflict.
    """
    try:
        yield
    except PreconditionError as error:
        raise Conflict(f"The file was replaced in the bucket {where.bucket} by another one.") from error
    except FAULTS as error:
        if _code(str(error)) in GONE:
            raise NotFound(
                "The stored file is gone: it outlived TOLVA_RETENTION_DAYS, or the bucket was changed."
            ) from error
        raise StorageUnavailable(said(where, str(error))) from error


def said(where: Whereabouts, answer: str) -> str:
    """What to mend, given what was answered, or what was in the way of an answer.

    >>> said(Whereabouts("sheets", None), "… 403 Forbidden: <Error><Code>InvalidAccessKeyId</Code></Error>")
    'The bucket sheets at AWS does not know the login of AWS_ACCESS_KEY_ID.'
    >>> said(Whereabouts("sheets", "http://s3:9000"), "HTTP error: error sending request\\n\\nDebug source: …")
    'The bucket sheets at http://s3:9000 does not answer (HTTP error: error sending request). Look at AWS_ENDPOINT_URL.'
    """
    if remedy := REMEDIES.get(_code(answer)) or REMEDIES.get(_by_words(answer)):
        return f"{where} {remedy}"
    told = _code(answer) or answer.partition("\n\nDebug source")[0].rpartition(" - ")[2].strip()
    return f"{where} does not answer ({told}). Look at AWS_ENDPOINT_URL."


def code_of(answer: str) -> str:
    """What is wrong as S3 calls it, or would; empty where nothing was answered.

    >>> code_of("… 403 Forbidden: <Error><Code>SlowDown</Code></Error>"), code_of("… 403 Forbidden: "), code_of("lost")
    ('SlowDown', 'AccessDenied', '')
    """
    return _code(answer) or _by_words(answer)


def _code(answer: str) -> str:
    """S3's own word for what is wrong; empty where it gave none."""
    found = CODE.search(answer)
    return found[1] if found else ""


def _by_words(answer: str) -> str:
    return next((code for words, code in BY_WORDS if words in answer), "")
