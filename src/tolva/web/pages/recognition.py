"""A text, read as sentences that are known."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from tolva.web.pages.row import in_a_row
from tolva.web.pages.sentence import Sentence

PLACE_OF_OURS = re.compile(r"(said|each|perhaps)(?:_([a-z]+)(?:_\w+)?)?")
"""What places are called that hold something of ours, and of which kind: one surely (`said_state`), so that anything
else makes it another sentence; several in a row (`each_column`); or one, or somebody else's words, which stay as they
are (`perhaps_key`). Without a kind it is a sentence. What is after the kind tells two places apart."""
BETWEEN = re.compile(r"(?<=[.?!]) |; ")
BETWEEN_PARTS = re.compile(r"(?<=[.?!]) |[;,] ")
MOST_CUTS = 400
MOST_IN_ONE = 40
MOST_READINGS = 8
MOST_PIECES = 2_000
DEEPEST = 3
"""However odd a text is: it is cut up to so many times, and a piece goes over so many cuts; a piece is read in so many
ways; so many pieces are looked at in all, with the parts of parts down to here."""
Key = tuple[str, str, int]
Shown = Mapping[str, Callable[[str], str]]
NOTHING: Shown = MappingProxyType({})


@dataclass(frozen=True)
class Recognition:
    """One look at a text. What its pieces are is kept: they come again in others.

    `known` is by the kind and the first character, or "" for those that begin with a place; the surest first. `shown`
    is how the values of places are shown, by the name of the place, where not as they are.
    """

    known: Mapping[tuple[str, str], Sequence[Sentence]]
    language: str
    shown: Shown = field(default_factory=lambda: NOTHING)
    pieces: dict[Key, str | None] = field(default_factory=dict[Key, "str | None"])

    def read(self, text: str, kind: str = "") -> str | None:
        """In the language: sentences in a row, or one part of a kind. None unless all of it is known."""
        found = self._one(text, kind, 0) if kind else self._each(text, kind, 0)
        return None if self._is_used_up else found

    @property
    def _is_used_up(self) -> bool:
        return len(self.pieces) >= MOST_PIECES

    def _each(self, text: str, kind: str, depth: int) -> str | None:
        """The first piece as short as it goes: a longer one may swallow what is a sentence by itself."""
        ends = _ends(text, BETWEEN_PARTS if kind else BETWEEN)
        begins = [0, *(after for _, after in ends)]

        def piece(first: int, last: int) -> str | None:
            return self._one(text[begins[first] : ends[last][0]], kind, depth)

        row = in_a_row(len(ends), piece, MOST_IN_ONE)
        return None if row is None else "".join(told + text[slice(*ends[last])] for last, told in row)

    def _one(self, text: str, kind: str, depth: int) -> str | None:
        key = text, kind, depth
        if key not in self.pieces:
            if self._is_used_up or depth > DEEPEST:
                return None
            self.pieces[key] = None  # counts from now on
            self.pieces[key] = self._looked_at(text, kind, depth)
        return self.pieces[key]

    def _looked_at(self, text: str, kind: str, depth: int) -> str | None:
        """As one sentence; the stop at its end may have been added where it came before another."""
        whole = next(self._readings(text, kind, depth), None)
        if whole is not None or not text.endswith("."):
            return whole
        stopped = next(self._readings(text[:-1], kind, depth), None)
        return None if stopped is None else f"{stopped}."

    def _readings(self, text: str, kind: str, depth: int) -> Iterator[str]:
        for sentence in (*self.known.get((kind, text[:1]), ()), *self.known.get((kind, ""), ())):
            if sentence.may_be(text):
                for values in islice(sentence.readings(text), MOST_READINGS):
                    yield from self._filled(sentence, values, depth)

    def _filled(self, sentence: Sentence, values: dict[str, str], depth: int) -> Iterator[str]:
        """With its values, unless a place for something of ours holds something else."""
        for name, value in values.items():
            if place := PLACE_OF_OURS.fullmatch(name):
                look = self._each if place[1] == "each" else self._one
                part = look(value, place[2] or "", depth + 1)
                if part is None and place[1] != "perhaps":
                    return
                values[name] = value if part is None else part
            elif name in self.shown:
                values[name] = self.shown[name](value)
        yield sentence.translations.get(self.language, sentence.text) % values


def _ends(text: str, between: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where a first sentence can end and the next begin; at the end of the text, too.

    >>> _ends("One. Two.", BETWEEN)
    [(4, 5), (9, 9)]
    """
    return [*(cut.span() for cut in islice(between.finditer(text), MOST_CUTS)), (len(text), len(text))]
