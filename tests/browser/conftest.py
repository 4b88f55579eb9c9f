"""One browser for all tests of the folder, and for each file of tests a service with a database of its own."""

from collections.abc import Callable, Generator

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.house import House, open_house
from tests.browser.visitor import PATIENCE, SIZES, Visitor
from tests.conftest import Cluster

Arrive = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Generator[Browser]:
    """Ended with the last test of the folder: its event loop would be in the way of others."""
    expect.set_options(timeout=PATIENCE)
    with chromium.running() as found:
        yield found


@pytest.fixture(scope="module")
def house(browser: Browser, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    """After the browser, so that nothing is started where there is none."""
    with open_house(cluster, tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def arrive(browser: Browser, house: House) -> Generator[Arrive]:
    """Makes visitors; each is asked at the end whether all was well."""
    visitors = list[Visitor]()

    def arrives(**options: object) -> Visitor:
        visitors.append(Visitor.arrives(browser, house.url, **options))
        return visitors[-1]

    yield arrives
    for visitor in visitors:
        visitor.leaves()


@pytest.fixture(params=SIZES)
def visitor(arrive: Arrive, request: pytest.FixtureRequest) -> Visitor:
    """Once with a desktop, once with a phone."""
    visitor = arrive(viewport=SIZES[request.param], has_touch=request.param == "phone")
    visitor.window = request.param
    return visitor


@pytest.fixture
def admin(house: House) -> Generator[psycopg.Connection]:
    with psycopg.connect(house.admin_dsn, autocommit=True) as conn:
        yield conn
