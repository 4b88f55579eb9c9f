"""Dead letters over HTTP."""

from typing import Any

from tests.api.moved import failed, states
from tests.service import Service

URL = "/api/v1/dead-letters"


def replay(service: Service, **chosen: Any) -> Any:
    return service.client.post(f"{URL}/replay", json=chosen)


def test_dead_letters_come_in_pages_newest_first(service: Service) -> None:
    ids = [failed(service)[0] for _ in range(5)]
    failed(service, tenant="other")
    seen: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = service.client.get(URL, params={"limit": 2} | before).json()
        seen += [letter["id"] for letter in page["dead_letters"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert seen == ids[::-1]


def test_dead_letters_are_narrowed_by_queue_kind_and_words(service: Service) -> None:
    [march], [april] = failed(service, label="productos marzo.xlsx"), failed(service, label="productos abril.xlsx")

    def found(**given: str) -> list[str]:
        return [each["id"] for each in service.client.get(URL, params=given).json()["dead_letters"]]

    assert found(search="marzo") == [march] and found(search="productos") == [april, march]
    assert found(search=april) == [april]
    assert found(queue="other") == found(kind="other") == []
    assert len(found(queue="bulk_upload", kind="bulk_upload")) == 2


def test_one_letter_tells_all_and_is_replayed_once(service: Service) -> None:
    [job] = failed(service, params={"filename": "p.csv"})
    letter = service.client.get(f"{URL}/{job}").json()
    assert (letter["id"], letter["params"], letter["error"]["message"]) == (job, {"filename": "p.csv"}, "it broke")
    assert letter["tries"] == 1 and letter["attempts"][0]["type"] == "failed" and letter["replayed_at"] is None
    assert service.client.post(f"{URL}/{job}/replay").status_code == 202
    assert states(service, [job]) == ["queued"]
    assert service.client.get(f"{URL}/{job}").json()["replayed_at"]
    assert service.client.post(f"{URL}/{job}/replay").status_code == 409


def test_another_tenants_letter_is_not_there(service: Service) -> None:
    [theirs] = failed(service, tenant="other")
    assert service.client.get(f"{URL}/{theirs}").status_code == 404
    assert service.client.post(f"{URL}/{theirs}/replay").status_code == 404
    assert replay(service, ids=[theirs]).json()["matching"] == 0
    assert replay(service, all=True).json()["matching"] == 0
    assert states(service, [theirs], "other") == ["failed"]


def test_a_dry_run_counts_and_leaves_everything_as_it_is(service: Service) -> None:
    ids = failed(service, 3)
    told = replay(service, queue=["bulk_upload"], dry_run=True).json()
    assert told == {"dry_run": True, "matching": 3, "next": None, "replayed": 0, "left": 3}
    assert states(service, ids) == ["failed"] * 3


def test_those_that_match_are_replayed(service: Service) -> None:
    [march], [april] = failed(service, label="marzo"), failed(service, label="abril")
    told = replay(service, search="marzo").json()
    assert told == {"dry_run": False, "matching": 1, "next": None, "replayed": 1, "left": 0}
    assert (states(service, [march]), states(service, [april])) == (["queued"], ["failed"])


def test_what_cannot_be_replayed_is_told_to_be_left(service: Service) -> None:
    with_key = failed(service, unique_key="k")
    again = failed(service, unique_key="k")
    told = replay(service, ids=with_key + again).json()
    assert (told["matching"], told["replayed"], told["left"]) == (2, 1, 1)


def test_large_numbers_go_in_portions(service: Service) -> None:
    ids = failed(service, 1100)
    told = replay(service, all=True).json()
    assert (told["matching"], told["replayed"], told["left"]) == (1100, 1100, 0)
    assert set(states(service, ids)) == {"queued"}
    with service.jobs.db.transaction("default") as conn:
        rows = conn.execute("SELECT target FROM tolva.audit ORDER BY id").fetchall()
    assert [row["target"] for row in rows] == ["500 jobs", "500 jobs", "100 jobs"]


def test_a_cursor_that_is_none_is_refused(service: Service) -> None:
    for wrong in ("x", "1-", "9" * 18 + "-1", "1-" + "9" * 19):
        assert service.client.get(URL, params={"before": wrong}).status_code == 422
    assert service.client.get(URL, params={"before": "9" * 17 + "-" + "9" * 18}).status_code == 200
    assert service.client.get(URL, params={"search": "\0"}).status_code == 422
    assert service.client.get(URL, params={"queue": "\0"}).status_code == 422
