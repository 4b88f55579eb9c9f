"""A dry run, the load that it foretells and its undoing, each under blows: the end is as if nothing had happened."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.chaos.asking import PAUSE, Asking
from tests.chaos.blows import BLOWS
from tests.chaos.client import SUPPLIER
from tests.chaos.figures import Figures
from tests.chaos.hand import Hand, deal, name_of
from tests.chaos.place import Place, fresh_place
from tests.chaos.postgres import patiently
from tests.chaos.sheet import Sheet, write_sheets
from tests.chaos.test_kill import LEASE, RELEASED, SLOWED, VARIABLES, administer
from tests.chaos.up import Up, run_up
from tests.chaos.waiting import until
from tolva.db.embedded.use import use

OWN = {"id", "created_at", "started_at", "finished_at"}
"""What differs between two runs by nature."""
STEPS = ("dry run", "load", "undo")
HELD = "SELECT codigo, nombre, precio, stock FROM products ORDER BY codigo"


def test_dry_run_load_and_undo_end_as_if_nothing_had_been_killed(rng: random.Random, figures: Figures) -> None:
    check_errand(rng, figures, write_sheets(rng, 200, 600), blows=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_long_dry_runs_loads_and_undoings_end_as_if_nothing_had_been_killed(
    rng: random.Random, figures: Figures
) -> None:
    check_errand(rng, figures, write_sheets(rng, 5_000, 20_000), blows=20)


def check_errand(rng: random.Random, figures: Figures, sheets: Sequence[Sheet], blows: int) -> None:
    with fresh_place() as place, run_up(place, VARIABLES) as up:
        administer(place, SLOWED)
        with running(up, sheets) as errand:
            strike(errand, up, rng, figures, blows)
        struck = errand.seen
    with fresh_place() as place, run_up(place, VARIABLES) as up, running(up, sheets) as errand:
        until(lambda: not errand.is_alive(), "the errand ends", 600)
    assert struck == errand.seen
    first, foretold, loaded, undone = (struck[step] for step in ("first", "dry run", "load", "undo"))
    assert loaded["result"] | {"dry_run": True} == foretold["result"]
    assert struck["changes foretold"] == struck["changes"]
    assert (undone["result"]["conflicts"], struck["rows after undo"]) == (0, struck["rows after first"])
    assert loaded["result"]["updated"] > 0
    assert first["result"]["created"] > 0


def strike(errand: "Errand", up: Up, rng: random.Random, figures: Figures, blows: int) -> None:
    """So many blows at random moments of each step; those that a step does not last for are left out."""
    hand = Hand(rng, LEASE, up.keep_up)
    begun = time.monotonic()
    for step in STEPS:
        until(lambda step=step: up.keep_up() or errand.step == step or not errand.is_alive(), f"{step} begins", 300)
        for blow in deal(rng, BLOWS, blows):
            hand.rest(rng.uniform(0, 1))
            if errand.step != step:
                break
            figures.say(f"{time.monotonic() - begun:6.1f} s  {step:8}  {name_of(blow)}")
            blow(hand, up)
    patiently(lambda: administer(up.place, RELEASED))
    until(lambda: up.keep_up() or not errand.is_alive(), "the errand ends", 600)


class Errand(threading.Thread):
    """Loads the first sheet; rehearses the second, loads it, takes it back. `seen` is all that a client can see."""

    def __init__(self, up: Up, sheets: Sequence[Sheet]) -> None:
        super().__init__(name="errand", daemon=True)
        self._asking = Asking(up)
        self._place = up.place
        self._sheets = sheets
        self.seen: dict[str, Any] = {}
        self.step = ""
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.fault = error
        finally:
            self._asking.close()

    def give_up(self) -> None:
        """End it wherever it is."""
        self._asking.given_up.set()

    def _run(self) -> None:
        self._end("first", self._sent(self._sheets[0], dry_run=False))
        self.seen["rows after first"] = self._rows()
        foretold = self._end("dry run", self._sent(self._sheets[1], dry_run=True))
        self.seen["changes foretold"] = self._changes(foretold)
        load = self._end(
            "load", self._post(f"/api/v1/uploads/{foretold}/load", json={}, headers={"Idempotency-Key": "load"})
        )
        self.seen |= {"rows after load": self._rows(), "changes": self._changes(load)}
        self._end("undo", self._post(f"/api/v1/jobs/{load}/undo"))
        self.seen["rows after undo"] = self._rows()

    def _sent(self, sheet: Sheet, *, dry_run: bool) -> str:
        given = {"params": f'{{"proveedor_id": "{SUPPLIER}"}}', "dry_run": dry_run}
        files = {"file": (sheet.name, sheet.content, "text/csv")}
        return self._post(
            "/api/v1/uploads", params=given, files=files, headers={"Idempotency-Key": f"{sheet.name} {dry_run}"}
        )

    def _post(self, path: str, **given: Any) -> str:
        return self._asking.ask("POST", path, **given).json()["id"]

    def _end(self, step: str, job: str) -> str:
        self.step = step
        while (view := self._asking.ask("GET", f"/api/v1/uploads/{job}").json())["state"] not in (
            "completed",
            "failed",
        ):
            time.sleep(PAUSE)
        view["result"].pop("undo_of", None)
        errors = self._asking.ask("GET", f"/api/v1/jobs/{job}/errors", params={"format": "csv"}).text
        self.seen[step] = {name: value for name, value in view.items() if name not in OWN} | {"errors": errors}
        return job

    def _changes(self, job: str) -> list[dict[str, Any]]:
        """In the order of the file, and of keys within a chunk."""
        found, after = list[dict[str, Any]](), dict[str, int]()
        while True:
            page = self._asking.ask("GET", f"/api/v1/jobs/{job}/changes", params={**after, "limit": 1000}).json()
            found += page["changes"]
            if page["next"] is None:
                return sorted(found, key=lambda change: (change["kind"], change["key"], change["row"] or 0))
            after = page["next"]

    def _rows(self) -> list[tuple[Any, ...]]:
        return patiently(lambda: held(self._place))


def held(place: Place) -> list[tuple[Any, ...]]:
    with use(place.data_dir) as here, psycopg.connect(here.admin_dsn) as conn:
        return conn.execute(HELD).fetchall()


@contextmanager
def running(up: Up, sheets: Sequence[Sheet]) -> Iterator[Errand]:
    errand = Errand(up, sheets)
    errand.start()
    try:
        yield errand
        if errand.fault:
            raise errand.fault
    finally:
        errand.give_up()
        errand.join(30)
