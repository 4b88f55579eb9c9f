"""Folds a header to the letters and digits that carry its meaning."""

import re
import unicodedata

_OTHER = re.compile(r"[\W_]+")
LONGEST = 200
"""Characters of a header that count; the rest is some text that stands where headers are looked for."""


def fold(header: str) -> str:
    """Lower case, without accents; punctuation, underscores and spaces become one space.

    >>> fold("  Tiempo_de Entrega (DÍAS)*")
    'tiempo de entrega dias'
    >>> fold("Preço")
    'preco'
    """
    decomposed = unicodedata.normalize("NFKD", header[:LONGEST].casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _OTHER.sub(" ", bare).strip()
