"""What the place of a file in its bucket says of it: `incoming/SCHEMA/FIELD=VALUE/…/FILE`."""

from dataclasses import dataclass

FOLDER = "incoming"
"""What lies elsewhere in the bucket is somebody else's."""


@dataclass(frozen=True)
class Announced:
    """A file for a schema, with the fields that hold for all of its rows."""

    schema: str
    filename: str
    constants: dict[str, str]


def announced_at(key: str) -> Announced | None:
    """What is told by the key of a file; None where it is for nobody here.

    >>> announced_at("incoming/products/proveedor_id=P1/2026/lista.xlsx")
    Announced(schema='products', filename='lista.xlsx', constants={'proveedor_id': 'P1'})
    >>> announced_at("incoming/lista.xlsx"), announced_at("incoming/products/"), announced_at("out/products/a.csv")
    (None, None, None)
    """
    folder, *parts = key.split("/")
    if folder != FOLDER or len(parts) < 2 or not parts[0] or not parts[-1]:
        return None
    schema, *between, filename = parts
    pairs = [part.partition("=") for part in between if "=" in part]
    return Announced(schema, filename, {name: value for name, _, value in pairs})
