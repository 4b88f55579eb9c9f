"""Texts as the API takes them: what PostgreSQL cannot hold is refused before it gets there."""

from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text."""

_NAME = r"^[^\x00-\x20\x7f/.][^\x00-\x1f\x7f/]*$"
NameInPath = Annotated[str, Path(min_length=1, max_length=100, pattern=_NAME)]
"""A name that is part of an address."""
