"""Addresses that answer with a page for people, and with its live part alone for the script of another page."""

from starlette.requests import Request


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks, to put the answer into a page."""
    return request.headers.get("hx-request") == "true"
