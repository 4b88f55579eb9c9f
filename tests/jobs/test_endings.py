"""How attempts end: retry, dead letter, release, loss, and results that cannot be stored."""

import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import errors as pg

from tests.jobs.workshop import ERROR, WORK, Workshop, together, until
from tolva.core.job import Claimed, Queue, Verb
from tolva.core.retry import FIRST_WAIT, backoff
from tolva.errors import (
    Conflict,
    Contended,
    DatabaseUnavailable,
    InvalidInput,
    Never,
    SettingsError,
    StorageUnavailable,
    TolvaError,
    TookTooLong,
    TryLater,
    Unanswered,
)
from tolva.jobs.context import Context
from tolva.jobs.endings import MOST_LOSSES
from tolva.jobs.runner import classify
from tolva.jobs.sql import SQL
from tolva.jobs.store import note_answer

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
UNFORESEEN = "Something unforeseen went wrong (RuntimeError); the log of the worker has more."


def failing(error: BaseException) -> Callable[[Context], None]:
    def fail(ctx: Context) -> None:
        raise error

    return fail


def test_a_failed_attempt_waits_before_the_next(shop: Workshop) -> None:
    id = shop.put()
    shop.on(failing(RuntimeError("the shop was closed")))
    assert shop.run() == 1
    row = shop.row(id)
    assert (row["state"], row["failures"], row["losses"]) == ("queued", 1, 0)
    assert row["error"] == {"type": "RuntimeError", "message": UNFORESEEN, "detail": "the shop was closed"}
    assert FIRST_WAIT - 0.5 < (row["run_at"] - datetime.now(UTC)).total_seconds() <= FIRST_WAIT * 1.25


def test_waits_grow_with_each_failure(shop: Workshop) -> None:
    job = Claimed("", "", "", "", {}, None, 5, 2, 9, 60, {}, 0)  # pyright: ignore[reportArgumentType]
    outcome = classify(RuntimeError("again"), job)
    assert outcome is not None
    assert 8 <= outcome.delay <= 10
    assert backoff(3) <= 10


def test_the_wait_that_the_other_side_asked_for_is_kept(shop: Workshop) -> None:
    id = shop.put()
    shop.on(failing(TryLater("slow down", retry_after=90)))
    shop.run()
    assert (shop.row(id)["run_at"] - datetime.now(UTC)).total_seconds() > 89


@pytest.mark.parametrize("asked", [1e30, float("inf"), float("nan"), -1e30])
def test_an_absurd_wait_does_not_block_the_slot(shop: Workshop, asked: float) -> None:
    id = shop.put()
    shop.on(failing(TryLater("slow down", retry_after=asked)))
    assert shop.run() == 1
    assert shop.state(id) in {"queued", "failed"}


def test_after_the_last_try_the_job_has_failed_and_left_a_letter_with_all_attempts(shop: Workshop) -> None:
    id = shop.put(params={"file": "x"})
    for number in range(WORK.max_attempts):
        shop.on(failing(TryLater(f"fault {number}")))
        assert shop.run() == 1
        shop.due_now()
    row = shop.row(id)
    assert (row["state"], row["failures"], row["attempt"]) == ("failed", 3, 3)
    assert row["finished_at"] is not None
    (letter,) = shop.letters(id)
    assert (letter["params"], letter["queue"], letter["kind"]) == ({"file": "x"}, "work", "work")
    assert letter["error"]["message"] == "fault 2"
    told = [(each["attempt"], each["type"], each["error"]["message"]) for each in letter["attempts"]]
    assert told == [(1, "retrying", "fault 0"), (2, "retrying", "fault 1"), (3, "failed", "fault 2")]
    assert all(each["at"] for each in letter["attempts"])


def test_a_letter_after_a_replay_tells_the_attempts_before_it_too(shop: Workshop) -> None:
    id = shop.put()
    shop.end(shop.take(), Verb.FAIL, {"message": "first"})
    with shop.jobs.work("a") as work:
        work.retry(id)
    shop.end(shop.take(), Verb.FAIL, {"message": "second"})
    first, second = shop.letters(id)
    assert first["replayed_at"] is not None
    assert second["replayed_at"] is None
    assert [each["error"]["message"] for each in second["attempts"]] == ["first", "second"]


