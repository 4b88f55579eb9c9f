"""What holds for every page, at desktop and phone width, in light and dark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import workbook
from tests.browser.conftest import Arrive
from tests.browser.house import House
from tests.browser.visitor import SIZES, scrolls_sideways
from tolva.app import make_shell

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RUN = """async (rules) => {
  const options = rules.length ? { runOnly: rules } : {};
  const { violations, passes } = await axe.run(document, options);
  if (!passes.length) return ["axe looked at nothing"];
  return violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""


@pytest.fixture(scope="module")
def pages(house: House, tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Those of the navigation, and those that lead on from them: with something on each."""
    folder = tmp_path_factory.mktemp("sheets")
    load = house.ended(house.sends(workbook.write(folder / "productos.xlsx")))
    dry = house.ended(house.sends(workbook.write(folder / "vista.xlsx"), dry_run="true"))
    empty = folder / "vacía.xlsx"
    failed = house.ended(house.sends(workbook.write_empty(empty)))
    below = (f"/jobs/{load}", f"/jobs/{load}/errors", f"/jobs/{load}/changes", f"/uploads/{dry}", f"/jobs/{failed}")
    hook = house.service.client.post(
        "/api/v1/webhooks", json={"url": "https://shop.example.com/x", "events": ["job.failed"]}
    )
    told = (f"/webhooks/{hook.json()['id']}", "/audit?action=upload.load", "/audit?actor=nobody")
    return (*(item.href for item in make_shell().nav), *below, *told, "/login", "/nowhere")


def faults(page: Page, *rules: str) -> list[str]:
    """What a screen reader, a keyboard or weak eyes would stumble over."""
    return page.evaluate(RUN, list(rules))


@pytest.mark.parametrize("window", SIZES)
def test_axe_finds_nothing_serious_and_nothing_sticks_out(arrive: Arrive, pages: Sequence[str], window: str) -> None:
    visitor = arrive(viewport=SIZES[window], bypass_csp=True)
    visitor.expected = ("404",)
    page, found = visitor.opens("/"), dict[str, Any]()
    for path in pages:
        page.emulate_media(color_scheme="light")
        page.goto(path)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        stumbles = faults(page)
        page.emulate_media(color_scheme="dark")
        stumbles += faults(page, "color-contrast")
        if scrolls_sideways(page):
            stumbles.append("scrolls sideways")
        if stumbles:
            found[path] = stumbles
    assert not found, found
