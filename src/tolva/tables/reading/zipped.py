"""The one file of a zip."""

import zipfile
from pathlib import PurePath

from tolva.errors import UnsupportedFile


def only_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The file that was packed. Raises UnsupportedFile where there is none, or more than one."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
    if len(entries) != 1:
        raise UnsupportedFile(f"El zip contiene {len(entries)} archivos; envíe uno solo.")
    return entries[0]


def _is_litter(name: str) -> bool:
    """What macOS and Windows add by themselves."""
    return name.startswith("__MACOSX/") or PurePath(name).name.startswith((".", "Thumbs.db", "desktop.ini"))
