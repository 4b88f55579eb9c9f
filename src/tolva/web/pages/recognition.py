"""A text, read as sentences that are known."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from tolva.web.pages.sentence import Sentence

OURS, PERHAPS = "said", "perhaps"
"""What the names of places begin with that hold a part: surely, so that anything else makes it another sentence; or
it may be somebody else's words, which stay as they are."""
BETWEEN = re.compile(r"(?<=[.?!]) |; ")
BETWEEN_PARTS = re.compile(r"(?<=[.?!]) |[;,] ")
MOST_CUTS = 40
MOST_READINGS = 8
MOST_IN_A_ROW = 80
DEEPEST = 3
"""However odd a text is: a sentence is looked for up to so many cuts, read in so many ways, and not followed by more;
parts have parts down to here."""
Key = tuple[str, int]


@dataclass(frozen=True)
class Recognition:
    """One look at a text. What its pieces are is kept: they come again in others.

    `known` is by the first character, or "" for those that begin with a place; the surest first.
    """

    known: Mapping[str, Sequence[Sentence]]
    language: str
    rows: dict[Key, str | None] = field(default_factory=dict[Key, "str | None"])
    pieces: dict[Key, str | None] = field(default_factory=dict[Key, "str | None"])

    def read(self, text: str, *, depth: int = 0, most: int = MOST_IN_A_ROW) -> str | None:
        """Sentences in a row, in the language; in some `depth`, parts of one. None unless all of it is known."""
        key = text, depth
        if key not in self.rows:
            self.rows[key] = self._in_a_row(text, depth=depth, most=most) if most and depth <= DEEPEST else None
        return self.rows[key]

    def _in_a_row(self, text: str, *, depth: int, most: int) -> str | None:
        """The first piece as short as it goes: a longer one may swallow what is a sentence by itself."""
        for end, after in _ends(text, BETWEEN_PARTS if depth else BETWEEN):
            one = self._one(text[:end], depth=depth)
            if one is not None and after == len(text):
                return one
            rest = None if one is None else self.read(text[after:], depth=depth, most=most - 1)
            if one is not None and rest is not None:
                return one + text[end:after] + rest
        return None

    def _one(self, text: str, *, depth: int) -> str | None:
        key = text, depth
        if key not in self.pieces:
            self.pieces[key] = next(self._each(text, depth=depth), None)
        return self.pieces[key]

    def _each(self, text: str, *, depth: int) -> Iterator[str]:
        """As one sentence; the stop at its end may have been added where it came before another."""
        for sentence in (*self.known.get(text[:1], ()), *self.known[""]):
            if (depth or not sentence.part) and sentence.may_be(text):
                for values in islice(sentence.readings(text), MOST_READINGS):
                    yield from self._filled(sentence, values, depth)
        if text.endswith(".") and (found := self._one(text[:-1], depth=depth)):
            yield f"{found}."

    def _filled(self, sentence: Sentence, values: dict[str, str], depth: int) -> Iterator[str]:
        """With its values, unless a place for a part of ours holds something else."""
        for name, value in values.items():
            if name.startswith((OURS, PERHAPS)):
                part = self.read(value, depth=depth + 1)
                if part is None and name.startswith(OURS):
                    return
                values[name] = value if part is None else part
        yield sentence.translations.get(self.language, sentence.text) % values


def _ends(text: str, between: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where a first sentence can end and the next begin; at the end of the text, too.

    >>> _ends("One. Two.", BETWEEN)
    [(4, 5), (9, 9)]
    """
    return [*(cut.span() for cut in islice(between.finditer(text), MOST_CUTS)), (len(text), len(text))]
