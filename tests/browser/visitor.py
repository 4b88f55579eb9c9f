"""Somebody with a browser: opens pages, and notes what no page of ours may do."""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SIZES = {"desktop": DESKTOP, "phone": PHONE}
MOST_SHIFT = 0.05
"""Of the window, times the way: what Chromium calls a layout shift. 0.1 is what people begin to notice."""
PATIENCE = 20_000
"""Milliseconds: the machine may be busy."""
SHIFT = "layout shift"
WATCH_SHIFTS = f"""new PerformanceObserver((list) => {{
  for (const entry of list.getEntries()) if (!entry.hadRecentInput)
    console.debug("{SHIFT}", entry.value, ...entry.sources.map((s) => s.node?.outerHTML?.slice(0, 120)));
}}).observe({{ type: "layout-shift", buffered: true }})"""


@dataclass(frozen=True)
class Shift:
    """What moved without the reader's doing, and how much."""

    page: str
    size: float
    what: str


@dataclass
class Visitor:
    """One reader, with their window, language, colours and time zone."""

    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list[str])
    shifts: list[Shift] = field(default_factory=list["Shift"])
    window: str = "desktop"
    expected: tuple[str, ...] = ()
    """Parts of complaints that are no fault: of answers that the test asks for."""

    @classmethod
    def arrives(cls, browser: Browser, url: str, **options: Any) -> Self:
        """With a window of DESKTOP, English, light colours and UTC, unless told otherwise."""
        usual = {"viewport": DESKTOP, "locale": "en", "color_scheme": "light", "timezone_id": "UTC"}
        context = browser.new_context(base_url=url, **usual | options)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH_SHIFTS)
        made = cls(context, url)
        context.on("console", made._heard)
        context.on("weberror", lambda error: made.complaints.append(str(error.error)))
        context.on("request", made._asked)
        return made

    def opens(self, path: str) -> Page:
        """A page in a tab of its own."""
        page = self.context.new_page()
        page.goto(path)
        return page

    def leaves(self) -> None:
        """Fails when a page complained, asked another host, or moved under the reader's eyes."""
        self.context.close()
        unexpected = [each for each in self.complaints if not any(part in each for part in self.expected)]
        assert not unexpected, unexpected
        for page in {each.page for each in self.shifts}:
            here = [each for each in self.shifts if each.page == page]
            assert sum(each.size for each in here) <= MOST_SHIFT, here

    def _heard(self, message: ConsoleMessage) -> None:
        where = message.page.url if message.page else ""
        if message.text.startswith(SHIFT):
            size, _, what = message.text.removeprefix(SHIFT).strip().partition(" ")
            self.shifts.append(Shift(where, float(size), what))
        elif message.type in ("error", "warning"):
            self.complaints.append(f"{where}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((urljoin(self.url, "/"), "data:", "blob:")):
            self.complaints.append(f"asked another host: {request.url}")


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")
