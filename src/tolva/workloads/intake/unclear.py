"""The question that a file leaves open of which no row can be loaded while nobody says how its numbers are meant."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Collection, Iterable

import polars as pl

from tolva.errors import Unanswered
from tolva.jobs.context import Context
from tolva.tables.check import Checked
from tolva.workloads.intake.opening import Intake, checked_frames

LOCALES = ("es-CO", "es-MX", "en-US")
"""A locale for each way to write numbers and dates; templates/intake/_words.html has how they look."""


def require_clear(ctx: Context, intake: Intake) -> None:
    """Raises Unanswered where no row is right, and some are but for values that a locale would make clear.

    Who sends a file with an empty locale wants no question, and has those rows refused.
    """
    if intake.locale_said:
        return
    try:
        _require_clear(intake)
    except Unanswered:
        ctx.progress(read=intake.source.findings.to_json())
        raise


def _require_clear(intake: Intake) -> None:
    notations = intake.found.notations
    unclear = [
        match.header for match in intake.mapping.matches if match.field in notations and notations[match.field].askable
    ]
    if unclear and _keep_all_out(unclear, (checked for _, checked in checked_frames(intake, None))):
        raise Unanswered(_question(unclear), unclear=unclear)


def _question(unclear: Collection[str]) -> str:
    columns = ", ".join(f'"{header}"' for header in unclear)
    return (
        f"No se puede cargar ninguna fila: hay valores que pueden leerse de dos maneras en {columns}, y nada indica de"
        " cuál. Diga cómo se entienden: 1.234,56 y 31/12/2026, como en Colombia (locale es-CO); 1,234.56 y 31/12/2026,"
        " como en México (es-MX); o 1,234.56 y 12/31/2026, como en Estados Unidos (en-US)."
    )


def _keep_all_out(unclear: Collection[str], frames: Iterable[Checked]) -> bool:
    """Whether there is no good row; it ends with the first one."""
    found = False
    for checked in frames:
        if checked.good.height:
            return False
        found = found or _some_only_so(unclear, checked.errors)
    return found


def _some_only_so(unclear: Collection[str], errors: pl.DataFrame) -> bool:
    """Whether nothing else is wrong with some row than what it has in these columns."""
    asked = (pl.col("code") == "ambiguous") & pl.col("column").is_in(list(unclear))
    return bool(errors.group_by("row").agg(asked.all().alias("so"))["so"].any())
