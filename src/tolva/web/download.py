"""Answers that are files."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(filename: str, write: Callable[[Path], None]) -> FileResponse:
    """A workbook under a name for the browser. `write` fills the path that it is given, which goes with the answer."""
    with tempfile.NamedTemporaryFile(prefix="tolva-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        write(path)
    except BaseException:
        path.unlink()
        raise
    return FileResponse(path, media_type=XLSX, filename=filename, background=BackgroundTask(path.unlink))
