"""Mixed jobs of two tenants while their workers are killed and frozen: none lost, none stuck, no effect twice."""

import random
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.chaos.brokers import Broker
from tests.chaos.crew import POSTGRES, Crew, Run, plan_for, run_crew, supervise
from tests.chaos.figures import Figures, percentile
from tests.chaos.hand import Hand, deal, name_of
from tests.chaos.handlers import CLUTCH, QUICK, STEADY, TICKS, catalogue
from tests.chaos.mix import TENANTS, Book, Wish, ask_for, call_off, draw, put_missed_schedule
from tests.chaos.postgres import Postgres
from tests.chaos.raids import RAIDS, Raid, Target
from tests.chaos.recovery import Standstill, Strike, standstills
from tests.chaos.verdict import faults
from tests.chaos.waiting import until
from tolva.core.job import JobId, NewJob
from tolva.engines import make_engine
from tolva.jobs.work import Jobs
from tolva.settings import Settings

OPEN = "SELECT count(*) FROM tolva.jobs WHERE state IN ('queued', 'running', 'waiting')"
STALE_WORKERS = "SELECT count(*) FROM tolva.workers WHERE lease_until < now()"
WORKERS = "SELECT count(*) FROM tolva.workers"
EFFECTS = "SELECT count(*) FROM ledger"
ATTEMPT = "SELECT attempt FROM tolva.jobs WHERE id = %(id)s"


@dataclass(frozen=True)
class Size:
    """Times in seconds. `clutch` is how long one job keeps the interpreter's lock in a C call.

    `calm` is the share of raids after which there is time to recover before the next.
    """

    jobs: int
    raids: int
    calm: float
    lease: float
    clutch: int


def test_no_job_is_lost_stuck_or_done_twice(postgres: Postgres, rng: random.Random, figures: Figures) -> None:
    check_ledger(Setting(postgres), rng, figures, Size(jobs=500, raids=8, calm=0, lease=4, clutch=10))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_job_of_many_is_lost_stuck_or_done_twice(postgres: Postgres, rng: random.Random, figures: Figures) -> None:
    waits = check_ledger(Setting(postgres), rng, figures, Size(jobs=10_000, raids=50, calm=0.5, lease=10, clutch=180))
    assert percentile([wait.seconds for wait in waits if not wait.disturbed], 0.99) <= 15


@dataclass(frozen=True)
class Setting:
    """The server, who carries the rings, who runs a crew (see `run_crew`), and what may befall it."""

    postgres: Postgres
    settings: Settings = POSTGRES
    run: Run = supervise
    raids: Sequence[Raid] = RAIDS
    broker: Broker | None = None


@dataclass(frozen=True)
class Scene:
    """Where it happens: the way to ask for jobs, and those that were asked for."""

    setting: Setting
    jobs: Jobs
    book: Book
    figures: Figures

    @property
    def postgres(self) -> Postgres:
        return self.setting.postgres


def check_ledger(setting: Setting, rng: random.Random, figures: Figures, size: Size) -> list[Standstill]:
    with closing(make_engine(setting.settings, setting.postgres.db)) as engine:
        jobs = Jobs(setting.postgres.db, engine, catalogue())
        return play(setting, jobs, rng, figures, size)


def play(setting: Setting, jobs: Jobs, rng: random.Random, figures: Figures, size: Size) -> list[Standstill]:
    postgres, settings = setting.postgres, setting.settings
    book, later = ask_before(jobs, rng, size)
    scene = Scene(setting, jobs, book, figures)
    first_tick = put_missed_schedule(jobs, postgres)
    [clutch] = book.of("clutch")
    begun = time.monotonic()
    # The clutch has a worker of its own, which nobody strikes: it shall not be rescued though it never answers.
    spared = plan_for(postgres.dsn, [CLUTCH], size.lease, processes=1, settings=settings)
    struck = plan_for(postgres.dsn, [QUICK, STEADY, TICKS], size.lease, settings=settings)
    with run_crew(spared, run=setting.run), run_crew(struck, supervisors=2, run=setting.run) as crew:
        until(lambda: postgres.one(EFFECTS) > 0, "the first jobs are done")
        strikes = raid(scene, crew, Hand(rng, size.lease, crew.keep_up), later, size)
        await_end(crew, postgres, size)
    figures.say(f"{size.jobs} jobs, {size.raids} raids, {time.monotonic() - begun:.1f} s")

    waits = standstills(postgres, strikes)
    tell(figures, waits)
    wrong = faults(postgres, book, first_tick)
    assert not wrong, "\n".join([f"{len(wrong)} faults", *wrong[:40]])
    until(lambda: postgres.one(WORKERS) == 0, "every worker has left")
    assert postgres.one(ATTEMPT, {"id": clutch}) == 1, "a busy worker was taken for a lost one"
    assert waits, "no job was interrupted, so nothing was tested"
    return waits