@pytest.mark.parametrize("error", [InvalidInput("no such column"), Conflict("taken"), Never("no use")])
def test_what_no_repetition_can_mend_fails_at_once(shop: Workshop, error: TolvaError) -> None:
    id = shop.put()
    shop.on(failing(error))
    assert shop.run() == 1
    row = shop.row(id)
    assert (row["state"], row["attempt"]) == ("failed", 1)
    assert row["error"] == {"type": type(error).__name__, "message": str(error)}
    assert len(shop.letters(id)) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), MemoryError()])
def test_an_exception_of_the_interpreter_costs_a_try_and_no_more(shop: Workshop, error: BaseException) -> None:
    id = shop.put()
    shop.on(failing(error))
    assert shop.run() == 1
    assert (shop.state(id), shop.row(id)["failures"]) == ("queued", 1)
    told = shop.row(id)["error"]
    assert (told["type"], told["detail"]) == (type(error).__name__, str(error) or type(error).__name__)


@pytest.mark.parametrize(
    "kind", [OSError, StorageUnavailable, DatabaseUnavailable, Contended, TookTooLong, SettingsError]
)
def test_words_that_may_name_a_folder_are_a_detail_that_no_event_tells(shop: Workshop, kind: type[Exception]) -> None:
    error = kind("to /srv/x")
    id = shop.put()
    shop.on(failing(error))
    for _ in range(WORK.max_attempts):
        shop.run()
        shop.due_now()
    told = dict(shop.row(id)["error"])
    assert (told["type"], told.pop("detail")) == (type(error).__name__, str(error))
    with shop.db.transaction("a") as conn:
        events = conn.execute(SQL["events_after"], {"id": id, "after": 0, "most": 100}).fetchall()
    attempts = [letter["attempts"] for letter in shop.letters(id)]
    assert "/srv/x" not in f"{told}{events}{attempts}"


def test_an_unforeseen_error_is_in_the_log_whole_with_its_job(shop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    id = shop.put()
    shop.on(failing(OSError("/srv/x")))
    shop.run()
    assert id in caplog.text and "Traceback" in caplog.text and "OSError: /srv/x" in caplog.text


def test_an_error_whose_text_no_database_can_hold_is_told_as_well_as_can_be(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("tolva.jobs.runner"), "disabled", True)  # no report can hold it either
    id = shop.put()
    shop.on(failing(Never("a\x00b \udcff " + "long " * 10_000)))
    shop.run()
    assert shop.row(id)["error"]["message"].startswith("a\ufffdb ? long")
    assert len(shop.row(id)["error"]["message"]) <= 2000


def test_an_error_that_cannot_even_be_told_does_not_block_the_slot(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("tolva.jobs.runner"), "disabled", True)  # pytest's handler would raise

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    id, neighbour = shop.put(), shop.put("other")
    shop.on(failing(Mute()))
    shop.on(lambda ctx: None, "other")
    shop.run()
    assert (shop.state(id), shop.row(id)["error"]["type"]) == ("queued", "Mute")
    assert shop.state(neighbour) == "completed"


def test_our_database_being_away_costs_no_try(shop: Workshop) -> None:
    id = shop.put()
    shop.on(failing(DatabaseUnavailable("away")))
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["failures"], row["losses"]) == ("queued", 0, 0)
    assert row["run_at"] > datetime.now(UTC)


def test_a_released_job_goes_on_as_if_nothing_had_been(shop: Workshop) -> None:
    id = shop.put()
    job = shop.take()
    before = shop.row(id)
    assert [row["rings"] for row in shop.end(job, Verb.RELEASE)] == [True]
    row = shop.row(id)
    for column in ("failures", "losses", "run_at", "error", "progress", "checkpoint"):
        assert row[column] == before[column]
    assert shop.take().attempt == 2


def test_a_job_lost_again_and_again_has_failed(shop: Workshop) -> None:
    id = shop.put()
    for number in range(1, MOST_LOSSES):
        shop.end(shop.take(), Verb.LOST, ERROR)
        assert (shop.state(id), shop.row(id)["losses"]) == ("queued", number)
    shop.end(shop.take(), Verb.LOST, ERROR)
    assert shop.state(id) == "failed"
    (letter,) = shop.letters(id)
    assert [each["attempt"] for each in letter["attempts"]] == list(range(1, MOST_LOSSES + 1))


