"""`make screens`: pictures of every page for docs/, from a service with something on each."""

import base64
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from bench.pages.stage import Stage, stage
from tests.browser import chromium
from tests.browser.visitor import DESKTOP, PHONE

FOLDER = Path(__file__).parent / "screens"
QUALITY = 60
MORE = (
    ("home", DESKTOP, "dark"),
    ("job", DESKTOP, "dark"),
    ("home", PHONE, "light"),
    ("upload", PHONE, "light"),
    ("job", PHONE, "light"),
    ("jobs", PHONE, "dark"),
    ("preview", PHONE, "light"),
)


@dataclass(frozen=True)
class Shot:
    """A page, in a window and in colours."""

    page: str
    window: dict[str, int]
    theme: str

    @property
    def file(self) -> Path:
        """Where it goes."""
        marks = ["phone"] if self.window == PHONE else []
        marks += ["dark"] if self.theme == "dark" else []
        return FOLDER / f"{'-'.join([self.page, *marks])}.webp"


def main() -> None:
    """Write the pictures of a desktop in light colours, and a few others."""
    FOLDER.mkdir(exist_ok=True)
    with stage() as at, chromium.running() as browser:
        every = [Shot(name, DESKTOP, "light") for name in at.pages]
        for shot in (*every, *(Shot(*each) for each in MORE)):
            take(browser, at, shot)


def take(browser: Browser, at: Stage, shot: Shot) -> None:
    """One picture: what is to be seen without scrolling."""
    look = {"viewport": shot.window, "color_scheme": shot.theme, "locale": "en", "timezone_id": "America/Bogota"}
    with browser.new_context(base_url=at.url, **look) as context:
        context.request.post("/login", form={"key": at.key}, headers={"Origin": at.url})
        page = context.new_page()
        page.goto(at.pages[shot.page], wait_until="networkidle" if shot.page == "home" else "load")
        session = context.new_cdp_session(page)
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        shot.file.write_bytes(base64.b64decode(taken["data"]))
        print(f"{shot.file.name}  {shot.file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
