"""What the files that a job leaves behind are called: by the file that was sent, so that several can be told apart."""

from pathlib import PurePath

PACKED = (".gz", ".zip")


def download_name(filename: str, what: str, suffix: str) -> str:
    """The name of a file that is about another one.

    >>> download_name("lista precios.xlsx", "corregir", ".xlsx"), download_name("abril.csv.gz", "errores", ".csv")
    ('lista precios-corregir.xlsx', 'abril-errores.csv')
    """
    path = PurePath(filename)
    stem = PurePath(path.stem).stem if path.suffix.lower() in PACKED else path.stem
    return f"{stem}-{what}{suffix}"
