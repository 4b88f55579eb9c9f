"""Where a list of a load goes on, as its calls and its pages are asked for it."""

from typing import Annotated

from pydantic import Field

After = Annotated[int, Field(ge=-1, lt=2**31)]
"""A row of the file, or a place among what became of it; -1 stands before the first."""
