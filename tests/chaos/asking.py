"""Calls that are repeated until they are answered, as a patient client repeats them."""

import threading
import time
from typing import Any

import httpx

from tests.chaos.up import Up

PAUSE = 0.05
"""Seconds between two questions."""


class Asking:
    """Questions to a `tolva up` that may be down, or start again at another port. Usable by one thread."""

    def __init__(self, up: Up) -> None:
        self._up = up
        self._http = httpx.Client(timeout=5)
        self.given_up = threading.Event()
        """Set it to end whoever still asks."""

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """The first answer that is no server error. Raises HTTPStatusError for an error of the caller's."""
        while not self.given_up.is_set():
            answer = self._try(method, path, **given)
            if answer is not None and answer.status_code < 500:
                return answer.raise_for_status()
            time.sleep(PAUSE)
        raise RuntimeError("the test is over")

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _try(self, method: str, path: str, **given: Any) -> httpx.Response | None:
        url = self._up.url
        if url is None:
            return None
        try:
            return self._http.request(method, url + path, **given)
        except httpx.TransportError:
            return None
