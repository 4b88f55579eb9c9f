"""A sentence with places for values, and the ways in which a text can be read as one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Sentence:
    """`text` is as the code says it, with its places as `%(name)s`; `translations` the same in the other languages.

    A `part` stands only within others.
    """

    text: str
    translations: Mapping[str, str]
    part: bool

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(PLACE.split(self.text)[::2])

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(PLACE.findall(self.text))

    @cached_property
    def weight(self) -> int:
        """How many characters of it are its own: the more, the surer it is when a text can be read as it."""
        return sum(map(len, self._words))

    @property
    def first(self) -> str:
        """The character that it begins with; "" for a place."""
        return self._words[0][:1]

    def may_be(self, text: str) -> bool:
        """Whether the text begins and ends like it: cheap, and enough to leave most sentences out."""
        return text.startswith(self._words[0]) and text.endswith(self._words[-1])

    def readings(self, text: str) -> Iterator[dict[str, str]]:
        """The values of the text, each way it can be read as this sentence.

        >>> list(Sentence('%(field)s: "%(cell)s" is %(what)s', {}, False).readings('price: "x" is odd'))
        [{'field': 'price', 'cell': 'x', 'what': 'odd'}]
        """
        return (dict(zip(self._names, values, strict=True)) for values in _between(text, self._words))


def _between(text: str, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What stands between the words, each way the text can be cut. No value is empty.

    >>> list(_between("a-b-c.", ("", "-", ".")))
    [('a', 'b-c'), ('a-b', 'c')]
    """
    first, *others = words
    if not text.startswith(first):
        return
    left = text[len(first) :]
    if not others:
        yield from [()] if not left else []
    elif len(others) == 1:
        yield from [(left.removesuffix(others[0]),)] if left.endswith(others[0]) and left != others[0] else []
    else:
        at = left.find(others[0], 1)
        while at > 0:
            yield from ((left[:at], *values) for values in _between(left[at:], others))
            at = left.find(others[0], at + 1)
