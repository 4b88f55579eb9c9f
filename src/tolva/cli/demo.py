"""Stub."""


def demo() -> None:
    """Demo."""
