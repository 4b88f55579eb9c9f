"""The ledger test on every engine that needs a broker, which is flushed and restarted, too."""

import random
from collections.abc import Iterator

import pytest

from tests.chaos.engines import EVERY, running
from tests.chaos.figures import Figures, percentile
from tests.chaos.postgres import Postgres
from tests.chaos.raids import BROKER_RAIDS, freeze_supervisor, freeze_worker
from tests.chaos.test_ledger import Setting, Size, check_ledger

QUICK_RAIDS = tuple(raid for raid in BROKER_RAIDS if raid not in (freeze_worker, freeze_supervisor))
"""For the short form: a freeze lasts longer than a lease."""


@pytest.fixture(params=EVERY)
def setting(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Setting]:
    with running(request.param) as engine:
        yield Setting(postgres, engine.settings, engine.run, BROKER_RAIDS, engine.broker)


def test_no_job_is_lost_stuck_or_done_twice(setting: Setting, rng: random.Random, figures: Figures) -> None:
    quick = Setting(setting.postgres, setting.settings, setting.run, QUICK_RAIDS, setting.broker)
    check_ledger(quick, rng, figures, Size(jobs=200, raids=6, calm=0, lease=4, clutch=10))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_job_of_many_is_lost_stuck_or_done_twice(setting: Setting, rng: random.Random, figures: Figures) -> None:
    waits = check_ledger(setting, rng, figures, Size(jobs=10_000, raids=40, calm=0.5, lease=10, clutch=180))
    assert percentile([wait.seconds for wait in waits if not wait.disturbed], 0.99) <= 15
