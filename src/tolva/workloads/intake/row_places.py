"""The parameters of a call that say where a list goes on: behind a row of the file, or behind what became of it."""

from typing import Annotated

from pydantic import Field

RowPlace = Annotated[int, Field(ge=-1, lt=2**31)]
"""A row of the file, or a place among what became of it; -1 stands before the first."""
