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
from tolva.web.pages.recognition import NOTHING, Recognition, Shown
from tolva.web.pages.sentence import Sentence

PART = "part "
"""What the context begins with of what stands only within sentences; then comes its kind."""
WHO = "who"
"""The kind of names of those who act: most are somebody's own."""
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
        """The same without a mark, for scripts."""
        found = self.read(text)
        return text if found is None else found

    def who(self, name: str) -> str:
        """Whoever did something: names that are ours in the reader's language, the others as they are."""
        found = self.read(name, WHO)
        return name if found is None else found

    def actor(self, shown: str) -> str:
        """Whoever `who` shows as this."""
        names = [_back(each, self.language) for each in self.known if each.kind == WHO]
        return Sentences(self.language, names).who(shown)

    def read(self, text: str, kind: str = "", shown: Shown = NOTHING) -> str | None:
        """In the reader's language, sentences or a part of a kind; None for what is not known; `shown` as there."""
        return Recognition(self.by_first, self.language, shown).read(text, kind) if len(text) <= LONGEST else None

    @cached_property
    def by_first(self) -> Mapping[tuple[str, str], Sequence[Sentence]]:
        """Those of a kind that begin with a character, or with a place (""); the surest first."""
        firsts: dict[tuple[str, str], list[Sentence]] = {}
        for sentence in sorted(self.known, key=lambda each: -each.weight):
            firsts.setdefault((sentence.kind, sentence.first), []).append(sentence)
        return firsts


def _back(sentence: Sentence, language: str) -> Sentence:
    """From a language to that of the code.

    >>> _back(Sentence("this machine", {"es": "esta máquina"}, "who"), "es")
    Sentence(text='esta máquina', translations={'es': 'this machine'}, kind='who')
    """
    text = sentence.translations.get(language, sentence.text)
    return Sentence(text, {language: sentence.text}, sentence.kind)


def _shortened(text: str, most: int | None) -> str:
    """With an ellipsis where something is left out.

    >>> _shortened("one two", 4), _shortened("one", 4)
    ('one…', 'one')
    """
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"


def known_sentences(packages: Sequence[str]) -> list[Sentence]:
    """Those of these packages; the language that has no translation of one is its own."""
    told: dict[tuple[str, str], dict[str, str]] = {}
    for package in packages:
        for language in LANGUAGES:
            for key, text in _catalog(package, language):
                told.setdefault(key, {})[language] = text
    return [Sentence(text, languages, kind) for (text, kind), languages in told.items()]


def _catalog(package: str, language: str) -> Iterator[tuple[tuple[str, str], str]]:
    path = resources.files(package).joinpath("locales", "sentences", f"{language}.po")
    if path.is_file():
        with path.open("rb") as file:
            messages = [message for message in read_po(file, locale=language) if message.id]
        kinds = ((message.context or "").removeprefix(PART) for message in messages)
        yield from (((str(each.id), kind), str(each.string)) for each, kind in zip(messages, kinds, strict=True))
