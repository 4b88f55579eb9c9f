"""The state machine: what the database does, and what it refuses."""

import random
from collections.abc import Callable

import psycopg
import pytest
from psycopg import errors as pg

from tests.jobs.workshop import ERROR, Workshop
from tolva.core.job import LEGAL_MOVES, Claimed, JobId, State, Verb
from tolva.errors import Conflict

VERBS = list(Verb)
RECORD_MOVES = """
CREATE TABLE public.moves (job uuid, before text, after text);
CREATE FUNCTION public.record_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF OLD.state <> NEW.state THEN INSERT INTO public.moves VALUES (NEW.id, OLD.state, NEW.state); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER record_move AFTER UPDATE ON tolva.jobs FOR EACH ROW EXECUTE FUNCTION public.record_move();
"""
FORGET_MOVES = "DROP TRIGGER record_move ON tolva.jobs; DROP FUNCTION public.record_move; DROP TABLE public.moves;"


@pytest.fixture
def moves(admin: psycopg.Connection):
    """Every change of state, as a trigger sees it: also those in the middle of a function."""
    admin.execute(RECORD_MOVES)
    yield lambda: {(row["before"], row["after"]) for row in admin.execute("SELECT before, after FROM public.moves")}
    admin.execute(FORGET_MOVES)


def test_every_state_has_its_moves_written_down() -> None:
    assert set(LEGAL_MOVES) == set(State)


def queued(shop: Workshop) -> Claimed:
    """Queued again, so that there is an attempt that could come late."""
    shop.put()
    job = shop.take()
    shop.end(job, Verb.RELEASE)
    return job


def running(shop: Workshop) -> Claimed:
    shop.put()
    return shop.take()


def waiting(shop: Workshop) -> Claimed:
    job = running(shop)
    shop.spawn(job, priority=9)
    shop.end(job, Verb.WAIT)
    return job


def ended_by(verb: Verb) -> Callable[[Workshop], Claimed]:
    def end(shop: Workshop) -> Claimed:
        job = running(shop)
        shop.end(job, verb, ERROR)
        return job

    return end


IN_STATE: dict[State, Callable[[Workshop], Claimed]] = {
    State.QUEUED: queued,
    State.RUNNING: running,
    State.WAITING: waiting,
    State.COMPLETED: ended_by(Verb.COMPLETE),
    State.FAILED: ended_by(Verb.FAIL),
    State.CANCELLED: ended_by(Verb.CANCEL),
}


@pytest.mark.parametrize("state", list(State))
def test_only_a_running_attempt_can_be_ended(shop: Workshop, moves, state: State) -> None:
    job = IN_STATE[state](shop)
    for verb in VERBS:
        before = shop.row(job.id)
        answer = shop.end(job, verb, ERROR)
        assert [str(row["job_id"]) for row in answer] == ([job.id] if before["state"] == "running" else [])
        if before["state"] != "running":
            assert shop.row(job.id) == before
    assert moves() <= legal()


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_leads_where_the_diagram_says(shop: Workshop, verb: Verb) -> None:
    job = running(shop)
    if verb is Verb.WAIT:
        shop.spawn(job)
    shop.end(job, verb, ERROR)
    assert (
        shop.state(job.id)
        == {
            Verb.COMPLETE: "completed",
            Verb.RETRY: "queued",
            Verb.FAIL: "failed",
            Verb.CANCEL: "cancelled",
            Verb.WAIT: "waiting",
            Verb.RELEASE: "queued",
            Verb.LOST: "queued",
        }[verb]
    )


@pytest.mark.parametrize("state", list(State))
def test_cancel_retry_and_claim_follow_the_diagram(shop: Workshop, moves, state: State) -> None:
    job = IN_STATE[state](shop)
    assert shop.state(job.id) == state
    open_states = {State.QUEUED, State.WAITING, State.RUNNING}
    with shop.jobs.work("a") as work:
        if state in open_states:
            assert work.cancel(job.id) is (State.RUNNING if state is State.RUNNING else State.CANCELLED)
        else:
            with pytest.raises(Conflict):
                work.cancel(job.id)
    job = IN_STATE[state](shop)
    with shop.jobs.work("a") as work:
        if state in {State.FAILED, State.CANCELLED}:
            work.retry(job.id)
        else:
            with pytest.raises(Conflict):
                work.retry(job.id)
    shop.claim(100)
    assert moves() <= legal()


@pytest.mark.parametrize("seed", range(2))
def test_no_sequence_of_calls_leaves_the_diagram_or_the_books(shop: Workshop, moves, seed: int) -> None:
    walk = Walk(shop, random.Random(seed))
    for _ in range(200):
        walk.step()
    assert moves() <= legal()
    assert len(moves()) >= 7  # it went about
    check_books(shop)
    walk.bring_to_an_end()
    assert {row["state"] for row in shop.admin.execute("SELECT state FROM tolva.jobs")} <= {
        "completed", "failed", "cancelled"}  # fmt: skip
    check_books(shop)


