"""How a text file separates and quotes its cells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """`delimiter` is one or more characters. Without `escape`, a quote inside a quoted cell is doubled."""

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    skip_space: bool = False
    """Whether blanks after a delimiter are not part of the cell, as in `a, "b, c"`."""

    @property
    def plain(self) -> bool:
        """Whether the column engine knows it: one byte as delimiter, quotes doubled, nothing skipped."""
        return self.delimiter.isascii() and len(self.delimiter) == 1 and not self.escape and not self.skip_space
