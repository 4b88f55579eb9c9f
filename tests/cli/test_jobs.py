"""`tolva jobs`, `dead` and `queue`: for people and for scripts."""

import json
import signal
import subprocess
from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.cli.conftest import Shell
from tests.conftest import Fresh
from tests.jobs.shrunk import shrink
from tolva.cli import portions
from tolva.core.job import JobId

Enqueue = Callable[[], JobId]

FAIL = """
SELECT tolva.open_queues(ARRAY['bulk_upload']);
SELECT tolva.join_worker(gen_random_uuid(), 'test', 1, ARRAY['bulk_upload'], '1 minute');
SELECT tolva.claim((SELECT id FROM tolva.workers), 'bulk_upload', 10);
SELECT tolva.finish(array_agg(id), array_agg(attempt), array_agg('fail'::text),
  array_agg('{"type": "Never", "message": "The stored file is gone."}'::jsonb), array_agg(0.0::double precision),
  array_agg(NULL::jsonb), 10) FROM tolva.jobs;
DELETE FROM tolva.workers;
"""


@pytest.fixture
def failed(enqueue: Enqueue, fresh: Fresh) -> JobId:
    """A job that failed for good."""
    id = enqueue()
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FAIL)
    return id


@pytest.mark.parametrize(("kind", "code"), [("UnreadableFile", 2), ("NotFound", 1), ("StorageUnavailable", 1)])
def test_a_failed_job_ends_its_watch_as_a_wrong_call_only_where_the_file_is_wrong(
    tolva: Shell, enqueue: Enqueue, fresh: Fresh, kind: LiteralString, code: int
) -> None:
    id = enqueue()
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FAIL.replace('"Never"', f'"{kind}"'))
    assert tolva("jobs", "watch", id).code == code


def test_at_the_terminal_an_unforeseen_error_is_told_in_its_own_words(
    tolva: Shell, enqueue: Enqueue, fresh: Fresh
) -> None:
    id = enqueue()
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FAIL.replace(' gone."', ' gone.", "detail": "no such folder"'))
    assert "no such folder" in tolva("jobs", "show", id).out
    assert "no such folder" in tolva("jobs", "watch", id).err
    assert "no such folder" in tolva("dead", "ls").out
    assert "no such folder" in tolva("doctor", "--json", TOLVA_PORT="0").out


@pytest.mark.parametrize("columns", ["30", "60", "200"])
def test_ids_are_whole_however_narrow_the_terminal(tolva: Shell, enqueue: Enqueue, columns: str):
    id = enqueue()
    ran = tolva.process("jobs", "ls", COLUMNS=columns)
    assert ran.code == 0
    assert (id in ran.out) == (int(columns) >= len(id))
    assert id in ran.out.replace("\n", "")
    assert max(map(len, ran.out.splitlines())) <= int(columns)


def test_empty_lists_say_what_to_do(tolva: Shell):
    assert "Make one: tolva load FILE.xlsx" in tolva("jobs", "ls").out
    assert tolva("jobs", "ls", "--json").json == []
    assert "No dead letters" in tolva("dead", "ls").out
    assert "No queues yet" in tolva("queue", "ls").out
    assert tolva("schedule", "ls").out == "No schedules.\n"


def test_jobs_are_listed_by_what_was_asked_for_and_page_by_page(tolva: Shell, enqueue: Enqueue):
    first, second = enqueue(), enqueue()
    shown = tolva("jobs", "ls", "--limit", "1", "--search", "P", "--state", "queued", "--state", "failed")
    assert second in shown.out
    assert first not in shown.out
    [more] = [line for line in shown.out.splitlines() if line.startswith("more: tolva ")]
    assert first in tolva(*more.split()[2:]).out
    assert "more:" not in tolva(*more.split()[2:]).out
    for words in (
        ("--search", "p", "--kind", "bulk_upload", "--since", "2026-01-01", "--queue", "bulk_upload"),
        ("--search", first[:13]),
        ("--until", "2999-01-01T00:00:00+0000"),
    ):
        listed = [row["id"] for row in tolva("jobs", "ls", "--json", *words).json]
        assert first in listed
    for words in (("--search", "q"), ("--kind", "undo"), ("--until", "2026-01-01"), ("--state", "failed")):
        assert tolva("jobs", "ls", *words).out == "No such jobs.\n"


def test_open_questions_have_a_list_of_their_own_that_goes_on_as_it_began(tolva: Shell, enqueue: Enqueue, fresh: Fresh):
    asked = [enqueue(), enqueue()]
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(FAIL.replace('"Never"', '"Unanswered"'))
    enqueue()
    shown = tolva("jobs", "ls", "--open-question", "--limit", "1")
    [more] = [line for line in shown.out.splitlines() if line.startswith("more: tolva ")]
    assert [row["id"] for row in tolva(*more.split()[2:], "--json").json] == asked[:1]


def test_a_list_goes_on_until_it_knows_that_there_are_no_more_or_says_that_it_does_not(
    tolva: Shell, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch, fresh: Fresh
):
    old, _, newest = enqueue(), enqueue(), enqueue()
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("UPDATE tolva.job_words SET words = ''::tsvector WHERE job_id <> %s", (old,))
        shrink(conn, 1_000_000)
    searched = "jobs", "ls", "--search", "p", "--queue", "bulk_upload"
    assert [row["id"] for row in tolva(*searched, "--json").json] == [old]
    monkeypatch.setattr(portions, "MOST_PORTIONS", 1)
    ran = tolva(*searched, "--json")
    assert ran.json == []
    assert f"--before {newest}" in ran.err
    assert "None so far.\nLooked at those made since 2" in tolva(*searched).out


