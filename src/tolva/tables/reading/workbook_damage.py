"""What the libraries raise when a workbook is damaged."""

from collections.abc import Generator
from contextlib import contextmanager

import fastexcel

from tolva.errors import UnreadableFile
from tolva.tables.reading.apart import DAMAGED
from tolva.tables.reading.damage import damage_means


@contextmanager
def translated() -> Generator[None]:
    """Turns it into UnreadableFile; a panic in the parser is not even an Exception."""
    try:
        with damage_means(DAMAGED):
            yield
    except fastexcel.FastExcelError as error:
        if "password" in str(error):
            raise UnreadableFile(
                "El archivo está protegido con contraseña; quite la contraseña y vuelva a subirlo."
            ) from error
        raise UnreadableFile(DAMAGED) from error
    except KeyError as error:  # a part is missing
        raise UnreadableFile(DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile(DAMAGED) from error
