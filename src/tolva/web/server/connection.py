"""A connection that can be cut: its last bytes would wait for a client that takes nothing."""

from asyncio import BaseTransport, Transport
from collections.abc import Callable
from typing import cast

from starlette.types import Scope

from tolva.web.server.request_head import RequestHead

CUT = "tolva.cut"
"""Where a request's state has the function."""


class Connection(RequestHead):
    """uvicorn's, whose requests, WebSockets too, can break it off."""

    def connection_made(self, transport: BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A client is there."""
        super().connection_made(cast(Transport, transport))
        self.app_state = {**self.app_state, CUT: cast(Transport, transport).abort}


def cut_of(scope: Scope) -> Callable[[], None]:
    """What breaks off the connection of a request. Under another server than ours it does nothing."""
    return scope.get("state", {}).get(CUT, lambda: None)
