"""A secret that is shown once: copied, kept in sight, and what comes after it by keyboard."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.test_pages import AXE, faults

CLIPBOARD = "navigator.clipboard.readText()"


def make_webhook(page: Page) -> None:
    page.get_by_label("Address").fill("https://shop.example.com/hooks/tolva")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Its secret")).to_be_visible()


def test_a_secret_has_the_focus_is_copied_and_stays_until_it_is_kept(arrive: Arrive) -> None:
    visitor = arrive(permissions=["clipboard-read", "clipboard-write"], bypass_csp=True)
    page = visitor.opens("/webhooks")
    make_webhook(page)
    expect(page.locator("section.good")).to_be_focused()
    expect(page.get_by_role("button", name="Send a test")).to_have_count(0)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert not faults(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate(CLIPBOARD) == page.locator(".secret").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send a test")).to_be_visible()
    page.get_by_role("button", name="Switch off").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="is switched off.")).to_be_focused()


def test_without_javascript_there_is_no_button_and_the_secret_is_text(arrive: Arrive) -> None:
    page = arrive(java_script_enabled=False).opens("/webhooks")
    make_webhook(page)
    expect(page.locator(".secret")).to_contain_text("whsec_")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("button", name="Send a test")).to_be_visible()
