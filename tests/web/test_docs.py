"""The page of the API's documentation, in a browser."""

import shutil

import pytest

from tests.service import Service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_docs_show_the_calls_with_files_of_our_own_alone(service: Service) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    complaints, asked = list[str](), list[str]()
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        base = str(service.client.base_url)
        page.goto(f"{base}/docs")
        page.get_by_text("/api/v1/keys/{id}").wait_for()
        page.get_by_text("/api/v1/me").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.get_by_text("this machine").first.wait_for()
        page.get_by_text("MadeKey").first.click()
        browser.close()
    assert complaints == []
    assert len(asked) >= 5
    assert all(url.startswith((base, "data:")) for url in asked)
