"""A job as the API shows it."""

from datetime import UTC, datetime

from tests.jobs.workshop import Workshop
from tolva.core.job import Verb
from tolva.jobs import store
from tolva.web.api.job_view import job_view


def test_a_job_is_shown_whole_with_its_times_in_utc(shop: Workshop) -> None:
    parent = shop.put()
    (child,) = shop.spawn(shop.take())
    job = shop.take()
    assert job.id == child
    shop.end(job, Verb.COMPLETE, {"loaded": 1})
    with shop.db.transaction("a") as conn:
        conn.execute("SET LOCAL TimeZone = 'America/Bogota'")
        view = job_view(store.get_job(conn, child))
    times = {name: view.pop(name) for name in ("created_at", "run_at", "started_at", "finished_at")}
    view.pop("label", None)
    assert view == {
        "id": child, "kind": "work", "queue": "work", "state": "completed", "priority": 5, "attempt": 1, "failures": 0,
        "max_attempts": 3, "progress": {}, "result": {"loaded": 1}, "error": None, "parent_id": parent, "seq": 2,
        "cancel_requested": False, "undone_by": None,
    }  # fmt: skip
    moments = [datetime.fromisoformat(times[name]) for name in ("created_at", "started_at", "finished_at")]
    assert moments == sorted(moments)
    assert all(text.endswith("+00:00") for text in times.values())
    assert (datetime.now(UTC) - moments[-1]).total_seconds() < 60


def test_what_has_not_happened_yet_has_no_time(shop: Workshop) -> None:
    id = shop.put()
    with shop.db.transaction("a") as conn:
        view = job_view(store.get_job(conn, id))
    assert (view["started_at"], view["finished_at"], view["parent_id"]) == (None, None, None)
