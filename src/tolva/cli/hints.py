"""Commands to try next, in a form that can be pasted: how this program was called, and for which folder and tenant."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tolva.settings import load_settings
from tolva.web.tenant import DEFAULT_TENANT


@dataclass(frozen=True)
class Hints:
    """Puts the options of the present call onto the commands that it recommends, where they are not the default."""

    data_dir: Path | None = None
    tenant: str = DEFAULT_TENANT

    def command(self, *words: str) -> str:
        """A whole command line, quoted for a shell.

        >>> Hints(Path("/srv/my data"), "acme").command("jobs", "ls")
        "tolva jobs ls --data-dir '/srv/my data' --tenant acme"
        """
        return f"{program(sys.argv[0])} {shlex.join([*words, *self.options])}"

    @property
    def options(self) -> list[str]:
        """The options that the next call needs as well."""
        folder = ["--data-dir", str(self.data_dir)] if self.data_dir and not _is_default(self.data_dir) else []
        return folder + (["--tenant", self.tenant] if self.tenant != DEFAULT_TENANT else [])


def _is_default(data_dir: Path) -> bool:
    return data_dir.absolute() == load_settings().data_dir.absolute()


def program(called: str) -> str:
    """How to call us again.

    >>> program("/no/such/place/pytest")
    'tolva'
    """
    path = Path(called)
    if path.name == "__main__.py":
        return shlex.join([sys.executable, "-m", "tolva"])
    if path.name != "tolva" or _found(shutil.which("tolva")) == _found(called):
        return "tolva"
    whole = path.absolute()
    return shlex.quote(str(whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole))


def _found(path: str | None) -> Path | None:
    return Path(path).absolute() if path else None
