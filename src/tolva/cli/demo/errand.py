"""The demonstration's client: only what any other client could do over HTTP too."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tolva.errors import DatabaseUnavailable, InvalidInput, TryLater

UPLOAD = "/api/catalog/items/bulk-upload"
PATIENCE = 60.0
"""Seconds for the API to answer its first call, and for a silent job to move."""
LOOK = 0.2
"""Seconds between two status calls."""
ENDED = ("completed", "failed")

Answer = dict[str, Any]


@dataclass(frozen=True)
class Accepted:
    """The answer to the upload. `seconds` is how long it took."""

    status: int
    body: Answer
    seconds: float


def await_health(client: httpx.Client) -> None:
    """Until the API and what it needs answer. Raises DatabaseUnavailable."""
    until, said = time.monotonic() + PATIENCE, ""
    while time.monotonic() < until:
        try:
            answer = client.get("/health")
        except httpx.TransportError as error:
            said = str(error)
        else:
            if answer.is_success:
                return
            said = answer.text
        time.sleep(0.05)
    raise DatabaseUnavailable(f"The API did not get ready within {PATIENCE:.0f} s. It said last: {said or 'nothing'}")


def upload(client: httpx.Client, file: Path, supplier: str) -> Accepted:
    """Send the workbook as a browser would. Raises InvalidInput when it is refused."""
    with file.open("rb") as stream:
        began = time.monotonic()
        answer = client.post(UPLOAD, params={"proveedor_id": supplier}, files={"file": (file.name, stream)})
    if answer.is_error:
        raise InvalidInput(f"The upload was refused ({answer.status_code}): {answer.text}")
    return Accepted(answer.status_code, answer.json(), time.monotonic() - began)


def follow(client: httpx.Client, status_url: str) -> Iterator[Answer]:
    """The answers of the status call until the job has ended. Raises TryLater when it does not move any more."""
    last, moved = "", time.monotonic()
    while True:
        answer: Answer = client.get(status_url).raise_for_status().json()
        yield answer
        if answer["status"] in ENDED:
            return
        if answer["updated_at"] != last:
            last, moved = answer["updated_at"], time.monotonic()
        if time.monotonic() - moved > PATIENCE:
            raise TryLater(f"The job did not move for {PATIENCE:.0f} s; `tolva doctor` may know why.")
        time.sleep(LOOK)


def download(client: httpx.Client, url: str, target: Path) -> None:
    """Save what lies behind a URL."""
    target.write_bytes(client.get(url).raise_for_status().content)


def told(client: httpx.Client, task_id: str) -> Answer:
    """An upload in the words of the uniform API: its counts, and which column went where."""
    return client.get(f"/api/v1/uploads/{task_id}").raise_for_status().json()
