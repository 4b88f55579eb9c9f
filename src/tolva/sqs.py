"""A client of Amazon SQS, or of whatever speaks its protocol at AWS_ENDPOINT_URL, and its errors in our words."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from tolva.errors import BrokerUnavailable, SettingsError
from tolva.settings import Settings

WAIT = 20
"""Seconds of one long poll, the most that SQS allows."""
BATCH = 10
"""Messages of one call, the most that SQS allows."""
GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
REFUSED = ("InvalidClientTokenId", "SignatureDoesNotMatch", "AccessDenied", "AccessDeniedException", "ExpiredToken")
MOST_POLLS = 64
"""Connections of one process: each queue has a poll under way."""
OPTIONS = Config(
    connect_timeout=3,
    read_timeout=WAIT + 5,
    retries={"mode": "standard", "max_attempts": 2},
    max_pool_connections=MOST_POLLS,
)


def make_client(settings: Settings) -> Any:
    """A client with the login of these settings, or the role of the machine. Raises BrokerUnavailable."""
    with explained():
        return boto3.client(
            "sqs",
            region_name=settings.aws_region,
            endpoint_url=settings.aws_endpoint_url,
            aws_access_key_id=settings.aws_access_key_id,
            aws_secret_access_key=settings.aws_secret_access_key,
            aws_session_token=settings.aws_session_token,
            config=OPTIONS,
        )


def count_waiting(client: Any, url: str) -> int:
    """Messages of a queue that nobody has received, as SQS counts them: about."""
    wanted = "ApproximateNumberOfMessages"
    return int(client.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])["Attributes"][wanted])


def is_gone(error: ClientError) -> bool:
    """Whether it says that there is no such queue."""
    return error.response.get("Error", {}).get("Code") in GONE


@contextmanager
def explained() -> Generator[None]:
    """Errors of the client in our words."""
    try:
        yield
    except NoCredentialsError as error:
        raise BrokerUnavailable("SQS needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.") from error
    except NoRegionError as error:
        raise SettingsError("SQS needs AWS_DEFAULT_REGION, say us-east-1.") from error
    except ClientError as error:
        told = error.response.get("Error", {})
        words = f"{told.get('Code')}: {told.get('Message')}"
        if told.get("Code") in REFUSED:
            raise BrokerUnavailable(
                f"SQS refuses AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what they may do: {words}"
            ) from error
        raise BrokerUnavailable(f"SQS does not do what was asked: {words}") from error
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no address
        raise BrokerUnavailable(f"SQS does not answer at AWS_ENDPOINT_URL: {error}") from error