def test_a_checkpoint_between_losses_begins_their_count_anew(shop: Workshop) -> None:
    id = shop.put()
    for number in range(MOST_LOSSES * 2):
        ctx = shop.context(job := shop.take())
        with ctx.transaction():
            ctx.save({"at": number})
        shop.end(job, Verb.LOST, ERROR)
    assert (shop.state(id), shop.row(id)["losses"]) == ("queued", 1)


@pytest.mark.parametrize("verb", [Verb.RETRY, Verb.RELEASE, Verb.LOST, Verb.WAIT])
def test_what_would_go_on_is_cancelled_when_somebody_asked_for_it(shop: Workshop, verb: Verb) -> None:
    id = shop.put()
    job = shop.take()
    with shop.jobs.work("a") as work:
        work.cancel(id)
    shop.end(job, verb, ERROR)
    assert shop.state(id) == "cancelled"
    assert shop.letters(id) == []


@pytest.mark.parametrize(("verb", "state"), [(Verb.COMPLETE, "completed"), (Verb.FAIL, "failed")])
def test_what_is_over_keeps_its_outcome_though_somebody_asked_to_cancel(shop: Workshop, verb: Verb, state: str) -> None:
    id = shop.put()
    job = shop.take()
    with shop.jobs.work("a") as work:
        work.cancel(id)
    shop.end(job, verb, ERROR)
    assert shop.state(id) == state


def test_an_answer_is_known_whether_it_comes_after_the_question_or_before(shop: Workshop) -> None:
    asked, early, broken, by = shop.put_many(4)
    shop.on(failing(Unanswered("Which column is which?", [])))
    with shop.db.transaction("a") as conn:
        note_answer(conn, [early], by)
    assert shop.run() == 4
    shop.admin.execute("""UPDATE tolva.jobs SET error = '{"type": "Broken"}' WHERE id = %s""", (broken,))
    for _ in range(2):
        with shop.db.transaction("a") as conn:
            note_answer(conn, [asked, broken], by)
    assert [shop.row(id)["error"].get("answered_by") for id in (asked, early, broken)] == [by, by, None]
    assert [shop.events(id)[1:] for id in (asked, early)] == [["failed", "answered"], ["failed"]]


def test_whoever_answers_several_questions_waits_for_the_first_without_holding_the_others(shop: Workshop) -> None:
    """Everybody takes them in one order, as endings do: else two people would wait for each other."""
    first, last = shop.put_many(2)
    shop.admin.execute("UPDATE tolva.jobs SET label = 'now behind the other on its page' WHERE id = %s", (first,))
    row = "SELECT FROM tolva.jobs WHERE id = %s FOR UPDATE NOWAIT"

    def answered() -> None:
        with shop.db.transaction("a") as conn:
            conn.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")  # as they lie there
            note_answer(conn, [last, first], first)

    with ThreadPoolExecutor(1) as pool:
        with shop.db.transaction("a") as conn:
            conn.execute(row, (first,))
            later = pool.submit(answered)
            until(lambda: shop.admin.execute(WAITING).fetchone())
            conn.execute(row, (last,))
        later.result()


def test_a_later_success_leaves_no_error(shop: Workshop) -> None:
    id = shop.put()
    shop.end(shop.take(), Verb.RETRY, ERROR)
    assert shop.row(id)["error"] == ERROR
    shop.end(shop.take(), Verb.COMPLETE, {"rows": 3})
    assert (shop.row(id)["error"], shop.row(id)["result"]) == (None, {"rows": 3})


def test_an_unknown_kind_fails_with_the_reason(shop: Workshop) -> None:
    shop.on(lambda ctx: None, "gone")
    id = shop.put("gone")
    del shop.handlers["gone"]
    shop.run()
    assert shop.state(id) == "failed"
    assert "There is no job of the kind 'gone'. Known kinds: other, work" in shop.row(id)["error"]["message"]


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"in": value}
    return value