def ask_before(jobs: Jobs, rng: random.Random, size: Size) -> tuple[Book, list[Wish]]:
    """What is queued before any worker comes; the rest is asked for between the raids."""
    book, wishes = Book(), draw(rng, size.jobs)
    early = [wish for n, wish in enumerate(wishes) if n % 4 == 0 or wish.role == "withdrawn"]
    later = [wish for n, wish in enumerate(wishes) if n % 4 != 0 and wish.role != "withdrawn"]
    clutch = Wish("clutch", TENANTS[0], NewJob("clutch", {"seconds": size.clutch}, unique_key="clutch"))
    ask_for(jobs, [*early, clutch], book)
    call_off(jobs, book, book.of("withdrawn"))
    return book, later


def raid(scene: Scene, crew: Crew, hand: Hand, later: Sequence[Wish], size: Size) -> list[Strike]:
    """Strike again and again; before each raid some more jobs are asked for, and some of the doomed are cancelled."""
    begun, strikes, called_off = time.monotonic(), [], set[JobId]()
    target = Target(scene.postgres, scene.setting.broker)
    for n, strike in enumerate(deal(hand.rng, scene.setting.raids, size.raids)):
        ask_for(scene.jobs, later[n :: size.raids], scene.book)
        called_off |= call_off_some(scene, hand.rng, 0.5, called_off)
        hand.rest(hand.rng.uniform(0.2, 1.5))
        still_open = scene.postgres.one(OPEN)
        scene.figures.say(f"{time.monotonic() - begun:6.1f} s  {still_open:5} open jobs  {name_of(strike)}")
        strikes.append(strike(hand, crew, target))
        if hand.rng.random() < size.calm:
            hand.rest(size.lease + 5)
    call_off_some(scene, hand.rng, 1, called_off)
    return strikes


def call_off_some(scene: Scene, rng: random.Random, share: float, before: set[JobId]) -> set[JobId]:
    chosen = [id for id in scene.book.of("doomed") if id not in before and rng.random() < share]
    call_off(scene.jobs, scene.book, chosen)
    return set(chosen)


def await_end(crew: Crew, postgres: Postgres, size: Size) -> None:
    def ended() -> bool:
        crew.keep_up()
        return postgres.one(OPEN) == 0

    until(ended, "every job comes to its end", 120 + size.clutch, look=0.3)
    # No further tick may begin while the jobs are judged.
    postgres.ask("UPDATE tolva.schedules SET paused_at = now()")
    until(ended, "every tick comes to its end", look=0.3)
    until(lambda: postgres.one(STALE_WORKERS) == 0, "the lost workers are forgotten", look=0.3)


def tell(figures: Figures, waits: Sequence[Standstill]) -> None:
    for what in sorted({wait.what for wait in waits}):
        figures.say(_line(what, [wait for wait in waits if wait.what == what]))
    figures.say(_line("all", waits))
    figures.say(_line("all with one cause", [wait for wait in waits if not wait.disturbed]))


def _line(what: str, waits: Sequence[Standstill]) -> str:
    restart, notice = [wait.seconds for wait in waits], [wait.unnoticed for wait in waits]
    shown = [f"p{share * 100:g} {percentile(restart, share):.2f} s" for share in (0.5, 0.99, 1)]
    return (
        f"{what}: {len(waits)} jobs, kill to restart {', '.join(shown)}; to notice p99 {percentile(notice, 0.99):.2f} s"
    )
