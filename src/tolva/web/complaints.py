"""What is wrong with the form of a request, in words that say what to do, where those of the libraries do not."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

ID = "0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e"
PLAIN = {
    "uuid_parsing": f"this is no id; one looks like {ID}",
    "uuid_type": f"this is no id; one looks like {ID}",
    "extra_forbidden": "there is no such key here; /docs has those of this call",
}
"""By pydantic's name of the fault."""


def told(fault: Mapping[str, Any]) -> str:
    """A fault of a value.

    >>> told({"type": "uuid_parsing", "msg": "Input should be a valid UUID, invalid character: found `n` at 0"})
    'this is no id; one looks like 0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e'
    >>> told({"type": "value_error", "msg": "Value error, it is too old"})
    'it is too old'
    >>> told({"type": "missing", "msg": "Field required"})
    'Field required'
    """
    return PLAIN.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")


def told_of_address(status: int, said: str, methods: str) -> str:
    """A fault of the address or the method; what is said already stays where it says more than the status does.

    >>> told_of_address(405, "Method Not Allowed", "GET, HEAD")
    'This address does not take that method. It takes: GET, HEAD.'
    """
    if status == HTTPStatus.NOT_FOUND and said == HTTPStatus.NOT_FOUND.phrase:
        return "There is no such address. /docs lists the calls of the API."
    if status == HTTPStatus.METHOD_NOT_ALLOWED and methods:
        return f"This address does not take that method. It takes: {methods}."
    return said
