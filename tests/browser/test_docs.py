"""The page of the API's documentation."""

from playwright.sync_api import expect

from tests.browser.conftest import Arrive

DARK = "rgb(210, 214, 215)"
"""A title, in the sheet that the documentation brings."""


def test_docs_show_the_calls_and_try_them(arrive: Arrive) -> None:
    page = arrive().opens("/docs")
    page.get_by_text("/api/v1/keys/{id}").wait_for()
    page.get_by_text("/api/v1/me").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator("#docs").get_by_text("this machine").first.wait_for()
    page.get_by_text("MadeKey").first.click()


def test_docs_are_dark_where_the_other_pages_are(arrive: Arrive) -> None:
    page = arrive(color_scheme="dark").opens("/docs")
    title = page.locator("#docs .info .title")
    expect(title).to_have_css("color", DARK)
    page.emulate_media(color_scheme="light")
    expect(title).not_to_have_css("color", DARK)


def test_the_words_above_the_choice_of_a_server_are_not_drawn_over(arrive: Arrive) -> None:
    page = arrive().opens("/docs")
    page.locator("#docs .servers select").wait_for()
    words, choice = (page.locator(f"#docs {each}").bounding_box() for each in (".servers-title", ".servers select"))
    assert words and choice and words["y"] + words["height"] <= choice["y"]
