"""The page of the API's documentation."""

from tests.browser.conftest import Arrive


def test_docs_show_the_calls_and_try_them(arrive: Arrive) -> None:
    page = arrive().opens("/docs")
    page.get_by_text("/api/v1/keys/{id}").wait_for()
    page.get_by_text("/api/v1/me").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator("#docs").get_by_text("this machine").first.wait_for()
    page.get_by_text("MadeKey").first.click()
