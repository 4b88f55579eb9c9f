"""The name that somebody meant who wrote one that there is not."""

from collections.abc import Sequence
from difflib import get_close_matches


def nearest(written: str, known: Sequence[str]) -> str | None:
    """The most alike of the known names; None where none is.

    >>> nearest("preico", ["codigo", "Precio"]), nearest("xyz", ["codigo"])
    ('Precio', None)
    """
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(written.casefold(), folded, 1)
    return folded[near[0]] if near else None


def did_you_mean(written: str, known: Sequence[str]) -> str:
    """A question with the name that is nearest; nothing where none is.

    >>> did_you_mean("preico", ["codigo", "Precio"])
    ' ¿Quiso decir "Precio"?'
    """
    name = nearest(written, known)
    return f' ¿Quiso decir "{name}"?' if name else ""


def perhaps_meant(written: str, known: Sequence[str]) -> str:
    """The same in English, for names that are not of a file.

    >>> perhaps_meant("stat", ["queue", "state"])
    ' Did you mean "state"?'
    """
    name = nearest(written, known)
    return f' Did you mean "{name}"?' if name else ""
