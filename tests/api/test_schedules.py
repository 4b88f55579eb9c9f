"""Schedules over HTTP."""

from typing import Any

import pytest

from tests.service import Service
from tolva.jobs import schedule

DAILY = {"cron": "30 2 * * *", "timezone": "America/Bogota", "kind": "errand", "params": {"days": 1}}


def put(service: Service, name: str = "nightly", **given: Any) -> dict[str, Any]:
    answer = service.client.put(f"/api/v1/schedules/{name}", json=DAILY | given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def queued(service: Service) -> list[dict[str, Any]]:
    with service.jobs.db.transaction("default") as conn:
        return conn.execute("SELECT * FROM tolva.jobs ORDER BY id").fetchall()


def test_a_schedule_is_made_changed_listed_and_ended(service: Service) -> None:
    first = put(service)
    assert (first["queue"], first["paused_at"], first["last_at"]) == ("errands", None, None)
    second = put(service, cron="0 3 * * *", missed="latest", priority=2)
    assert second["created_at"] == first["created_at"] and second["next_at"] != first["next_at"]
    assert service.client.get("/api/v1/schedules").json() == {"schedules": [second], "next": None}
    assert service.client.get("/api/v1/schedules/nightly").json() == second
    assert service.client.delete("/api/v1/schedules/nightly").status_code == 204
    assert service.client.get("/api/v1/schedules/nightly").status_code == 404
    assert service.client.delete("/api/v1/schedules/nightly").status_code == 404


def test_schedules_come_in_pages(service: Service) -> None:
    for name in ("b", "a", "c"):
        put(service, name)
    names: list[str] = []
    asked: dict[str, Any] = {"limit": 2}
    while asked:
        page = service.client.get("/api/v1/schedules", params=asked).json()
        names += [each["name"] for each in page["schedules"]]
        asked = page["next"] and {"limit": 2, "after": page["next"]}
    assert names == ["a", "b", "c"]


def test_one_schedule_too_many_is_a_conflict_that_says_what_to_do(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "MOST", 1)
    put(service)
    answer = service.client.put("/api/v1/schedules/another", json=DAILY)
    assert (answer.status_code, "Delete one" in answer.json()["detail"]) == (409, True)
    assert put(service, cron="0 3 * * *")["cron"] == "0 3 * * *"


def test_a_schedule_that_cannot_run_says_why_and_is_not_run(service: Service) -> None:
    assert put(service)["cannot_run"] is None
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.schedules SET kind = 'bulk_upload'")
    [listed] = service.client.get("/api/v1/schedules").json()["schedules"]
    assert "do not run by the clock" in listed["cannot_run"]
    refused = service.client.post("/api/v1/schedules/nightly/run")
    assert (refused.status_code, refused.json()["detail"]) == (400, listed["cannot_run"])
    assert queued(service) == []


def test_putting_a_paused_schedule_leaves_it_paused_unless_told(service: Service) -> None:
    assert put(service, paused=True)["paused_at"]
    assert put(service, cron="0 4 * * *")["paused_at"]
    assert put(service, paused=False)["paused_at"] is None


def test_a_schedule_that_goes_on_does_not_make_up_for_its_pause(service: Service) -> None:
    put(service)
    assert service.client.post("/api/v1/schedules/nightly/pause").json()["paused_at"]
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.schedules SET next_at = now() - interval '3 days'")
    resumed = service.client.post("/api/v1/schedules/nightly/resume").json()
    assert resumed["paused_at"] is None
    with service.jobs.db.transaction("default") as conn:
        row = conn.execute("SELECT next_at > now() AS ahead FROM tolva.schedules").fetchone()
    assert row and row["ahead"]


def test_going_on_again_keeps_the_tick_that_is_due(service: Service) -> None:
    put(service)
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.schedules SET next_at = now() - interval '1 second'")
    service.client.post("/api/v1/schedules/nightly/resume")
    with service.jobs.db.transaction("default") as conn:
        row = conn.execute("SELECT next_at < now() AS due FROM tolva.schedules").fetchone()
    assert row and row["due"]


def test_running_now_makes_one_job_and_is_no_tick(service: Service) -> None:
    before = put(service)
    made = service.client.post("/api/v1/schedules/nightly/run")
    assert made.status_code == 202 and made.json()["created"]
    [job] = queued(service)
    assert (str(job["id"]), job["kind"], job["params"]["days"]) == (made.json()["id"], "errand", 1)
    assert job["params"]["scheduled_for"], "a handler finds what it finds at a tick"
    assert service.client.get("/api/v1/schedules/nightly").json() == before


def test_running_with_the_same_key_makes_one_job(service: Service) -> None:
    put(service)
    keyed = {"headers": {"Idempotency-Key": "k"}}
    first, again = (service.client.post("/api/v1/schedules/nightly/run", **keyed).json() for _ in range(2))
    assert (first["created"], again["created"], first["id"]) == (True, False, again["id"])
    assert len(queued(service)) == 1


def test_a_key_is_for_one_schedule_also_where_names_have_blanks(service: Service) -> None:
    made: list[str] = []
    for name, key in (("a", "b c"), ("a b", "c")):
        put(service, name)
        answer = service.client.post(f"/api/v1/schedules/{name}/run", headers={"Idempotency-Key": key})
        made.append(answer.json()["id"])
    assert len(set(made)) == len(queued(service)) == 2


def test_next_ticks_tell_what_daylight_saving_does(service: Service) -> None:
    given = {"cron": "30 2 * * SUN", "timezone": "Europe/Madrid"}
    answer = service.client.post("/api/v1/schedules/preview", params={"n": 50}, json=given).json()
    notes = [tick["note"] for tick in answer["ticks"] if tick["note"]]
    assert any("skips" in each for each in notes) and any("twice" in each for each in notes)
    assert len(notes) < 6


def test_ticks_of_a_kept_schedule_begin_with_its_next_one(service: Service) -> None:
    kept = put(service)
    ticks = service.client.get("/api/v1/schedules/nightly/ticks", params={"n": 3}).json()["ticks"]
    assert len(ticks) == 3 and ticks[0]["at"] == kept["next_at"]
    assert ticks[0]["local"].endswith("02:30:00-05:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"cron": "30 2 * *"},
        {"cron": "0 0 30 2 *"},
        {"timezone": "Mars/Olympus"},
        {"kind": "nonsense"},
        {"kind": "bulk_upload"},
        {"priority": 10},
        {"priority": 10**400},
        {"missed": "some"},
        {"params": {"a": "b\0"}},
        {"params": {"a": "\ud800"}},
        {"params": {"a": float("inf")}},
        {"cron": "\0"},
        {"timezone": "\ud800"},
        {"unknown": 1},
        {"\ud800": 1},
    ],
)
def test_what_cannot_be_scheduled_is_a_problem_of_the_caller(lasting_service: Service, wrong: dict[str, Any]) -> None:
    import json

    body = json.dumps(DAILY | wrong)
    answer = lasting_service.client.put(
        "/api/v1/schedules/x", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["%00", "a%00b", "a" * 101, "%20", "%0a"])