class Walk:
    """Random calls on a growing family of jobs, by attempts that own their job and by some that do not any more."""

    def __init__(self, shop: Workshop, rng: random.Random) -> None:
        self.shop = shop
        self.rng = rng
        self.claimed: list[Claimed] = []

    def step(self) -> None:
        self.rng.choices(
            [self.put, self.claim, self.end, self.spawn, self.cancel, self.replay, self.lose],
            [2, 6, 6, 4, 0.5, 2, 0.2],
        )[0]()

    def put(self) -> None:
        self.shop.put(priority=self.rng.randrange(10))

    def claim(self) -> None:
        self.claimed += self.shop.claim(self.rng.randrange(1, 4))

    def end(self) -> None:
        if self.claimed:
            self.shop.end(self.rng.choice(self.claimed[-12:]), self.rng.choice([*VERBS, *[Verb.WAIT] * 4]), ERROR)

    def spawn(self) -> None:
        mine = [job for job in self.claimed if self.owns(job)]
        if mine:
            self.shop.spawn(self.rng.choice(mine), self.rng.randrange(1, 3))

    def owns(self, job: Claimed) -> bool:
        row = self.shop.row(job.id)
        return (row["state"], row["attempt"], row["cancel_requested_at"]) == ("running", job.attempt, None)

    def cancel(self) -> None:
        if ids := self.ids("true"):
            with self.shop.jobs.work("a") as work:
                try:
                    work.cancel(self.rng.choice(ids))
                except Conflict:
                    work.conn.execute("SELECT 1")  # the transaction is whole

    def replay(self) -> None:
        if ids := self.ids("state IN ('failed', 'cancelled')"):
            with self.shop.jobs.work("a") as work:
                work.replay(self.rng.sample(ids, min(len(ids), 2)))

    def lose(self) -> None:
        if self.ids("state = 'running'"):
            self.shop.lose()
            self.shop.worker = self.shop.join()

    def ids(self, where: str) -> list[JobId]:
        return [JobId(str(row["id"])) for row in self.shop.admin.execute(f"SELECT id FROM tolva.jobs WHERE {where}")]

    def bring_to_an_end(self) -> None:
        for job in self.claimed:
            self.shop.end(job, Verb.COMPLETE)
        while jobs := self.shop.claim(50):
            for job in jobs:
                self.shop.end(job, Verb.COMPLETE)


def legal() -> set[tuple[str, str]]:
    return {(str(before), str(after)) for before, all_after in LEGAL_MOVES.items() for after in all_after}


def check_books(shop: Workshop) -> None:
    """What must hold between the rows, and no CHECK constraint can say."""
    wrong = shop.admin.execute(
        """
        SELECT p.id, p.open_children, count(c.id) AS children FROM tolva.jobs p
        LEFT JOIN tolva.jobs c ON c.parent_id = p.id AND c.state IN ('queued', 'waiting', 'running')
        GROUP BY p.id HAVING p.open_children <> count(c.id)"""
    ).fetchall()
    assert wrong == [], "open_children does not count the open children"
    gaps = shop.admin.execute(
        """
        SELECT j.id, j.seq, array_agg(e.seq ORDER BY e.seq) AS seqs FROM tolva.jobs j
        LEFT JOIN tolva.job_events e ON e.job_id = j.id WHERE j.seq > 0
        GROUP BY j.id HAVING array_agg(e.seq ORDER BY e.seq) <> ARRAY(SELECT generate_series(1, j.seq))"""
    ).fetchall()
    assert gaps == [], "events are not numbered without gap"
    letters = shop.admin.execute(
        """
        SELECT j.id, j.state, count(d.id) FROM tolva.jobs j
        LEFT JOIN tolva.dead_letters d ON d.job_id = j.id AND d.replayed_at IS NULL
        GROUP BY j.id HAVING count(d.id) <> (j.state = 'failed')::integer"""
    ).fetchall()
    assert letters == [], "an open dead letter is one for each failed job"


@pytest.mark.parametrize(
    "change",
    [
        "state = 'resting'",
        "state = 'running'",
        "worker_id = gen_random_uuid()",
        "state = 'completed'",
        "state = 'failed', finished_at = now()",
        "state = 'waiting'",
        "finished_at = now()",
        "open_children = -1",
        "failures = 1",
        "failures = -1",
        "max_attempts = 0",
        "priority = 10",
        "soft_limit = 0",
        "hard_limit = soft_limit / 2",
    ],
)
def test_a_row_that_makes_no_sense_is_refused(shop: Workshop, change: str) -> None:
    shop.put()
    with pytest.raises(pg.CheckViolation):
        shop.admin.execute(f"UPDATE tolva.jobs SET {change}")


def test_upkeep_finds_nothing_to_rescue_where_nothing_runs(shop: Workshop) -> None:
    shop.put()
    assert not shop.rescue()
