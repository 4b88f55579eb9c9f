"""A bucket, and the few things that Tolva asks of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

import httpx
import obstore
from obstore.store import S3Store

from tolva.connectors.s3.faults import Whereabouts, explained, said
from tolva.connectors.s3.foreign import explained_to_sender
from tolva.errors import StorageUnavailable

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ClientConfig, RetryConfig

PART = 8 * 1024**2
"""Bytes that are sent or fetched in one request. S3 takes 5 to 5,000 MB; memory holds several."""
AT_ONCE = 2
"""Parts of one file that are under way."""
PATIENCE: "ClientConfig" = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)}
RETRIES: "RetryConfig" = {
    "max_retries": 5,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
}
"""A part that gets lost or a 503 is made good without a word; what stays so for long is told to whoever waits."""
ASKING = httpx.Timeout(20.0, connect=5.0)
SIGNED_SECONDS = 60.0
"""How long an address holds that is asked at once."""
NO_QUERY: Mapping[str, str] = MappingProxyType({})
DEFAULT_REGION = "us-east-1"
"""The one region whose name a new bucket must not be given."""

Method = Literal["GET", "HEAD", "PUT", "DELETE"]


@dataclass(frozen=True)
class Login:
    """Who asks. Without a key it is the machine's own role, which obstore finds as AWS's tools do."""

    region: str
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def options(self) -> dict[str, Any]:
        """The same as obstore's."""
        given = {"access_key_id": self.key, "secret_access_key": self.secret, "session_token": self.token}
        return {"region": self.region} | {name: value for name, value in given.items() if value}


class Bucket:
    """One bucket. Raises StorageUnavailable for whatever goes wrong on the way, after some tries.

    A process that has asked for something must not fork: obstore's threads are missing in the child, which would hang.
    """

    def __init__(self, name: str, endpoint: str | None, login: Login) -> None:
        self.where = Whereabouts(name, endpoint)
        self._login = login
        self._root = (endpoint or f"https://s3.{login.region}.amazonaws.com").rstrip("/")
        self._store = self._at(self._root)

    def is_there(self) -> bool:
        """Whether there is such a bucket. Raises StorageUnavailable also when it may not be used."""
        answer = self.ask("HEAD")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return False
        if not answer.is_success:  # an answer to HEAD has no room for the reason
            answer = self.ask("GET", query={"list-type": "2", "max-keys": "0"})
        if not answer.is_success:
            raise StorageUnavailable(said(self.where, f"{answer.status_code} {answer.reason_phrase} {answer.text}"))
        return True

    def make(self) -> None:
        """Make the bucket when it is absent."""
        if self.is_there():
            return
        region = self._login.region
        place = "" if region == DEFAULT_REGION else f"<LocationConstraint>{region}</LocationConstraint>"
        wanted = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>" if place else ""
        made = self.ask("PUT", content=wanted.encode())
        if not made.is_success and "BucketAlreadyOwnedByYou" not in made.text:  # by another process, a moment ago
            raise StorageUnavailable(said(self.where, f"{made.status_code} {made.text}"))

    def put(self, place: str, content: Path | bytes | Iterator[bytes]) -> None:
        """Store a file. It is there once all of it is; what an iterator raises leaves nothing."""
        with explained(self.where):
            obstore.put(self._store, place, content, chunk_size=PART, max_concurrency=AT_ONCE)

    def read(self, place: str, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`. Raises NotFound."""
        with explained(self.where):
            return bytes(obstore.get_range(self._store, place, start=start, end=end))

    def read_unchanged(self, place: str, start: int, end: int, etag: str) -> bytes:
        """The same of a file that others put there. Raises Conflict once it is not what had that `etag`.

        Where bucket or file cannot be had, that is a CallerError for whoever put it there.
        """
        with explained_to_sender(self.where, place):
            options: GetOptions = {"range": (start, end), "if_match": f'"{etag}"'}
            return bytes(obstore.get(self._store, place, options=options).bytes())

    def delete(self, place: str) -> None:
        """Remove a file; one that is gone already is fine."""
        with explained(self.where):
            obstore.delete(self._store, place)

    def signed(
        self, method: Method, place: str = "", query: Mapping[str, str] = NO_QUERY, seconds: float = SIGNED_SECONDS
    ) -> str:
        """The address of a request that obstore has no call for, signed by the login that it found.

        obstore signs paths alone. A query is signed with it where it stands in the store's own address; what obstore
        then puts behind it, a path of one character, is the value of a parameter that S3 ignores: its name begins so.
        """
        with explained(self.where):
            if not query:
                return obstore.sign(self._store, method, place, timedelta(seconds=seconds))
            address = f"{self._root}/{self.where.bucket}/{place}".rstrip("/")
            asked = self._at(f"{address}?{urlencode(query, quote_via=quote)}&x-tolva=", whole=True)
            return obstore.sign(asked, method, "1", timedelta(seconds=seconds))

    def ask(
        self, method: Method, place: str = "", query: Mapping[str, str] = NO_QUERY, content: bytes = b""
    ) -> httpx.Response:
        """What is answered to a request that obstore has no call for."""
        with explained(self.where):
            return httpx.request(method, self.signed(method, place, query), content=content, timeout=ASKING)

    def _at(self, address: str, *, whole: bool = False) -> S3Store:
        """A store at an address, which may be `whole`, or only the beginning of the bucket's."""
        options: ClientConfig = {**PATIENCE, "allow_http": address.startswith("http://")}
        return S3Store(
            self.where.bucket,
            endpoint=address,
            virtual_hosted_style_request=whole,
            disable_bulk_delete=True,  # which not all that speak like S3 know
            client_options=options,
            retry_config=RETRIES,
            **self._login.options(),
        )
