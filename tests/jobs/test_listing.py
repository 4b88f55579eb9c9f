"""Lists of jobs and dead letters: what is found, by whom, and what is shown of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.jobs.workshop import ERROR, QUESTION, Workshop
from tolva.core.job import JobId, State, Verb
from tolva.errors import InvalidInput
from tolva.jobs import listing
from tolva.jobs.counted import Counted
from tolva.jobs.letters import LetterFilter, dead_jobs, dead_letters
from tolva.jobs.listing import Failures, JobFilter, count_failures, count_matching, list_jobs, matching_ids


def found(shop: Workshop, tenant: str = "a", **wanted: Any) -> list[JobId]:
    with shop.db.transaction(tenant) as conn:
        ids = matching_ids(conn, tenant, JobFilter(**wanted), most=100)
        assert [str(row["id"]) for row in list_jobs(conn, tenant, JobFilter(**wanted), most=100).jobs] == ids
        assert count_matching(conn, tenant, JobFilter(**wanted)).number == len(ids)
    return ids


@pytest.mark.parametrize(
    ("search", "label"),
    [
        ("productos enero", "Productos_Enero-2026.xlsx"),
        ("ENERO prod", "Productos_Enero-2026.xlsx"),
        ("2026.xlsx", "Productos_Enero-2026.xlsx"),
        ("xlsx xlsx", "Productos_Enero-2026.xlsx"),
        ("ano", "Año nuevo.csv"),
        ("AÑO", "ano nuevo.csv"),
        ("123", "factura123.pdf"),
        ("factura12", "factura123.pdf"),
        ("straße", "STRASSE.csv"),
        ("价格", "价格 表.xlsx"),
        ("o'neil & co | !x", "O'Neil & Co (x).csv"),
        ("a:b", "a\\b:*.csv"),
    ],
)
def test_a_label_is_found_by_how_its_words_begin(shop: Workshop, search: str, label: str) -> None:
    id = shop.put(label=label)
    shop.put(label="something else.ods")
    shop.put()
    assert found(shop, search=search) == [id]


@pytest.mark.parametrize("search", ["roductos", "productos febrero", "***", "' | 'y", "\x00", "  *  "])
def test_what_is_in_no_label_finds_nothing(shop: Workshop, search: str) -> None:
    shop.put(label="Productos_Enero-2026.xlsx")
    assert found(shop, search=search) == []


def test_the_pieces_of_an_id_in_a_label_are_no_words(shop: Workshop) -> None:
    told = shop.put(label="shop.example.com · job.completed · 01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10")
    wanted = shop.put(label="cola-9.xlsx")
    assert found(shop, search="co9") == [wanted]
    assert found(shop, search="shop completed") == [told]
    assert found(shop, search="01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10") == [told]


@pytest.mark.parametrize("search", [None, "", "  "])
def test_a_blank_search_is_none(shop: Workshop, search: str | None) -> None:
    shop.put()
    assert len(found(shop, search=search)) == 1


def test_a_job_is_found_by_its_id_and_by_how_it_begins(shop: Workshop) -> None:
    id, other = shop.put(label="x"), shop.put(label="y")
    assert found(shop, search=id) == [id]
    assert found(shop, search=f" {id.upper()} ") == [id]
    assert found(shop, search=id.replace("-", "")) == [id]
    assert found(shop, search=id[:-3]) in ([id], [other, id])
    assert found(shop, search=id[:9]) == [other, id]
    assert found(shop, search=id, states=(State.FAILED,)) == []


def test_digits_that_begin_no_id_are_words(shop: Workshop) -> None:
    id = shop.put(label="ventas 01012026.csv")
    assert found(shop, search="01012026") == [id]


def test_another_tenants_jobs_are_found_by_nothing(shop: Workshop) -> None:
    id = shop.put(label="secret.csv", tenant="a")
    shop.put(label="mine.csv", tenant="b")
    for wanted in ({"search": "secret"}, {"search": id}, {"search": id[:13]}, {"states": (State.QUEUED,)}):
        assert id not in found(shop, "b", **wanted)
    with shop.db.transaction("b") as conn:
        assert conn.execute("SELECT * FROM tolva.job_words").rowcount == 1


def test_filters_hold_together(shop: Workshop) -> None:
    done, failed, queued = shop.put(label="a.csv"), shop.put(label="a.csv"), shop.put("other", label="a.csv")
    shop.end(shop.take(), Verb.COMPLETE)
    shop.end(shop.take(), Verb.FAIL, ERROR)
    assert found(shop) == [queued, failed, done]
    assert found(shop, states=(State.COMPLETED, State.FAILED)) == [failed, done]
    assert found(shop, kinds=("other",), search="a") == [queued]
    assert found(shop, kinds=("work",), states=(State.QUEUED,)) == []
    assert found(shop, queues=("nowhere",)) == []
    moment = shop.row(failed)["created_at"]
    assert done not in found(shop, created_from=moment + timedelta(seconds=10))
    assert found(shop, created_before=moment - timedelta(days=1)) == []
    assert found(shop, created_before=datetime.min.replace(tzinfo=moment.tzinfo)) == []


def test_children_are_listed_by_their_parent(shop: Workshop) -> None:
    parent, other = shop.put(label="whole"), shop.put()
    job = shop.take()
    children = shop.spawn(job, 3, label="part.csv")
    assert found(shop, parent=parent) == children[::-1]
    assert found(shop, parent=parent, search="part") == children[::-1]
    assert found(shop, parent=parent, search="whole") == []
    assert found(shop, parent=other) == []
    assert found(shop, "b", parent=parent) == []


def test_open_questions_are_listed_and_told_from_other_failures(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, answered, asked, other = (shop.put(label=label) for label in ("a.csv", "b.csv", "b.csv", "c.csv"))
    for error in (ERROR, QUESTION | {"answered_by": other}, QUESTION, QUESTION):
        shop.end(shop.take(), Verb.FAIL, error)
    hour = datetime.now(UTC) - timedelta(hours=1)
    assert found(shop, open_question=True) == [other, asked]
    assert found(shop, open_question=True, search="b", kinds=("work",), ended_since=hour) == [asked]
    assert found(shop, open_question=True, states=(State.COMPLETED,)) == found(shop, "b", open_question=True) == []
    assert found(shop, states=(State.FAILED,)) == [other, asked, answered, broken]
    failed = JobFilter((State.FAILED,), ended_since=hour)
    with shop.db.transaction("a") as conn:
        told = count_failures(conn, "a", failed)
        assert (told, told.broken) == (Failures(Counted(4), asked=3, open=2), Counted(1))
        monkeypatch.setattr(listing, "MOST_COUNTED", 3)
        told = count_failures(conn, "a", failed)
        assert (str(told.all), str(told.broken)) == ("3+", "3+")


def test_children_that_ask_are_listed_by_their_parent(shop: Workshop) -> None:
    parent = shop.put()
    [silent, child] = shop.spawn(shop.take(), 2)
    shop.admin.execute(
        "UPDATE tolva.jobs SET state = 'failed', finished_at = now(), error = %s WHERE id = %s",
        (Jsonb(QUESTION), child),
    )
    assert found(shop, parent=parent, open_question=True) == [child]
    assert silent in found(shop, parent=parent)


def test_a_list_shows_counts_and_reasons_but_nothing_large(shop: Workshop) -> None:
    shop.put(params={"n": "x" * 100_000})
    shop.put(params={"n": 1})
    shop.end(shop.take(), Verb.COMPLETE, {"total": 3, "dry_run": True, "lines": [1, 2], "text": "y" * 1000, "of": "z"})
    shop.end(shop.take(), Verb.FAIL, ERROR | {"sheets": ["a"]}, progress={"processed": 2, "matches": [{}]})
    with shop.db.transaction("a") as conn:
        failed, done = list_jobs(conn, "a", JobFilter()).jobs
    assert done["result"] == {"total": 3, "dry_run": True, "of": "z"}
    assert (failed["error"], failed["progress"]) == (ERROR, {"processed": 2})
    assert not {"params", "checkpoint"} & set(done)


def test_a_result_too_large_to_fetch_shows_nothing_of_it(shop: Workshop) -> None:
    shop.put()
    shop.end(shop.take(), Verb.COMPLETE, {"total": 3, "lines": [str(n * 7919 % 10_007) * 3 for n in range(100_000)]})
    with shop.db.transaction("a") as conn:
        assert list_jobs(conn, "a", JobFilter()).jobs[0]["result"] == {}


def test_a_count_ends_at_its_limit(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 4)
    shop.put_many(5)
    with shop.db.transaction("a") as conn:
        assert str(count_matching(conn, "a", JobFilter())) == "4+"
        assert str(count_matching(conn, "a", JobFilter(states=(State.RUNNING,)))) == "0"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        JobFilter(created_from=datetime(2026, 1, 1))


def test_a_label_is_kept_as_it_can_be(shop: Workshop) -> None:
    assert shop.row(shop.put(label="a\x00" + "é" * 300))["label"] == "a\ufffd" + "é" * 253
    assert shop.row(shop.put(label=" ".join(map(str, range(200)))))["label"]


def test_words_of_a_job_that_is_not_made_are_not_kept(shop: Workshop) -> None:
    shop.put(label="first", unique_key="k")
    shop.put(label="second", unique_key="k")
    assert found(shop, search="second") == []
    row = shop.admin.execute("SELECT count(*) AS rows FROM tolva.job_words").fetchone()
    assert row == {"rows": 1}


def test_dead_letters_are_found_like_jobs(shop: Workshop) -> None:
    first, second = shop.put(label="Enero.csv"), shop.put(label="Febrero.csv")
    shop.end(shop.take(), Verb.FAIL, ERROR)
    shop.end(shop.take(), Verb.FAIL, ERROR)

    def dead(tenant: str = "a", **wanted: Any) -> list[JobId]:
        with shop.db.transaction(tenant) as conn:
            letters = dead_letters(conn, tenant, LetterFilter(**wanted)).letters
            found = dead_jobs(conn, tenant, LetterFilter(**wanted), most=100)
            assert [str(each["job_id"]) for each in letters] == [id for id, _ in found]
        return [JobId(str(each["job_id"])) for each in letters]

    assert dead() == [second, first]
    assert dead(search="ene") == [first]
    assert dead(search=second) == [second]
    assert dead(kinds=("work",), queues=("work",), search="csv") == [second, first]
    assert dead(kinds=("other",)) == dead(search="marzo") == dead("b") == dead("b", search=first) == []
    with shop.db.transaction("a") as conn:
        [letter] = dead_letters(conn, "a", LetterFilter(search="enero")).letters
    assert (letter["label"], letter["tries"], letter["error"]) == ("Enero.csv", 1, ERROR)
    with shop.jobs.work("a") as work:
        work.replay([first])
    assert dead() == [second]


def test_what_ended_since_a_time_is_found_however_old_its_job_is(shop: Workshop) -> None:
    long_ago, lately = shop.put(label="long ago"), shop.put(label="lately")
    shop.put(label="lately, too, but open")
    for job in (shop.take(), shop.take()):
        shop.end(job, Verb.COMPLETE)
    shop.admin.execute("UPDATE tolva.jobs SET finished_at = now() - interval '2 hours' WHERE id = %s", (long_ago,))
    hour = datetime.now(UTC) - timedelta(hours=1)
    assert found(shop, ended_since=hour) == found(shop, ended_since=hour, search="lately") == [lately]
    assert found(shop, ended_since=hour - timedelta(hours=2)) == [lately, long_ago]
    assert found(shop, ended_since=hour, states=(State.FAILED,)) == found(shop, ended_since=hour, kinds=("x",)) == []
    assert found(shop, ended_since=hour, tenant="b") == []
