"""The columns that a workbook to correct has beside those of its file: of these nobody need hear when it comes back."""

TITLE = "⚠ Error"
ROW_TITLE = "⚠ Fila"


def is_own(header: str) -> bool:
    """Whether a header is one of theirs.

    >>> is_own("⚠ Fila"), is_own("Fila")
    (True, False)
    """
    return header in (TITLE, ROW_TITLE)
