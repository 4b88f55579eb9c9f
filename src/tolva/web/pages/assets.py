"""Style sheets and scripts, under addresses that change with their content, so that browsers may keep them for ever."""

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(str(resources.files("tolva.web.pages").joinpath("static")))
FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _version() -> str:
    """A digest of everything in the folder."""
    digest = hashlib.sha256()
    for file in sorted(file for file in FOLDER.rglob("*") if file.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def static_url(name: str) -> str:
    """Where a file of the folder is served."""
    return f"/static/{_version()}/{name}"


class Static(StaticFiles):
    """Serves `/static/<version>/…`."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file; under another version than ours, which is of a process before or after an upgrade, not to be kept."""
        version, _, name = path.partition("/")
        response = await super().get_response(name, scope)
        response.headers["Cache-Control"] = FOR_EVER if version == _version() else "no-store"
        return response
