"""Folds a header to the letters and digits that carry its meaning."""

import re
import unicodedata

_OTHER = re.compile(r"[\W_]+")
LONGEST = 200
"""Characters of a header that count; the rest is some text that stands where headers are looked for."""
_JOINING = frozenset({"de", "del", "do", "da", "dos", "das", "of"})
_ABBREVIATED = {
    "art": "articulo",
    "cant": "cantidad",
    "cod": "codigo",
    "dt": "data",
    "fch": "fecha",
    "fec": "fecha",
    "lab": "laboratorio",
    "prod": "producto",
    "qtd": "quantidade",
    "qtde": "quantidade",
    "ref": "referencia",
    "reg": "registro",
    "und": "unidad",
    "vcto": "vencimiento",
    "venc": "vencimiento",
    "vl": "valor",
    "vlr": "valor",
    "vr": "valor",
    "vto": "vencimiento",
}
"""How suppliers' lists in Spanish and Portuguese shorten words. `desc` is not among them: it is a discount as often
as a description."""


def fold(header: str) -> str:
    """As `bare`, with usual abbreviations in full, and without the words that merely join others.

    >>> fold("F. Vcto"), fold("Código de artículo") == fold("Cód. Art.")
    ('fecha vencimiento', True)
    >>> fold("F"), fold("de")
    ('f', 'de')
    """
    words = bare(header).split()
    if len(words) > 1 and words[0] == "f":
        words[0] = "fecha"
    said = [word for word in words if word not in _JOINING] or words
    return " ".join(_ABBREVIATED.get(word, word) for word in said)


def bare(header: str) -> str:
    """Lower case, without accents; punctuation, underscores and spaces become one space.

    >>> bare("  Tiempo_de Entrega (DÍAS)*")
    'tiempo de entrega dias'
    >>> bare("Preço")
    'preco'
    """
    decomposed = unicodedata.normalize("NFKD", header[:LONGEST].casefold())
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _OTHER.sub(" ", kept).strip()
