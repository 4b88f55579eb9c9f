"""The words of labels: how they are kept, and how a search asks for them.

Each word begins with a mark of its tenant. So the entries of the index that a search reads are of one tenant alone,
however many others use the same words.
"""

import hashlib
import re
import unicodedata

MOST_WORDS = 40
"""Words of a label that can be searched for; far more than fit into a file's name that a person gave."""
MOST_ASKED = 8
"""Words of a search that count."""
MOST_LETTERS = 40
"""Characters of a word that count."""

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORD = re.compile(rf"{_ID}|[^\W\d_]+|\d+")
"""Letters and digits are words apart: `factura123` is found by `123`, too. An id is one word."""


def label_words(tenant_id: str, label: str) -> str:
    """The marked words of a label, with blanks between them; empty when it has none.

    >>> label_words("a", "Año 2026.xlsx").replace(_mark("a"), "a:")
    'a:ano a:2026 a:xlsx'
    """
    mark = _mark(tenant_id)
    return " ".join(mark + word for word in _words(label)[:MOST_WORDS])


def search_words(tenant_id: str, text: str) -> str:
    """A search for labels in which each word of the text begins one; as PostgreSQL's tsquery. Without words, for none.

    >>> search_words("a", "productos Ene").replace(_mark("a"), "a:")
    "'a:productos':* & 'a:ene':*"
    """
    mark = _mark(tenant_id)
    return " & ".join(f"'{mark}{word}':*" for word in _words(text)[:MOST_ASKED])


def _words(text: str) -> list[str]:
    """Words without case and accents, each once.

    >>> _words("Productos_ENERO-2026 (Versión 2).xlsx")
    ['productos', 'enero', '2026', 'version', '2', 'xlsx']
    >>> _words("shop.example · 01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10")
    ['shop', 'example', '01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10']
    """
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return list(dict.fromkeys(word[:MOST_LETTERS] for word in _WORD.findall(plain.casefold())))


def _mark(tenant_id: str) -> str:
    """Eight characters that stand for a tenant. Two that share one only read each other's entries, and see none."""
    return hashlib.blake2s(tenant_id.encode("utf-8", "replace"), digest_size=4).hexdigest()
