"""What was found out about a file, to be shown to whoever sent it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

MOST_SHOWN = 12
"""Headers that a sentence lists."""
LONGEST_SHOWN = 40
"""Characters of each."""
NO_ROWS = "El archivo no tiene filas de datos, solo el encabezado; no hay nada que cargar."


@dataclass(frozen=True)
class Findings:
    """How a file was read. Rows are numbered as the user counts; what its kind does not have is None or empty."""

    kind: str
    header_rows: tuple[int, ...] = ()
    """Empty when the file has no header."""
    columns: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the user: what was left out, and what may surprise."""

    def to_json(self) -> dict[str, Any]:
        """The findings as a JSON object, without what is None."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def told(self) -> str:
        """Which headers were read, and where, for whoever is told that they do not fit.

        >>> Findings("xlsx", (3,), ("SKU", "", "Monto"), sheet="Ventas", sheets=("Ventas", "Notas")).told
        'Encabezados leídos (hoja "Ventas", fila 3): SKU, –, Monto.'
        """
        rows = [f"fila {row}" for row in self.header_rows if row]  # that of JSON is none that anybody sees
        where = ", ".join([*([f'hoja "{self.sheet}"'] if self.sheet else []), *rows])
        names = [name[:LONGEST_SHOWN] or "–" for name in self.columns[:MOST_SHOWN]]
        shown = ", ".join(names) + " …" * (len(self.columns) > MOST_SHOWN) if self.header_rows else "ninguno"
        return " ".join((f"Encabezados leídos{f' ({where})' if where else ''}: {shown}.", *self.notes))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Findings":
        """The findings that `to_json` wrote."""
        given: dict[str, Any] = {name: _tupled(each) for name, each in value.items()}
        return cls(**given)


def _tupled(value: object) -> object:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value
