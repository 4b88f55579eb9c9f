"""In which language a page speaks: the reader's choice, else what the browser asks for."""

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from io import BytesIO

from babel.core import negotiate_locale
from babel.localedata import normalize_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import HTTPConnection

LANGUAGES: Mapping[str, str] = {"es": "Español", "pt": "Português", "en": "English"}
"""By code, in the language's own words."""
SOURCE = "en"
"""The language that the templates are written in."""
COOKIE = "tolva_lang"


def language_of(request: HTTPConnection) -> str:
    """One of LANGUAGES."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen and chosen in LANGUAGES else accepted(request.headers.get("accept-language", ""))


def accepted(header: str) -> str:
    """What a browser would rather have.

    >>> accepted("pt-BR,pt;q=0.9,en;q=0.8"), accepted("de, es;q=0.5"), accepted("")
    ('pt', 'es', 'en')
    """
    return negotiate_locale(_tags(header), list(LANGUAGES), sep="_") or SOURCE


def regional(language: str, header: str) -> str:
    """The language, as the region writes it that a browser names first with it, if we know that one.

    A country says more than a continent.

    >>> regional("en", "EN-gb,en;q=0.9"), regional("es", "pt-BR,es;q=0.5"), regional("en", "en-XX,en-us;q=0.5")
    ('en_GB', 'es', 'en_US')
    >>> regional("es", "es-419,es"), regional("es", "es-419,es-MX;q=0.9"), regional("en", "en-Shaw-GB")
    ('es_419', 'es_MX', 'en')
    """
    region = re.compile(rf"{language}_(?:[a-z]{{2}}|[0-9]{{3}})", re.IGNORECASE)
    known = filter(None, (normalize_locale(tag) for tag in _tags(header) if region.fullmatch(tag)))
    return min(known, key=names_continent, default=language)


def names_continent(locale: str) -> bool:
    """Whether it is the language of many countries, as es_419 is."""
    return locale[-1].isdigit()


def _tags(header: str) -> list[str]:
    """What a browser would have, best first, with `_` before the region."""
    wishes = sorted(enumerate(header.split(",")), key=lambda wish: (-_weight(wish[1]), wish[0]))
    return [wish.split(";")[0].strip().replace("-", "_") for _, wish in wishes]


def _weight(wish: str) -> float:
    _, _, weight = wish.partition("q=")
    try:
        return float(weight or 1)
    except ValueError:
        return 0.0


def translations(packages: Sequence[str], language: str) -> NullTranslations:
    """The words of a language, out of `locales/<language>.po` of these packages, each of which must have one."""
    if language == SOURCE:
        return NullTranslations()
    whole = Translations()
    for package in packages:
        whole.merge(_catalog(package, language))
    return whole


def _catalog(package: str, language: str) -> Translations:
    with resources.files(package).joinpath("locales", f"{language}.po").open("rb") as file:
        compiled = BytesIO()
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)
