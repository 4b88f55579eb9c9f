"""The name that somebody meant who wrote one that there is not."""

from collections.abc import Sequence
from difflib import get_close_matches


def perhaps(written: str, known: Sequence[str]) -> str:
    """A question with the most alike of the known names; nothing where none is.

    >>> perhaps("preico", ["codigo", "Precio"]), perhaps("xyz", ["codigo"])
    (' ¿Quiso decir "Precio"?', '')
    """
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(written.casefold(), folded, 1)
    return f' ¿Quiso decir "{folded[near[0]]}"?' if near else ""
