"""A client as a shop would write it: sends each file until it was taken, then asks until it is done."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.chaos.asking import PAUSE, Asking
from tests.chaos.sheet import Sheet
from tests.chaos.up import Up

SUPPLIER = "PROV001"


@dataclass(frozen=True)
class Load:
    """A file that was sent, and what the API says of it."""

    sheet: Sheet
    task_id: str
    status: dict[str, Any]
    errors: str


class Client(threading.Thread):
    """Sends the sheets one after another, from the first again as long as `more` is set. Nothing it asks is lost."""

    def __init__(self, up: Up, sheets: Sequence[Sheet], more: threading.Event) -> None:
        super().__init__(name="client", daemon=True)
        self._asking = Asking(up)
        self._sheets = sheets
        self._more = more
        self.rows_seen = 0
        """Rows processed so far, of all files."""
        self.loads: list[Load] = []
        self.fault: BaseException | None = None
        self.given_up = self._asking.given_up

    def run(self) -> None:
        try:
            with closing(self._asking):
                for number, sheet in enumerate(self._course()):
                    self.loads.append(self._load(sheet, f"{number} {sheet.name}"))
        except BaseException as error:
            self.fault = error

    def _course(self) -> Iterator[Sheet]:
        yield from self._sheets
        while self._more.is_set():
            yield from self._sheets

    def _load(self, sheet: Sheet, key: str) -> Load:
        parameters = {"proveedor_id": SUPPLIER}
        sent = self._asking.ask(
            "POST",
            "/api/catalog/items/bulk-upload",
            params=parameters,
            files={"file": (sheet.name, sheet.content, "text/csv")},
            headers={"Idempotency-Key": key},
        ).json()
        status = self._follow(sent["status_url"])
        if status["result"] is None:
            return Load(sheet, sent["task_id"], status, "")
        return Load(sheet, sent["task_id"], status, self._asking.ask("GET", status["result"]["errores_url"]).text)

    def _follow(self, path: str) -> dict[str, Any]:
        before = self.rows_seen
        while True:
            status = self._asking.ask("GET", path).json()
            self.rows_seen = before + status["progress"]["processed"]
            if status["status"] in ("completed", "failed"):
                return status
            time.sleep(PAUSE)
