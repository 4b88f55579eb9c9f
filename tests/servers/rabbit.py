"""RabbitMQ, which no wheel brings: the one that answers, if one does."""

import os
import socket
from urllib.parse import urlsplit

URL = os.environ.get("TOLVA_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672")


def rabbit_answers() -> bool:
    address = urlsplit(URL)
    try:
        with socket.create_connection((address.hostname, address.port or 5672), timeout=5):
            return True
    except OSError:
        return False
