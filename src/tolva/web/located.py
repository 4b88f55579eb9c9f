"""Where that which a call has begun can be seen: the `Location` of every 202 of the API."""

from typing import Any

from starlette.responses import Response

LOCATION: dict[str, Any] = {
    "Location": {
        "description": "Where the job can be seen.",
        "schema": {"type": "string", "examples": ["/api/v1/jobs/019ac1d2-7c4b-7f0e-a9d1-3f1c2b7a9e55"]},
    }
}
"""The header in the API's documentation."""


def locate(response: Response, address: str) -> None:
    """Say it in an answer."""
    response.headers["Location"] = address


def job_address(id: object) -> str:
    """Where a job can be seen.

    >>> job_address("019ac1d2")
    '/api/v1/jobs/019ac1d2'
    """
    return f"/api/v1/jobs/{id}"
