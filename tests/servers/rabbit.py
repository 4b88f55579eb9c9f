"""RabbitMQ, which no wheel brings: the one that answers, if one does."""

import os
from collections.abc import Sequence

import pika
import pika.exceptions

URL = os.environ.get("TOLVA_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672")


def rabbit_answers(url: str = URL) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(f"{url}?socket_timeout=10")).close()
    except (pika.exceptions.AMQPError, OSError):
        return False
    return True


def purge_queues(names: Sequence[str]) -> None:
    """Drop what lies in them."""
    connection = pika.BlockingConnection(pika.URLParameters(URL))
    for name in names:
        connection.channel().queue_purge(name)
    connection.close()


def publish(name: str, texts: Sequence[str]) -> None:
    """Send them to a queue that there is."""
    connection = pika.BlockingConnection(pika.URLParameters(URL))
    for text in texts:
        connection.channel().basic_publish("", name, text.encode())
    connection.close()


def delete_queues(names: Sequence[str], url: str = URL) -> None:
    """Also those that Dramatiq makes beside each. Celery and Dramatiq do not make a queue alike."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for name in names:
        for more in ("", ".DQ", ".XQ"):
            channel.queue_delete(name + more)
    connection.close()
