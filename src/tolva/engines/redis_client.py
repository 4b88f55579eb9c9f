"""How we talk to Redis: a client that gives up soon, and its errors in our words."""

# pyright: reportUnknownMemberType=false

from collections.abc import Generator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tolva.errors import BrokerUnavailable

TIMEOUT = 5.0
"""Seconds after which a server that does not answer is given up; longer than anybody waits for a ring."""


def make_client(url: str) -> redis.Redis:
    """A client. It repeats nothing: that is done by us, who know what may be lost."""
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
    )


@contextmanager
def explained() -> Generator[None]:
    """Errors of the client in our words."""
    try:
        yield
    except redis.AuthenticationError as error:
        raise BrokerUnavailable(f"Redis refuses the login of REDIS_URL or REDIS_PASSWORD: {_words(error)}.") from error
    except redis.ResponseError as error:
        raise BrokerUnavailable(f"Redis does not do what was asked (6.2 or later does): {_words(error)}.") from error
    except redis.RedisError as error:
        raise BrokerUnavailable(f"Redis does not answer at REDIS_URL: {_words(error)}.") from error


def _words(error: redis.RedisError) -> str:
    return str(error).rstrip(".")
