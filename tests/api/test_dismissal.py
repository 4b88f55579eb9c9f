"""Dead letters that are dismissed: off the list, and not lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.api.moved import KIND, fail, failed, states
from tests.chaos.waiting import until
from tests.conftest import Fresh
from tests.pages.reader import log_in, noted
from tests.service import Service
from tolva.cli.closing import close
from tolva.core.job import JobId, NewJob
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter, held_open, hold_open, with_letter
from tolva.jobs.letters import dismiss as close_letters
from tolva.jobs.store import enqueue
from tolva.web.access.caller import ANYONE_HERE, Role
from tolva.web.steering import replay_letters

URL = "/api/v1/dead-letters"
FORM = {"action": "retry", "scope": "selected", "back": "/dead-letters", "confirm": "1"}


def dismiss(service: Service, **chosen: Any) -> Any:
    return service.client.post(f"{URL}/dismiss", json=chosen)


def test_a_dismissed_letter_leaves_the_list_and_its_job_tells_who_did_it(service: Service) -> None:
    [job], [other] = failed(service), failed(service)
    told = service.client.post(f"{URL}/{job}/dismiss").json()
    assert (told["id"], told["dismissed_by"], told["replayed_at"]) == (job, "this machine", None)
    assert told == service.client.get(f"{URL}/{job}").json() and told["dismissed_at"]
    assert [letter["id"] for letter in service.client.get(URL).json()["dead_letters"]] == [other]
    assert states(service, [job]) == ["failed"]
    last = service.client.get(f"/api/v1/jobs/{job}/events").json()["events"][-1]
    assert (last["type"], last["data"]) == ("dismissed", {"by": "this machine"})
    assert service.client.get(f"/api/v1/jobs/{job}").json()["seq"] == last["seq"]
    assert noted(service) == [("letter.dismiss", job)]


def test_what_is_dismissed_is_neither_dismissed_again_nor_replayed(service: Service) -> None:
    [job] = failed(service)
    for act, status in (("dismiss", 200), ("dismiss", 409), ("replay", 409)):
        answer = service.client.post(f"{URL}/{job}/{act}")
        assert answer.status_code == status
    assert "dismissed by 'this machine'" in answer.json()["detail"]


def test_a_dismissed_job_can_be_retried_and_has_a_new_letter_when_it_fails_again(service: Service) -> None:
    [job] = failed(service)
    assert service.client.post(f"{URL}/{job}/dismiss").status_code == 200
    assert service.client.post(f"/api/v1/jobs/{job}/retry").status_code == 202
    fail(service)
    [letter] = service.client.get(URL).json()["dead_letters"]
    whole = service.client.get(f"{URL}/{job}").json()
    assert letter["id"] == job and (whole["dismissed_at"], whole["replayed_at"]) == (None, None)
    assert dismiss(service, all=True).json()["dismissed"] == 1


def test_many_are_dismissed_by_a_filter_after_a_count(service: Service) -> None:
    [march], [april] = failed(service, label="marzo"), failed(service, label="abril")
    counted = dismiss(service, search="marzo", dry_run=True).json()
    assert counted == {"dry_run": True, "matching": 1, "next": None, "dismissed": 0, "left": 1}
    assert dismiss(service, search="marzo").json()["dismissed"] == 1
    told = dismiss(service, ids=[march, april]).json()
    assert (told["matching"], told["dismissed"], told["left"]) == (1, 1, 0)
    assert service.client.get(URL).json()["dead_letters"] == []
    assert dismiss(service).status_code == 422, "never all by leaving something out"


def test_none_of_another_tenant_is_dismissed(service: Service) -> None:
    [theirs] = failed(service, tenant="other")
    assert service.client.post(f"{URL}/{theirs}/dismiss").status_code == 404
    assert dismiss(service, ids=[theirs]).json()["matching"] == dismiss(service, all=True).json()["matching"] == 0
    with service.jobs.db.transaction("other") as conn:
        assert with_letter(conn, [theirs]) == [theirs]


def test_a_viewer_dismisses_nothing(service: Service) -> None:
    [job] = failed(service)
    log_in(service, Role.VIEWER)
    one, many = service.client.post(f"{URL}/{job}/dismiss"), dismiss(service, all=True)
    assert (one.status_code, many.status_code) == (403, 403)


def test_of_a_replay_and_a_dismissal_at_once_the_first_counts(service: Service, fresh: Fresh) -> None:
    [job] = failed(service)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(fresh.admin_dsn, autocommit=True) as watcher:
        with service.jobs.work("default") as work:
            work.replay([job])
            later = pool.submit(dismiss, service, ids=[job])
            until(lambda: _somebody_waits(watcher), "the dismissal waits for the replay")
        assert later.result().json()["dismissed"] == 0
    assert service.client.get(f"{URL}/{job}").json()["dismissed_at"] is None
    assert states(service, [job]) == ["queued"]


def test_a_dismissal_that_a_replay_forestalls_is_refused(service: Service, fresh: Fresh) -> None:
    [job] = failed(service)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(fresh.admin_dsn, autocommit=True) as watcher:
        with service.jobs.work("default") as work:
            work.replay([job])
            later = pool.submit(service.client.post, f"{URL}/{job}/dismiss")
            until(lambda: _somebody_waits(watcher), "the dismissal waits for the replay")
        answer = later.result()
    assert answer.status_code == 409 and "replayed already" in answer.json()["detail"]
    assert noted(service) == []


def test_a_replay_that_a_dismissal_forestalls_is_refused(service: Service, fresh: Fresh) -> None:
    [job] = failed(service)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(fresh.admin_dsn, autocommit=True) as watcher:
        with service.jobs.db.transaction("default") as conn:
            close_letters(conn, [job], "ana")
            later = pool.submit(service.client.post, f"{URL}/{job}/replay")
            until(lambda: _somebody_waits(watcher), "the replay waits for the dismissal")
        answer = later.result()
    assert answer.status_code == 409 and "dismissed by 'ana'" in answer.json()["detail"]
    assert (states(service, [job]), noted(service)) == (["failed"], [])


REPLAYING: tuple[Callable[[Service, JobId], object], ...] = (
    lambda service, job: service.client.post(f"{URL}/replay", json={"ids": [job]}),
    lambda service, job: service.client.post("/dead-letters/bulk", data=FORM | {"job": job}),
    lambda service, _: close(service.jobs, ANYONE_HERE, LetterFilter(), replay_letters, dry_run=False),
)


@pytest.mark.parametrize("replay", REPLAYING, ids=["api", "page", "terminal"])
def test_a_letter_that_is_dismissed_while_many_are_replayed_stays_dismissed(
    service: Service, fresh: Fresh, replay: Callable[[Service, JobId], object]
) -> None:
    [job] = failed(service)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(fresh.admin_dsn, autocommit=True) as watcher:
        with service.jobs.db.transaction("default") as conn:
            close_letters(conn, [job], "ana")
            later = pool.submit(replay, service, job)
            until(lambda: _somebody_waits(watcher), "the replay waits for the dismissal")
        later.result()
    assert (states(service, [job]), noted(service)) == (["failed"], [])
    assert service.client.get(f"{URL}/{job}").json()["replayed_at"] is None


@pytest.mark.parametrize("hold", [hold_open, lambda conn, job: held_open(conn, [job])], ids=["one", "many"])
def test_whoever_waits_for_the_parent_of_a_dead_child_does_not_hold_the_child(
    service: Service, fresh: Fresh, hold: Callable[[Connection, JobId], object]
) -> None:
    """Everybody takes the parent first, as a replay does: else two people would wait for each other."""
    parent, child = dead_family(service)
    row = "SELECT FROM tolva.jobs WHERE id = %s FOR UPDATE NOWAIT"

    def held() -> None:
        with service.jobs.db.transaction("default") as conn:
            hold(conn, child)

    with ThreadPoolExecutor(1) as pool, psycopg.connect(fresh.admin_dsn, autocommit=True) as watcher:
        with service.jobs.db.transaction("default") as conn:
            conn.execute(row, (parent,))
            later = pool.submit(held)
            until(lambda: _somebody_waits(watcher), "the other waits for the parent")
            conn.execute(row, (child,))
        later.result()


def dead_family(service: Service) -> tuple[JobId, JobId]:
    """A parent that failed, and its child that did."""
    [parent] = failed(service)
    with service.jobs.work("default") as work:
        [child], _ = enqueue(work.conn, work.catalogue.queue_of, "default", [NewJob(KIND)], parent=parent)
        work.conn.execute("UPDATE tolva.jobs SET open_children = 1 WHERE id = %s", (parent,))
    assert fail(service) == [child.id]
    return parent, child.id


def test_figures_count_open_letters_alone(service: Service) -> None:
    [job], _ = failed(service), failed(service)
    service.client.post(f"{URL}/{job}/dismiss")
    assert "\ntolva_dead_letters 1.0\n" in service.client.get("/metrics").text


def _somebody_waits(watcher: psycopg.Connection) -> bool:
    query = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return watcher.execute(query).fetchone() is not None
