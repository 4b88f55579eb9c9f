"""What to say of columns whose cells mean two things."""

from collections.abc import Callable, Mapping

from tolva.tables.notation import Notation
from tolva.tables.proposal import ColumnMapping
from tolva.workloads.intake.settled import Settled


def doubt_notes(
    mapping: ColumnMapping,
    notations: Mapping[str, Notation],
    settled: Settled | None = None,
    among: int | None = None,
) -> list[str]:
    """One sentence for all fields alike, under the headers of the file.

    `among` so many first rows, where the others have not been looked at. `settled` is what the file is read by.
    """

    def headers(which: Callable[[Notation], bool]) -> str:
        fields = [field for field, notation in notations.items() if which(notation)]
        return ", ".join(f'"{mapping.of(field).header}"' for field in fields)

    so_far = f" Así se ve en las primeras {among} filas; las demás pueden indicar otra cosa." if among else ""
    undecided = headers(lambda each: each.undecided)
    points = headers(lambda each: each.separated and each.signs.decimal == ",")
    commas = headers(lambda each: each.separated and each.signs.decimal == ".")
    declared = headers(lambda each: each.declared)
    told = [
        undecided
        and f"Hay valores que pueden leerse de dos maneras en {undecided}, y nada indica de cuál; esas filas se"
        " rechazan. Escríbalos sin ambigüedad o diga cómo se entienden: 1.234,56 y 31/12/2026, como en Colombia"
        f" (locale es-CO), por ejemplo.{so_far}",
        points and f"El punto separa miles en {points}: son números enteros, y 1.234 se lee como 1234.{so_far}",
        commas and f"La coma separa miles en {commas}: son números enteros, y 1,234 se lee como 1234.{so_far}",
        declared and _remembered(declared, settled, so_far),
    ]
    return [note for note in told if note]


def _remembered(declared: str, settled: Settled | None, so_far: str) -> str:
    """Which file told of these columns, where it was an earlier one."""
    if settled and settled.signs:
        return f"Los números y las fechas de {declared} se leen como en la carga que este archivo corrige.{so_far}"
    if settled and settled.locale:
        return (
            f"Los números y las fechas de {declared} se leen como se dijo de un archivo anterior (locale"
            f" {settled.locale}).{so_far}"
        )
    return ""
