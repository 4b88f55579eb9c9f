"""What errors and files are told in, said in the reader's language.

Errors, notes and refused rows come to a page as texts: out of the database, of another process, of an answer. They are
in the one language that API, logs and stored rows have. `locales/sentences/<language>.po` of a package has them; a text
is recognised as one, or as several in a row, and what stands in their places is put into the translation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from babel.messages.pofile import read_po
from markupsafe import Markup

from tolva.web.pages.languages import LANGUAGES
from tolva.web.pages.recognition import Recognition
from tolva.web.pages.sentence import Sentence

PART = "part"
"""The context of what stands only within sentences."""
LONGEST = 4_000
"""Characters of a text that is looked at."""


@dataclass(frozen=True)
class Sentences:
    """All that are `known`, for readers of one language."""

    language: str
    known: Sequence[Sentence]

    def translated(self, text: str, most: int | None = None) -> str:
        """For a page: in the reader's language, with at most so many characters. What is not known stays as it is.

        Nobody knows the language of that; it is marked so, for programs that read pages aloud.
        """
        found = self.read(text)
        shown = _shortened(text if found is None else found, most)
        return Markup('<span lang="">{}</span>').format(shown) if found is None else shown

    def plain(self, text: str) -> str:
        """The same without a mark: for names, some of which are ours, and for scripts."""
        found = self.read(text)
        return text if found is None else found

    def read(self, text: str) -> str | None:
        """In the reader's language; None for what is not known."""
        return Recognition(self._by_first, self.language).read(text) if len(text) <= LONGEST else None

    @cached_property
    def _by_first(self) -> Mapping[str, Sequence[Sentence]]:
        firsts: dict[str, list[Sentence]] = {"": []}
        for sentence in sorted(self.known, key=lambda each: -each.weight):
            firsts.setdefault(sentence.first, []).append(sentence)
        return firsts


def _shortened(text: str, most: int | None) -> str:
    """With an ellipsis where something is left out.

    >>> _shortened("one two", 4), _shortened("one", 4)
    ('one…', 'one')
    """
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"


def known_sentences(packages: Sequence[str]) -> list[Sentence]:
    """Those of these packages; the language that has no translation of one is its own."""
    told: dict[tuple[str, bool], dict[str, str]] = {}
    for package in packages:
        for language in LANGUAGES:
            for key, text in _catalog(package, language):
                told.setdefault(key, {})[language] = text
    return [Sentence(text, languages, part) for (text, part), languages in told.items()]


def _catalog(package: str, language: str) -> Iterator[tuple[tuple[str, bool], str]]:
    path = resources.files(package).joinpath("locales", "sentences", f"{language}.po")
    if path.is_file():
        with path.open("rb") as file:
            messages = [message for message in read_po(file, locale=language) if message.id]
        yield from (((str(message.id), message.context == PART), str(message.string)) for message in messages)
