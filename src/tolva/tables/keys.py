"""Which keys a schema document may have. One that is misspelt would be a rule that nobody keeps."""

import difflib
from collections.abc import Mapping
from typing import Any

from tolva.errors import InvalidInput

ABOUT = ("$schema", "profile", "description", "homepage", "version", "created", "keywords", "contributors", "sources")
"""The standard's keys that only describe a schema."""
SCHEMA = ("name", "title", "fields", "primaryKey", "uniqueKeys", "missingValues", *ABOUT)
SCHEMA_OURS = ("target", "destination", "locale", "timezone")
FIELD = ("name", "type", "title", "description", "example", "examples", "rdfType", "constraints")
FIELD_OURS = ("aliases", "default", "source", "precision", "scale", "locale", "transforms")
CONSTRAINTS = ("required", "unique", "minLength", "maxLength", "minimum", "maximum", "pattern", "enum")

KNOWN = {"schema": SCHEMA + SCHEMA_OURS, "field": FIELD + FIELD_OURS, "constraints": CONSTRAINTS}
"""By the kind of object."""

NUMBERS = "numbers are read as their column writes them; say how with locale, and leave signs out with strip_currency"
UNKEPT = {
    "foreignKeys": "declare it in the table, which then refuses a row that breaks it",
    "fieldsMatch": "columns are found by their headers, in any order",
    "format": "numbers and dates are read as their column writes them; for a text write constraints.pattern",
    "decimalChar": NUMBERS,
    "groupChar": NUMBERS,
    "bareNumber": NUMBERS,
    "trueValues": "sí/no, sim/não, yes/no, true/false, 1/0 and their like are read",
    "falseValues": "sí/no, sim/não, yes/no, true/false, 1/0 and their like are read",
    "missingValues": "write it beside fields, for the whole schema",
    "categories": "write constraints.enum",
    "categoriesOrdered": "write constraints.enum",
    "exclusiveMinimum": "write minimum",
    "exclusiveMaximum": "write maximum",
    "jsonSchema": "write the other constraints",
}
"""The standard's keys that would change what is accepted, and what to do instead."""


def check_keys(owner: Mapping[str, Any], kind: str, path: str) -> None:
    """Raises InvalidInput for the first key that an object of this kind may not have."""
    known = KNOWN[kind]
    for key in owner:
        if key in known or (key, owner[key]) == ("format", "default"):
            continue
        where = f"{path}.{key}" if path else key
        if key in UNKEPT:
            raise InvalidInput(f"{where}: Tolva does not keep this rule; {UNKEPT[key]}")
        raise InvalidInput(f"{where}: unknown; {_hint(key, kind)}")


def _hint(key: str, kind: str) -> str:
    if kind == "field" and key in CONSTRAINTS:
        return "write it inside constraints"
    near = difflib.get_close_matches(key, KNOWN[kind], 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(KNOWN[kind])}"
