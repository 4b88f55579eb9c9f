"""The audit log by actor, action and target: what is found."""

from itertools import product

import pytest

from tests.service import Service
from tolva.web.access import audit
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller, Role

AUDIT = "/api/v1/audit"
ACTORS, ACTIONS, TARGETS = ("ana", "till"), ("job.cancel", "key.create"), ("a", "b")


@pytest.fixture
def noted(service: Service) -> Service:
    """A line of each kind."""
    with service.jobs.db.transaction("default") as conn:
        for actor, action, target in product(ACTORS, ACTIONS, TARGETS):
            note(conn, Caller("default", Role.ADMIN, actor), action, target)
    return service


@pytest.mark.parametrize("names", [("target",), ("actor",), ("action",), ("actor", "action"), ("action", "target")])
def test_each_filter_narrows_and_the_pages_of_it_end(noted: Service, names: tuple[str, ...]) -> None:
    asked = {"actor": "ana", "action": "key.create", "target": "b"}
    wanted = {name: asked[name] for name in names}
    found, before = list[dict[str, str]](), None
    while len(found) < 9:
        given = wanted | {"limit": "1"} | ({"before": before} if before else {})
        page = noted.client.get(AUDIT, params=given).json()
        found += [{name: line[name] for name in asked} for line in page["lines"]]
        if not (before := page["next"]):
            break
    assert len(found) == 8 / 2 ** len(names)
    assert all(line | wanted == line for line in found)


def test_a_page_says_how_far_it_looked_and_leads_on(noted: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LOOKED", 1)
    asked = {"actor": "ana", "action": "job.cancel"}
    lengths, page = list[int](), {"next": None}
    while not lengths or page["next"]:
        page = noted.client.get(AUDIT, params=asked | ({"before": page["next"]} if page["next"] else {})).json()
        lengths.append(len(page["lines"]))
    assert lengths == [0, 0, 1, 1, 0]
    shown = noted.client.get("/audit", params=asked, headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert "None of those written since" in shown
    assert ">Older<" in shown
