"""Named queries out of .sql files. Each begins with `-- name: some_name`, then a sentence, then one statement."""

import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import LiteralString, cast

_HEAD = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def load_queries(package: str, file: str = "queries.sql") -> Mapping[str, LiteralString]:
    """Name → statement, of the .sql file beside a package's modules."""
    return parse_queries(resources.files(package).joinpath(file).read_text("utf-8"))


def parse_queries(text: str) -> Mapping[str, LiteralString]:
    """Name → statement, which begins with its name: so whoever watches the server knows it again.

    The text ships with the package and never meets input, which is what LiteralString stands for.

    >>> dict(parse_queries("-- name: one\\n-- The number.\\nSELECT 1;\\n-- name: two\\nSELECT 2;"))
    {'one': '-- name: one\\n-- The number.\\nSELECT 1', 'two': '-- name: two\\nSELECT 2'}
    """
    _, *parts = _HEAD.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return MappingProxyType(
        {name: cast(LiteralString, f"-- name: {name}\n{body.strip().rstrip(';')}") for name, body in pairs}
    )
