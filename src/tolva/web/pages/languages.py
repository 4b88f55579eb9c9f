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

from tolva.tables.locale import signs_of

LANGUAGES: Mapping[str, str] = {"es": "Español", "pt": "Português", "en": "English"}
"""By code, in the language's own words."""
SOURCE = "en"
"""The language that the templates are written in."""
COOKIE = "tolva_lang"


def language_of(request: HTTPConnection) -> str:
    """One of LANGUAGES."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen and chosen in LANGUAGES else accepted(request.headers.get("accept-language", ""))


def has_decimal_comma(request: HTTPConnection) -> bool:
    """Whether the reader writes decimals with a comma, as far as the browser tells their country."""
    return writes_comma(language_of(request), request.headers.get("accept-language", ""))


def writes_comma(language: str, header: str) -> bool:
    """The same of a language, in the country that the browser would rather have it of.

    >>> writes_comma("es", "es-CO,es"), writes_comma("es", "en-US,es-MX;q=0.9"), writes_comma("es", "es-419")
    (True, False, True)
    >>> writes_comma("en", "es-CO"), writes_comma("pt", "")
    (False, True)
    """
    if language == SOURCE:
        return False
    own = (tag for tag in _wishes(header) if re.fullmatch(f"{language}_[A-Za-z]{{2}}", tag))
    return signs_of(next(own, language)).decimal == ","


def accepted(header: str) -> str:
    """What a browser would rather have.

    >>> accepted("pt-BR,pt;q=0.9,en;q=0.8"), accepted("de, es;q=0.5"), accepted("")
    ('pt', 'es', 'en')
    """
    return negotiate_locale(_wishes(header), list(LANGUAGES), sep="_") or SOURCE


def regional(language: str, header: str) -> str:
    """The language, as the region writes it that a browser names first with it, if we know that one.

    >>> regional("en", "en-GB,en;q=0.9"), regional("es", "pt-BR,es;q=0.5"), regional("en", "en-XX,en-us;q=0.5")
    ('en_GB', 'es', 'en_US')
    """
    known = (normalize_locale(tag) for tag in _wishes(header) if tag.startswith(f"{language}_"))
    return next(filter(None, known), language)


def _wishes(header: str) -> list[str]:
    """The languages that a browser takes, the best first: `es_MX`."""
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
