"""Every word of the pages is there in every language."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import tolva
from tolva import app
from tolva.web.pages.languages import LANGUAGES, SOURCE

ROOT = Path(tolva.__file__).parents[2]
PACKAGES = app.make_shell().packages


OURS = {"deed.told", "each.told", "item.title"}
"""What templates translate by another name than its text: constants of ours."""


def folder(package: str) -> Path:
    return ROOT / "src" / package.replace(".", "/")


def words(package: str) -> Catalog:
    """What `make words` finds."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "NavItem": (2,), "Deed": (2,)}
    found = Catalog()
    for _, _, message, comments, context in extract_from_dir(folder(package), methods, options, keywords):
        found.add(message, auto_comments=comments, context=context)
    return found


def translated(package: str, language: str) -> Catalog:
    with (folder(package) / "locales" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE])
def test_every_word_is_translated_and_none_is_left_over(package: str, language: str) -> None:
    wanted = {str(message.id) for message in words(package) if message.id}
    there = {str(message.id) for message in translated(package, language) if message.id}
    found = [message for message in translated(package, language) if message.id]
    unused = [message.id for message in found if message.fuzzy or not _whole(message.string)]  # shown in English
    assert (wanted - there, there - wanted, unused) == (set(), set(), []), "run `make words`, and translate what is new"


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE])
def test_a_translation_names_what_its_original_names(package: str, language: str) -> None:
    for message in translated(package, language):
        originals = message.id if message.pluralizable else (message.id,)
        forms = message.string if message.pluralizable else (message.string,)
        named = set().union(*map(_named, originals))
        for form in forms:
            assert _named(form) <= named, f"{message.id!r} in {language}: {form!r}"
        assert named <= _named(forms[-1]), f"{message.id!r} in {language}: {forms[-1]!r}"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE])
def test_a_word_has_one_translation_in_all_packages(language: str) -> None:
    told: dict[str, set[str | tuple[str, ...]]] = {}
    for message in (message for package in PACKAGES for message in translated(package, language) if message.id):
        told.setdefault(str(message.id), set()).add(message.string)
    assert not {word: several for word, several in told.items() if len(several) > 1}, "the pages show one of them"


def test_no_template_translates_what_may_be_anybodys_text() -> None:
    """Templates take what `gettext` is given for markup with places to fill. Kinds of jobs have `kind_title`."""
    given = [match for template in ROOT.glob("src/tolva/**/templates/**/*.html") for match in _given(template)]
    assert "item.title" in given and set(given) <= OURS


def _whole(string: str | tuple[str, ...]) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


def _given(template: Path) -> list[str]:
    """What it translates that is no text of its own."""
    return re.findall(r"\b(?:gettext|_)\((?!\")([^)]*)\)", template.read_text(encoding="utf-8"))


def _named(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))