UNSTORABLE: dict[str, Any] = {
    "a set": {"rows": {1, 2}},
    "bytes": {"rows": b"1"},
    "NaN": {"rows": float("nan")},
    "infinity": {"rows": float("inf")},
    "NUL": {"name": "a\x00b"},
    "NUL in a key": {"a\x00b": 1},
    "lone surrogate": {"name": "\ud800"},
    "lone surrogate in a key": {"\udfff": 1},
    "10 MB": {"text": "x" * 10_000_000},
    "a number of thousands of digits": {"n": 10**5000},
    "a list": [1, 2],
    "a string": "done",
    "a key that is no text": {(1, 2): 3},
    "deep nesting": nested(100_000),
}


@pytest.mark.parametrize("what", UNSTORABLE)
def test_a_result_that_cannot_be_stored_fails_the_job_with_the_reason(shop: Workshop, what: str) -> None:
    shop.on(lambda ctx: UNSTORABLE[what])
    id, neighbour = shop.put(), shop.put("other", priority=9)
    shop.on(lambda ctx: {"fine": True}, "other")
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["failures"]) == ("failed", 1)
    assert row["error"]["type"] == "InvalidInput"
    assert row["error"]["message"]
    assert shop.state(neighbour) == "completed"


WRITES: dict[str, Callable[[Context, Any], None]] = {
    "checkpoint": lambda ctx, value: ctx.save(value),
    "progress": lambda ctx, value: ctx.progress(seen=value if isinstance(value, dict) else {"a": b"b"}),
    "completion": lambda ctx, value: ctx.complete(value),
}


@pytest.mark.parametrize("where", WRITES)
def test_a_write_that_cannot_be_stored_fails_the_job_too(shop: Workshop, where: str) -> None:
    def work(ctx: Context) -> None:
        with ctx.transaction():
            WRITES[where](ctx, UNSTORABLE[ctx.params["what"]])

    ids = [shop.put(params={"what": what}) for what in UNSTORABLE]
    shop.on(work)
    shop.run()
    for id in ids:
        row = shop.row(id)
        assert (row["state"], row["error"] and row["error"]["type"]) == ("failed", "InvalidInput"), row["params"]
        assert (row["checkpoint"], row["progress"]) == (None, {})


@pytest.mark.parametrize(
    "result",
    [
        {"text": "\\u0000"},
        {"text": "ñ 😀 \u2028"},
        {"n": 10**4000},
        {"n": 1.5, "k": 5e-324},
        nested(150),
        {},
    ],
    ids=["text like an escape", "unicode", "large integer", "floats", "nested", "empty"],
)
def test_a_result_that_can_be_stored_comes_back_the_same(shop: Workshop, result: dict[str, Any]) -> None:
    shop.on(lambda ctx: result)
    id = shop.put()
    shop.run()
    assert (shop.state(id), shop.row(id)["result"]) == ("completed", result)


def test_nesting_that_json_can_write_but_postgresql_cannot_hold_fails_that_job_alone(shop: Workshop) -> None:
    """The encoder's own limit is higher than PostgreSQL's where the interpreter allows deeper recursion."""
    ordinary = sys.getrecursionlimit()
    sys.setrecursionlimit(60_000)
    try:
        shop.on(lambda ctx: nested(12_000))
        id, neighbour = shop.put(), shop.put("other", priority=9)
        shop.on(lambda ctx: None, "other")
        shop.run()
    finally:
        sys.setrecursionlimit(ordinary)
    assert shop.state(id) == "failed"
    assert shop.state(neighbour) == "completed"


def test_neighbours_of_an_ending_that_postgresql_refuses_are_unharmed(shop: Workshop) -> None:
    """Endings travel together; a batch of one bad and many good ones ends with one failure."""
    queue = Queue("many", slots=8)
    shop.open("many")
    shop.on(lambda ctx: {"fine": True}, "good", queue)
    shop.on(failing(TryLater("slow down", retry_after=1e30)), "bad", queue)
    good = shop.put_many(24, "good")
    bad = shop.put_many(4, "bad", priority=0)
    runner = shop.runner()

    def slot() -> None:
        while runner.run_next("many"):
            pass

    together(*[slot] * 8)
    assert set(shop.states(good)) == {"completed"}
    assert set(shop.states(bad)) <= {"failed", "queued"}


def test_a_failure_without_a_reason_is_refused(shop: Workshop) -> None:
    shop.put()
    with pytest.raises(pg.CheckViolation):
        shop.end(shop.take(), Verb.FAIL)
