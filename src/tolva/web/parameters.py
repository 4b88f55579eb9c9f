"""A call knows its parameters: one that is mistyped would be left out, and so more be asked for than was meant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi import Depends
from starlette.requests import HTTPConnection

from tolva.errors import InvalidInput
from tolva.tables.suggest import perhaps_meant
from tolva.web.access.asking import Viewer

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

MOST_NAMED = 60
"""Characters that are told of an unknown name."""


def _refuse_unknown(request: HTTPConnection, _by: Viewer) -> None:
    """Raises InvalidInput. Whoever may not call at all hears that first."""
    known = list(dict.fromkeys(_named(request.scope["route"].dependant)))
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        raise InvalidInput(unknown_parameter(unknown[:MOST_NAMED], known))


KNOWN_ALONE = Depends(_refuse_unknown)
"""For routers whose calls take the parameters that they name, and no others."""


def _named(dependant: "Dependant") -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for each in dependant.dependencies:
        yield from _named(each)


def unknown_parameter(name: str, known: list[str]) -> str:
    """What to mend.

    >>> unknown_parameter("stat", ["queue", "state"])
    'There is no parameter "stat". Did you mean "state"? There are: queue, state.'
    >>> unknown_parameter("x", [])
    'There is no parameter "x": this call takes none in its address.'
    """
    if not known:
        return f'There is no parameter "{name}": this call takes none in its address.'
    return f'There is no parameter "{name}".{perhaps_meant(name, known)} There are: {", ".join(known)}.'
