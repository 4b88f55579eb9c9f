"""The process that parses one workbook for `apart`: a request on standard input, an answer on standard output."""

import json
import os
import resource
import sys
import threading
from pathlib import Path
from typing import Any

from tolva.errors import CallerError
from tolva.tables.reading.apart import LONGEST, TOO_LARGE
from tolva.tables.reading.number_cells import number_cells
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sheet_area import SheetArea
from tolva.tables.reading.sheet_size import refuse_large_sheets
from tolva.tables.reading.workbook import open_workbook

MEMORY = 4 * 1024**3
"""Bytes of address space: what a sheet of the most cells needs."""
SECONDS = round(2 * LONGEST)
"""Of processor time: also without a parent that looks at the clock, nothing goes on for ever."""


def main() -> None:
    """Answers one request. An error of the caller's is an answer too."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = TASKS[request["task"]](request)
    except CallerError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        answer = {"error": "TooLarge", "message": TOO_LARGE}
    except OSError as error:
        answer = {"errno": error.errno, "message": error.strerror}
    print(json.dumps(answer))


def _end_with_parent() -> None:
    """The pipe closes when the parent wants no answer any more, or is gone."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _open(request: dict[str, Any]) -> dict[str, Any]:
    options = ReadOptions(**request["options"])
    opened = open_workbook(
        Path(request["path"]), request["kind"], Path(request["scratch"]), frozenset(request["known"]), options
    )
    return {
        "headers": opened.headers,
        "findings": opened.findings.to_json(),
        "pieces": [{"name": piece.path.name, "last": piece.last} for piece in opened.pieces],
        "area": opened.area.to_json(),
    }


def _measure(request: dict[str, Any]) -> dict[str, Any]:
    refuse_large_sheets(Path(request["path"]))
    return {}


def _numbers(request: dict[str, Any]) -> dict[str, Any]:
    area = SheetArea.from_json(request["area"])
    return {"files": number_cells(Path(request["path"]), area, Path(request["scratch"]), request["columns"])}


TASKS = {"open": _open, "measure": _measure, "numbers": _numbers}

if __name__ == "__main__":
    main()
