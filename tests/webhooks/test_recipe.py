"""The recipe in the docs verifies what we sign."""

import re
import time
from pathlib import Path

import pytest

from tolva.workloads.webhooks.signature import signature

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
BODY = b'{"id": "1"}'


@pytest.fixture
def is_from_tolva():
    [code] = re.findall(r"```python\n(import hashlib.*?)```", PAGE.read_text("utf-8"), re.S)
    names: dict = {}
    exec(code, names)
    return names["is_from_tolva"]


def test_the_recipe_takes_what_is_ours(is_from_tolva) -> None:
    now = int(time.time())
    assert is_from_tolva("new", signature(["new", "old"], now, BODY), BODY)
    assert is_from_tolva("old", signature(["new", "old"], now, BODY), BODY)


def test_the_recipe_refuses_what_is_not(is_from_tolva) -> None:
    now = int(time.time())
    assert not is_from_tolva("other", signature(["new"], now, BODY), BODY)
    assert not is_from_tolva("new", signature(["new"], now, BODY), BODY + b" ")
    assert not is_from_tolva("new", signature(["new"], now - 1000, BODY), BODY)
    assert not is_from_tolva("new", "", BODY) and not is_from_tolva("new", "t=é,v1=é", BODY)
