"""The sheets that a template has beside the one for the data: of these nobody need hear."""

GUIDE = "Instrucciones"
LISTS = "Valores"


def are_own(names: list[str]) -> bool:
    """Whether a workbook has these sheets from its template.

    >>> are_own(["Instrucciones", "Valores"]), are_own(["Valores"]), are_own(["Valores", "Instrucciones", "Marzo"])
    (True, False, False)
    """
    return sorted(names) == [GUIDE, LISTS]
