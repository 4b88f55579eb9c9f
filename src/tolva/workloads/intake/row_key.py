"""The key of a row, as whoever reads of the row sees it: what of it the file gives, a text or several."""

from tolva.tables.ledger import key_parts

Key = str | list[str]


def row_key(text: str, *, several: bool) -> Key:
    """From the text in which the ledger writes it.

    >>> row_key("A1", several=False), row_key('["A1", "2026-01-31"]', several=True)
    ('A1', ['A1', '2026-01-31'])
    """
    return key_parts(text, several=True) if several else text


def format_key(key: Key) -> str:
    """On one line.

    >>> format_key(["A1", "2026-01-31"])
    'A1 / 2026-01-31'
    """
    return key if isinstance(key, str) else " / ".join(key)