def test_a_name_that_cannot_be_is_refused(lasting_service: Service, name: str) -> None:
    assert lasting_service.client.get(f"/api/v1/schedules/{name}").status_code == 422


def test_changes_are_noted_in_the_audit_log(service: Service) -> None:
    put(service)
    for verb in ("pause", "resume", "run"):
        service.client.post(f"/api/v1/schedules/nightly/{verb}")
    service.client.delete("/api/v1/schedules/nightly")
    with service.jobs.db.transaction("default") as conn:
        rows = conn.execute("SELECT action FROM tolva.audit ORDER BY id").fetchall()
    assert [row["action"] for row in rows] == [f"schedule.{v}" for v in ("put", "pause", "resume", "run", "drop")]


def test_the_kinds_tell_which_of_them_can_be_scheduled(service: Service) -> None:
    kinds = service.client.get("/api/v1/kinds").json()["kinds"]
    assert {"kind": "bulk_upload", "queue": "bulk_upload", "on_schedule": False} in kinds
    assert [each["kind"] for each in kinds if each["on_schedule"]] == ["errand"]


def test_who_schedules_an_upload_is_told_what_runs_by_the_clock(service: Service) -> None:
    answer = service.client.put("/api/v1/schedules/x", json=DAILY | {"kind": "bulk_upload"})
    assert (answer.status_code, "Those that do: errand." in answer.json()["detail"]) == (400, True)


def test_a_deletion_that_brings_a_body_leaves_the_connection_usable(service: Service) -> None:
    put(service)
    gone = service.client.request("DELETE", "/api/v1/schedules/nightly", json={}, headers={"Accept-Encoding": "gzip"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert gone.headers.get("content-encoding") is None, "there is nothing to pack"
    assert service.client.get("/api/v1/schedules").json() == {"schedules": [], "next": None}
