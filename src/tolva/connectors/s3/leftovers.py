"""Uploads that a crash left unfinished in a bucket: nobody sees them, but they are paid for."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from tolva.connectors.blobs import ABANDONED, is_place
from tolva.connectors.s3.bucket import Bucket
from tolva.connectors.s3.faults import said
from tolva.errors import StorageUnavailable

log = logging.getLogger(__name__)

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def abort_leftovers(bucket: Bucket, older: float = ABANDONED) -> int:
    """Take back what was begun more than so many seconds ago, of at most a thousand; returns how many."""
    answer = bucket.ask("GET", query={"uploads": ""})
    if not answer.is_success:
        raise StorageUnavailable(said(bucket.where, f"{answer.status_code} {answer.text}"))
    aborted = 0
    for place, upload in _begun(answer.text, older):
        aborted += bucket.ask("DELETE", place, {"uploadId": upload}).is_success
    if aborted:
        log.info("%d unfinished uploads were taken back from the bucket %s", aborted, bucket.where.bucket)
    return aborted


def _begun(listed: str, older: float) -> Iterator[tuple[str, str]]:
    """Place and upload of each that is ours and old enough: others may use the bucket, too."""
    for upload in ET.fromstring(listed).iter(f"{NAMESPACE}Upload"):  # noqa: S314 - what the bucket says of itself
        told = {child.tag.removeprefix(NAMESPACE): child.text or "" for child in upload}
        begun = datetime.fromisoformat(told["Initiated"])
        if is_place(told["Key"]) and (datetime.now(UTC) - begun).total_seconds() > older:
            yield told["Key"], told["UploadId"]
