"""Redis as Celery's broker, where a foreign program may put what is no message: by itself, a worker ends of it."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

import logging
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

log = logging.getLogger(__name__)

SCHEMES = ("redis", "rediss")


def use_our_transport() -> None:
    """For addresses of these schemes. Celery's `broker_transport` would drop the scheme, and with it TLS."""
    TRANSPORT_ALIASES.update(dict.fromkeys(SCHEMES, f"{__name__}:Transport"))


class Channel(redis.Channel):
    """Also reads what is no JSON."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except (ValueError, RecursionError):
            log.warning("a queue of Celery held something that is no message; it is dropped", exc_info=True)


class Transport(redis.Transport):
    """Delivers what is a message alone."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:
        if not _is_message(message):
            log.warning("queue %s held something that is no message of Celery; it is dropped: %.80r", queue, message)
            return
        super()._deliver(message, queue)


def _is_message(given: Any) -> bool:
    try:
        properties = given["properties"]
        return {"exchange", "routing_key"} <= properties["delivery_info"].keys() and "delivery_tag" in properties
    except (TypeError, KeyError, AttributeError, IndexError):
        return False
