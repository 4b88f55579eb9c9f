"""Problem documents (RFC 9457): what an error is answered with, and how the API's documentation describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tolva.logs import logged_field


class Problem(BaseModel):
    """What went wrong, and what to do (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:tolva:not-found",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no upload 0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e.",
            }
        },
    )
    type: str = Field(description="Stable, for programs.")
    title: str
    status: int
    detail: str = Field(description="For people: what to do.")


MEDIA_TYPE = "application/problem+json"
REFERENCE: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a router or route: the problems that it answers with, for the API's documentation.

    >>> problems(404)[404]["description"], list(problems(404)[404]["content"])
    ('Not Found', ['application/problem+json'])
    """
    content = {MEDIA_TYPE: REFERENCE}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


ALWAYS = problems(400, 401, 429, 503)
"""What any call may be answered with that asks who calls, and knows its parameters."""


@dataclass(frozen=True)
class Fault:
    """An error as its sender is told it. `kind` is stable and for programs, `detail` is for people."""

    status: int
    kind: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def document(self) -> JSONResponse:
        """The same as problem+json."""
        title = HTTPStatus(self.status).phrase
        body: dict[str, Any] = {
            "type": f"urn:tolva:{self.kind}",
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            body["request_id"] = logged_field("request_id")  # to be quoted: the log has more
        return JSONResponse(body | dict(self.more), self.status, self.headers, media_type=MEDIA_TYPE)
