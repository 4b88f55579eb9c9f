"""The whole API under schemathesis, with a key of each role and with none: nothing breaks, nothing untrue is told."""

import logging
import os
import random
from collections.abc import Generator
from dataclasses import dataclass, field

import httpx
import pytest

from tests.api.fuzz.campaign import STREAM, Depth, Found, explore
from tests.api.fuzz.town import MINE, QUEUE, THEIRS, Tenant, hidden, neighbours, settle
from tests.conftest import TEMPLATE, Cluster, reachable
from tests.errand import with_errands
from tests.service import Service, serving, working
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.jobs.work import Jobs
from tolva.settings import load_settings
from tolva.web.access.caller import Role

QUICK = Depth(1, ("examples", "fuzzing"))
SHORT: dict[str | Role, Depth] = {
    "nobody": QUICK,
    Role.VIEWER: QUICK,
    Role.OPERATOR: QUICK,
    Role.ADMIN: Depth(1, ("examples", "coverage", "fuzzing"), modes="positive"),
}
"""For each run of the suite; the long form asks all of everybody."""
BY_ID = "its address is that of a call by id as well, which refuses what is no id"
ONE_OR_MANY = "a text in a query is a list of one text"
JUDGED = {
    **{
        ("POST /api/v1/" + each, check): BY_ID
        for each in ("dead-letters/dismiss", "dead-letters/replay", "jobs/cancel", "jobs/replay", "schedules/preview")
        for check in ("unsupported_method", "allow_header_conformance")
    },
    ("GET /api/v1/dead-letters", "negative_data_rejection"): ONE_OR_MANY,
}
"""What schemathesis calls a failure and is none."""


@dataclass(frozen=True)
class Town:
    """A running API, and who lives there."""

    url: str
    mine: Tenant
    theirs: Tenant
    hidden: list[str]
    reached: set[str] = field(default_factory=set[str])
    """Operations that somebody got to work."""


@pytest.fixture(scope="module")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Generator[Town]:
    folder = reachable(tmp_path_factory.mktemp("town"))
    with cluster.database(TEMPLATE) as fresh, Database(fresh.dsn, name="tolva fuzz") as db:
        settings = load_settings(
            data_dir=folder, database_url=fresh.dsn, port=0, upload_max_mb=1, requests_per_second=0
        )
        jobs = Jobs(db, make_engine(settings, db), with_errands(settings))
        with serving(settings, jobs) as url, httpx.Client(base_url=url) as client:
            service = Service(client, jobs, settings)
            with working(service, [QUEUE]):
                mine, theirs = settle(service, MINE), settle(service, THEIRS)
                yield Town(url, neighbours(mine, theirs), theirs, hidden(fresh.admin_dsn, THEIRS))


@pytest.mark.parametrize("role", SHORT)
def test_whoever_calls_breaks_nothing_and_hears_nothing_untrue_or_of_others(
    town: Town, role: str | Role, caplog: pytest.LogCaptureFixture
) -> None:
    found = asked(town, role, SHORT[role])
    assert [line.getMessage() for line in caplog.records if line.levelno >= logging.ERROR] == []
    if role == "nobody":
        assert found.reached() == {"GET /health", "GET /health/{engine}", "GET /ready"}
    if role is Role.ADMIN:
        assert found.statuses.keys() - town.reached == set(), "calls that nobody got to work"


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.parametrize("role", SHORT)
def test_long_whoever_calls_breaks_nothing(town: Town, role: str | Role) -> None:
    minutes = float(os.environ.get("MINUTES", "10"))
    asked(town, role, Depth(max(1, round(minutes * 2)), seed=random.randrange(2**32)))


def test_the_stream_of_a_job_that_ended_is_as_described_and_no_business_of_others(town: Town) -> None:
    for key, status in ((None, 401), (town.mine.keys[Role.VIEWER], 200), (town.theirs.keys[Role.ADMIN], 404)):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = httpx.get(town.url + STREAM.format(id=town.mine.things["load"][0]), headers=headers, timeout=30)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith(
            "text/event-stream" if status == 200 else "application/problem"
        )


def asked(town: Town, role: str | Role, depth: Depth) -> Found:
    key = town.mine.keys[role] if isinstance(role, Role) else None
    found = explore(town.url, key, town.mine, town.hidden, depth)
    town.reached.update(found.reached())
    print(f"{role}, seed {depth.seed}: {found.cases} cases")
    failures = {where: text for where, text in found.failures.items() if where not in JUDGED}
    assert not failures, "\n\n".join(f"## {' '.join(where)}\n{text}" for where, text in failures.items())
    return found
