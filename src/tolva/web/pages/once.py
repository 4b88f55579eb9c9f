"""What is sent twice from one page, by a double click or a reload, is done once."""

import hashlib
import json
import uuid


def new_token() -> str:
    """A page's own, for its forms to bring along."""
    return uuid.uuid4().hex


def once_key(token: str, *what: object) -> str | None:
    """An idempotency key for `what` a form with that token asks for; None without a token. JSON in, hex out.

    >>> once_key("a", "load") == once_key("a", "load"), once_key("a", "load") == once_key("a", "dry run")
    (True, False)
    """
    if not token:
        return None
    return hashlib.sha256(json.dumps([token, *what], sort_keys=True).encode()).hexdigest()
