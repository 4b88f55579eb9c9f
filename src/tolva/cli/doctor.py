"""Stub."""


def doctor() -> None:
    """Check every setting and dependency."""
