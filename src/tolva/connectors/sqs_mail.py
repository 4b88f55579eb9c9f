"""The messages of one queue of SQS that others fill. It is never made here: whoever fills it must know it before."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tolva.errors import BrokerUnavailable
from tolva.settings import Settings
from tolva.sqs import BATCH, WAIT, count_waiting, explained, is_gone, make_client

HIDDEN = 60
"""Seconds until a message comes again that was received and not deleted."""


@dataclass(frozen=True)
class Message:
    """A received message, and what it is deleted by."""

    body: str
    receipt: str


class Mail:
    """The queue of S3_EVENTS_QUEUE_NAME. Its verbs raise BrokerUnavailable."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name

    def receive(self) -> list[Message]:
        """Wait for messages, for at most WAIT seconds. Others do not see them for a while."""
        url = self._url
        with explained():
            answer = self._client.receive_message(
                QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=WAIT, VisibilityTimeout=HIDDEN
            )
        return [Message(each["Body"], each["ReceiptHandle"]) for each in answer.get("Messages", ())]

    def delete(self, messages: Sequence[Message]) -> None:
        """Take messages off; one that stays comes again."""
        entries = [{"Id": str(n), "ReceiptHandle": each.receipt} for n, each in enumerate(messages)]
        if entries:
            with explained():
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def waiting(self) -> int:
        """Messages that nobody has received, about."""
        url = self._url
        with explained():
            return count_waiting(self._client, url)

    @cached_property
    def _client(self) -> Any:
        return make_client(self._settings)

    @cached_property
    def _url(self) -> str:
        with explained():
            try:
                return self._client.get_queue_url(QueueName=self._name)["QueueUrl"]
            except ClientError as error:
                if is_gone(error):
                    raise BrokerUnavailable(
                        f"There is no queue {self._name} in SQS. Make it and connect the bucket to it, or name another "
                        "with S3_EVENTS_QUEUE_NAME."
                    ) from error
                raise
