"""Rings as messages of Amazon SQS, or of whatever speaks its protocol at AWS_ENDPOINT_URL.

A message is received by long polling, stays invisible while its queue is worked on, and is deleted afterwards. Queues
are made when they are absent, each with a queue for what was received too often.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
import logging
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tolva.db.pool import Database
from tolva.engines.pulled import PulledEngine, tell_of_stranger
from tolva.engines.sqs_names import SqsNames
from tolva.settings import Settings
from tolva.sqs import BATCH, WAIT, count_waiting, explained, is_gone, make_client

log = logging.getLogger(__name__)

VISIBILITY = 300
"""Seconds for which a message that was received is hidden from others."""
HOLD_AFTER = VISIBILITY / 3
"""Seconds after which it is hidden for another while."""
RETENTION = 86_400
"""Seconds that a message nobody receives is kept."""
MOST_RECEIVES = 5
"""Receptions after which a message goes to the queue of dead ones: it rings for work that cannot be looked at."""


@dataclass(eq=False)
class Held:
    """A received message. `since`: when it was last hidden, on the monotonic clock."""

    url: str
    receipt: str
    since: float


class SqsBroker:
    """The queues of one account and region."""

    def __init__(self, settings: Settings, names: SqsNames) -> None:
        self._sqs = make_client(settings)
        self._names = names
        self._urls: dict[str, str] = {}
        self._making = threading.Lock()

    def send(self, queue: str, hints: Sequence[str]) -> None:
        """Send messages, ten at a time."""
        body = [json.dumps({"queue": queue, "hint": hint}) for hint in hints]
        for first in range(0, len(body), BATCH):
            entries = [{"Id": str(n), "MessageBody": text} for n, text in enumerate(body[first : first + BATCH])]
            with self._queue(queue) as url:
                self._sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def receive(self, queue: str, most: int) -> list[Held]:
        """One long poll."""
        with self._queue(queue) as url:
            answer = self._sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=min(most, BATCH), WaitTimeSeconds=WAIT, VisibilityTimeout=VISIBILITY
            )
        return [held for each in answer.get("Messages", ()) if (held := self._read(queue, url, each))]

    def done(self, held: Held) -> None:
        """Delete a message."""
        with explained():
            self._sqs.delete_message(QueueUrl=held.url, ReceiptHandle=held.receipt)

    def give_back(self, held: Held) -> None:
        """Leave it: it becomes visible by itself, and where that happens too often, it is put aside."""

    def hold(self, held: Sequence[Held]) -> None:
        """Hide those messages for longer that have been hidden for a while."""
        for each in held:
            if time.monotonic() - each.since > HOLD_AFTER:
                each.since = time.monotonic()  # before, so that one that was purged does not hold up the others
                with explained():
                    self._sqs.change_message_visibility(
                        QueueUrl=each.url, ReceiptHandle=each.receipt, VisibilityTimeout=VISIBILITY
                    )

    def depth(self, queue: str) -> int:
        """Visible messages, as SQS counts them: about. Whoever asks makes no queue."""
        with explained():
            url = self._find(self._names.of(queue))
            return count_waiting(self._sqs, url) if url else 0

    def _read(self, queue: str, url: str, message: dict[str, Any]) -> Held | None:
        held = Held(url, message["ReceiptHandle"], time.monotonic())
        if _is_ring(message["Body"], queue):
            return held
        tell_of_stranger(url, message["Body"])
        self.done(held)
        return None

    @contextmanager
    def _queue(self, queue: str) -> Generator[str]:
        """The address of a queue, which is made when it is absent, also when somebody has just deleted it."""
        with explained():
            url = self._urls.get(queue) or self._make(queue)
            try:
                yield url
            except ClientError as error:
                if is_gone(error):
                    self._urls.pop(queue, None)
                raise

    def _make(self, queue: str) -> str:
        with self._making:
            name = self._names.of(queue)
            url = self._find(name) or self._create(name)
            self._urls[queue] = url
            return url

    def _find(self, name: str) -> str | None:
        try:
            return self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            if is_gone(error):
                return None
            raise

    def _create(self, name: str) -> str:
        aside = self._sqs.create_queue(
            QueueName=self._names.aside(name), Attributes={"MessageRetentionPeriod": str(RETENTION)}
        )["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=aside, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {
            "ReceiveMessageWaitTimeSeconds": str(WAIT),
            "VisibilityTimeout": str(VISIBILITY),
            "MessageRetentionPeriod": str(RETENTION),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MOST_RECEIVES}),
        }
        log.info("making the SQS queue %s", name)
        return self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def _is_ring(body: str, queue: str) -> bool:
    try:
        ring: Any = json.loads(body)
        return ring["queue"] == queue
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def make(settings: Settings, db: Database) -> PulledEngine[Held]:
    """The engine of these settings."""
    names = SqsNames(settings.sqs_prefix, settings.sqs_queue_name)
    return PulledEngine(db, SqsBroker(settings, names))
