"""A status that is as its reader knows it is not sent again."""

import json
from hashlib import blake2s
from typing import Annotated, Any

from fastapi import Header, Response

IfNoneMatch = Annotated[str | None, Header(max_length=1000, description="The ETag of what you have.")]
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as you know it."}}
"""For `responses` of a call that uses this."""


def unchanged(response: Response, version: object, known: str | None) -> Response | None:
    """Gives `response` the ETag of a version (JSON); the answer 304 instead, where the reader has that one."""
    tag = f'W/"{blake2s(json.dumps(version).encode(), digest_size=8).hexdigest()}"'
    response.headers["ETag"] = tag
    if tag in _tags(known or ""):
        return Response(status_code=304, headers={"ETag": tag})
    return None


def _tags(known: str) -> list[str]:
    """Those that a reader has.

    >>> _tags('W/"3-", "x"')
    ['W/"3-"', '"x"']
    """
    return [tag.strip() for tag in known.split(",")]
