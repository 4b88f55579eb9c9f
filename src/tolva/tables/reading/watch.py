"""How work on a large file hears that nobody wants it any more."""

from collections.abc import Callable

Watch = Callable[[], None]
"""Called about once a second or more often; raises what must end the work."""


def unwatched() -> None:
    """For work that nobody stops."""
