"""From root down to the user that PostgreSQL runs as, and taking along what that user cannot reach."""

import os
import shutil
import tempfile
from pathlib import Path

from tolva.db.embedded import account, binaries
from tolva.db.embedded.binaries import Binaries
from tolva.db.embedded.folder import Folder
from tolva.errors import SettingsError


def descend(folder: Folder) -> Binaries:
    """Become the folder's owner for good; the programs that this owner can run. Raises SettingsError and OSError.

    From then on nothing that the server's user put into its folder can make root do anything.
    """
    installed = binaries.find()
    if os.geteuid() == folder.owner.uid:
        return installed
    _refuse_closed_way(folder)
    copy = Binaries(folder.path / f"bin-{installed.version}", installed.version)
    if account.can(folder.owner, installed.program("postgres").open):
        account.become(folder.owner)
        return installed
    # The copy is not forced to the disk, which can take long, so a power cut may have left parts of it empty.
    intact = binaries.size(copy) == binaries.size(installed)
    packed = [] if intact else binaries.pack(installed)
    account.become(folder.owner)
    if not intact:
        _unpack(packed, copy.site)
    return copy


def _refuse_closed_way(folder: Folder) -> None:
    closed = account.blocker(folder.owner, folder.path)
    if closed is not None:
        raise SettingsError(
            f"PostgreSQL runs as the user {folder.owner.name}, who may not enter {closed}. Choose a folder "
            "that every user may reach, such as --data-dir /var/lib/tolva (or TOLVA_DATA_DIR)."
        )


def _unpack(packed: list[binaries.PackedFile], site: Path) -> None:
    for left in (site, *site.parent.glob("unpack-*")):
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="unpack-", dir=site.parent))
    binaries.unpack(packed, fresh)
    fresh.rename(site)
