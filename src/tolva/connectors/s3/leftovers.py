"""Uploads that a crash left unfinished in a bucket: nobody sees them, but they are paid for."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from xml.etree import ElementTree as ET

from tolva.connectors.blobs import ABANDONED, is_place
from tolva.connectors.s3.bucket import Bucket
from tolva.connectors.s3.faults import said
from tolva.errors import StorageUnavailable

log = logging.getLogger(__name__)

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True)
class Unfinished:
    """An upload in parts that was neither ended nor taken back."""

    place: str
    upload: str
    begun: datetime


def abort_leftovers(bucket: Bucket, older: float = ABANDONED) -> int:
    """Take back what was begun more than so many seconds ago, of at most a thousand; returns how many went.

    What is not called as we call files is left alone: others may use the bucket, too.
    """
    until = datetime.now(UTC) - timedelta(seconds=older)
    left = [each for each in list_unfinished(bucket) if is_place(each.place) and each.begun < until]
    gone = sum([_abort(bucket, each) for each in left])
    if gone:
        log.info("%d unfinished uploads were taken back from the bucket %s", gone, bucket.where.bucket)
    return gone


def _abort(bucket: Bucket, left: Unfinished) -> bool:
    """Whether it went now. One that is refused is tried again at the next turn, and holds up no other."""
    answer = bucket.ask("DELETE", left.place, {"uploadId": left.upload})
    if not answer.is_success and answer.status_code != HTTPStatus.NOT_FOUND:  # it may have ended by itself meanwhile
        why = said(bucket.where, f"{answer.status_code} {answer.reason_phrase} {answer.text}")
        log.warning("the unfinished upload of %s could not be taken back: %s", left.place, why)
    return answer.is_success


def list_unfinished(bucket: Bucket) -> list[Unfinished]:
    """The first thousand of them. Raises StorageUnavailable."""
    answer = bucket.ask("GET", query={"uploads": ""})
    if not answer.is_success:
        raise StorageUnavailable(said(bucket.where, f"{answer.status_code} {answer.text}"))
    listed = ET.fromstring(answer.text).iter(f"{NAMESPACE}Upload")  # noqa: S314 - what the bucket says of itself
    return [_unfinished({child.tag.removeprefix(NAMESPACE): child.text or "" for child in each}) for each in listed]


def _unfinished(told: dict[str, str]) -> Unfinished:
    return Unfinished(told["Key"], told["UploadId"], datetime.fromisoformat(told["Initiated"]))
