"""Answers that are files."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SEPARATOR = Query(description="Of the CSV: Excel wants the one of its country.")
Separator = Annotated[Literal["comma", "semicolon"], SEPARATOR]
SEPARATORS = {"comma": ",", "semicolon": ";"}


def files(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route: it answers with a file of one of these kinds, for the API's documentation."""
    file = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file.", "content": dict.fromkeys(media_types, file)}}


def attachment(filename: str) -> dict[str, str]:
    """The header that has a browser keep the answer under this name, which may be in any script.

    >>> attachment('año "1".csv')["Content-Disposition"]
    "attachment; filename*=utf-8''a%C3%B1o%20%221%22.csv"
    """
    plain = quote(filename)
    told = f'filename="{filename}"' if plain == filename else f"filename*=utf-8''{plain}"
    return {"Content-Disposition": f"attachment; {told}"}


def workbook(filename: str, write: Callable[[Path], None]) -> FileResponse:
    """A workbook under a name for the browser. `write` fills the path that it is given, which goes with the answer."""
    with tempfile.NamedTemporaryFile(prefix="tolva-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        write(path)
    except BaseException:
        path.unlink()
        raise
    return FileResponse(path, media_type=XLSX, headers=attachment(filename), background=BackgroundTask(path.unlink))
