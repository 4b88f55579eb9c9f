"""Texts, times and numbers as the API takes them: what PostgreSQL cannot hold is refused before it gets there."""

import re
from typing import Annotated

from fastapi import Path
from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text."""

_DATED = re.compile(r"\d{4}-\d\d-\d\d[Tt_ ]", re.ASCII)


def _written(value: object) -> object:
    if not (isinstance(value, str) and _DATED.match(value)):
        raise ValueError("write a time such as 2030-01-31T08:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time with its zone. A number, also as text, would be taken for seconds since 1970, which nobody means."""

Seq = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of an event or of a letter."""
Version = Annotated[int, Field(ge=0, lt=2**31)]
"""The number of a version."""

_NAME = r"^[^\x00-\x20\x7f/.][^\x00-\x1f\x7f/]*$"
NameInPath = Annotated[str, Path(min_length=1, max_length=100, pattern=_NAME)]
"""A name that is part of an address."""
