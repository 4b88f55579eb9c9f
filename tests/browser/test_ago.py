"""Spans of time that go on while a page is open."""

from datetime import UTC, datetime, timedelta

import pytest
from babel import dates

from tests.browser.conftest import Arrive

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SPANS = (
    0.3,
    5,
    44,
    50,
    52,
    89,
    91,
    160,
    3000,
    3060,
    3600 * 20,
    3600 * 21,
    86_400 * 6,
    86_400 * 25,
    86_400 * 26,
    86_400 * 400,
)
"""Seconds, also on both sides of where the next unit begins."""
SHOW = """(moments) => {
  document.querySelector("main").replaceChildren(...moments.map((ahead) => {
    const time = document.createElement("time");
    time.dataset.ago = "";
    time.dateTime = new Date(Number(document.documentElement.dataset.now) + ahead * 1000).toISOString();
    return time;
  }));
  document.dispatchEvent(new Event("visibilitychange"));
  return [...document.querySelectorAll("time")].map((time) => time.textContent);
}"""


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_the_browser_tells_a_span_as_the_server_does(arrive: Arrive, language: str) -> None:
    visitor = arrive(locale=language)
    page = visitor.context.new_page()
    page.clock.install(time=NOW)
    page.clock.pause_at(NOW + timedelta(hours=1))
    page.goto("/docs")
    moments = [sign * span for span in SPANS for sign in (1, -1)]
    expected = [
        dates.format_timedelta(timedelta(seconds=each), add_direction=True, locale=language) for each in moments
    ]
    assert page.evaluate(SHOW, moments) == expected


def test_a_span_goes_on_by_itself(arrive: Arrive) -> None:
    page = arrive().context.new_page()
    page.clock.install(time=NOW)
    page.goto("/docs")
    assert page.evaluate(SHOW, [-600]) == ["10 minutes ago"]
    page.clock.fast_forward(3600 * 1000)
    assert page.evaluate("document.querySelector('time').textContent") == "1 hour ago"