def test_a_job_says_what_it_waits_for(tolva: Shell, enqueue: Enqueue):
    id = enqueue()
    assert "a worker: none of the queue 'bulk_upload' is running" in tolva("jobs", "show", id).out
    tolva("queue", "pause", "bulk_upload")
    assert tolva("jobs", "show", id, "--json").json["waits_for"]["code"] == "paused"
    assert "paused since 2" in tolva("jobs", "show", id).out


def test_a_queue_tells_how_it_stands(tolva: Shell, failed: JobId, enqueue: Enqueue):
    enqueue()
    [state] = tolva("queue", "ls", "--json").json
    assert state["ready"] == {"number": 1, "exact": True}
    assert state["last_hour"]["failed"]["number"] == 1
    assert state["oldest_wait"] >= 0
    assert "0, 1 failed" in tolva("queue", "ls").out


def test_a_job_is_cancelled_shown_and_retried_by_a_script(tolva: Shell, enqueue: Enqueue):
    id = enqueue()
    assert tolva("jobs", "cancel", id, "--json").json == {"id": id, "state": "cancelled"}
    assert tolva("jobs", "cancel", id).code == 2
    watched = tolva("jobs", "watch", id, "--json")
    assert watched.code == 1
    assert [json.loads(line)["job"]["state"] for line in watched.out.splitlines()] == ["cancelled"]
    assert f"Try again: tolva jobs retry {id}" in tolva("jobs", "watch", id).err
    assert tolva("jobs", "retry", id, "--json").json == {"id": id, "state": "queued"}
    shown = tolva("jobs", "show", id, "--json").json
    assert [event["type"] for event in shown["events"]] == ["cancelled", "replayed"]


def test_whoever_leaves_a_watch_is_told_that_the_job_goes_on(tolva: Shell, enqueue: Enqueue):
    id = enqueue()
    command = tolva.command("jobs", "watch", id, "--tenant", "default")
    with subprocess.Popen(command, env=tolva.environment(), stderr=subprocess.PIPE, text=True) as watch:
        assert watch.stderr
        assert "No worker is running" in watch.stderr.readline()
        assert watch.stderr.readline() == "queued\n"
        watch.send_signal(signal.SIGINT)
        said = watch.stderr.read()
    assert watch.returncode == 130
    assert f"The job goes on. Follow it again:\n  tolva jobs watch {id}\n" in said
    assert tolva("jobs", "show", id, "--json").json["state"] == "queued"


def test_a_dead_letter_is_listed_with_its_reason_and_replayed(tolva: Shell, failed: JobId):
    listed = tolva("dead", "ls")
    assert failed in listed.out
    assert "The stored file is gone." in listed.out
    assert failed in tolva("dead", "ls", "--search", "p.csv").out
    assert tolva("dead", "ls", "--search", "q").out == "No such dead letters.\n"
    assert tolva("dead", "replay", "--all", "--search", "q").out == "0 jobs queued again.\n"
    assert tolva("dead", "replay", "--all", "--dry-run", "--json").json == {
        "jobs": [failed],
        "left": 0,
        "more": False,
        "dry_run": True,
    }
    unknown = tolva("dead", "replay", failed, "01a20194-4c7c-7528-9d28-4de9e41748b2")
    assert (unknown.code, "Nothing was done" in unknown.err) == (2, True)
    assert tolva("dead", "replay", "--all").out == "1 job queued again.\n"
    assert tolva("dead", "ls", "--json").json == []


def test_a_dead_letter_is_dismissed_and_its_job_tells_by_whom(tolva: Shell, failed: JobId):
    assert tolva("dead", "dismiss").code == 2
    assert tolva("dead", "dismiss", failed, "--dry-run").out == "1 dead letter would be dismissed.\n"
    assert tolva("dead", "dismiss", "--all", "--search", "q").out == "0 dead letters dismissed.\n"
    assert tolva("dead", "dismiss", failed, "--json").json == {
        "jobs": [failed],
        "left": 0,
        "more": False,
        "dry_run": False,
    }
    assert tolva("dead", "ls", "--json").json == []
    shown = tolva("jobs", "show", failed).out
    assert "dismissed" in shown and "command line" in shown
    assert tolva("dead", "dismiss", failed).code == 2


def test_a_queue_is_paused_and_opened_again(tolva: Shell, failed: JobId):
    told = tolva("queue", "pause", "bulk_upload", "--json").json
    assert told == {"queue": "bulk_upload", "tenant": None, "paused": True}
    assert "paused" in tolva("queue", "ls").out
    assert tolva("queue", "resume", "bulk_upload").out == "'bulk_upload' is open.\n"
    for words in (["pause", "nada"], ["share", "nada"]):
        ran = tolva("queue", *words)
        assert (ran.code, "no queue 'nada'" in ran.err) == (2, True)


def test_hints_repeat_the_options_that_they_need(tolva: Shell, failed: JobId):
    folder = f"{tolva.folder} b"
    assert f"retry {failed} --data-dir '{folder}'" in tolva("jobs", "watch", failed, "--data-dir", folder).err
    assert f"watch {failed} --data-dir '{folder}'" in tolva("jobs", "retry", failed, "--data-dir", folder).out


def test_a_database_that_is_not_there_is_a_wrong_setting_and_one_that_does_not_answer_is_not(
    tolva: Shell, homeless: Shell
) -> None:
    wrong = Shell(make_conninfo(tolva.database_url, dbname="nowhere"), tolva.folder)("jobs", "ls")
    assert (wrong.code, "Mend DATABASE_URL" in wrong.err) == (2, True)
    assert homeless("jobs", "ls").code == 3
