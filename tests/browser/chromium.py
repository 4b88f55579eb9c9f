"""The browser of this machine."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # root has none, and the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NEEDED = "TOLVA_NEEDS_BROWSER"
"""Set to 1 where a test without a browser is to fail instead of being skipped."""
MISSING = "no Chromium: install it (Debian, Ubuntu: apt-get install chromium) or Google Chrome"


def find() -> str | None:
    """Where it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running() -> Generator[Browser]:
    """The browser, for as long as the context is open. Skips the test, or fails it, where there is none."""
    if not (path := find()):
        (pytest.fail if os.environ.get(NEEDED) == "1" else pytest.skip)(MISSING)
    with sync_playwright() as play, play.chromium.launch(executable_path=path, args=FLAGS) as browser:
        yield browser
