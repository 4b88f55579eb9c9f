"""Parts that need packages which not everybody has installed: imported when a setting asks for them."""

import importlib
from types import ModuleType

from tolva.errors import SettingsError


def imported(module: str, extra: str) -> ModuleType:
    """A module that needs what `tolva[extra]` brings. Raises SettingsError that says how to.

    >>> imported("tolva.nowhere", "sqs")
    Traceback (most recent call last):
    tolva.errors.SettingsError: What is set needs the package tolva.nowhere: pip install 'tolva[sqs]'.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SettingsError(f"What is set needs the package {error.name}: pip install 'tolva[{extra}]'.") from error
