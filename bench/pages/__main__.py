"""`python -m bench.pages`: what each page costs a browser, slow and at full speed; writes pages.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from bench.jobs import machine
from bench.pages.stage import Stage, stage
from tests.browser import chromium
from tests.browser.visitor import PHONE

PAGE = Path(__file__).parent.with_suffix(".md")
VISITS = 3
SLOWER = 4
"""How much slower the processor is."""
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
"""Milliseconds, and bytes a second: what Lighthouse takes for a slow 4G, 1.6 Mbit/s."""
READ = """() => new Promise((done) => {
  const [visit] = performance.getEntriesByType("navigation"), resources = performance.getEntriesByType("resource");
  const kind = (name) => resources.filter((each) => new URL(each.name).pathname.endsWith(name))
    .reduce((sum, each) => sum + each.transferSize, 0);
  let largest = 0, moved = 0;
  new PerformanceObserver((list) => { largest = list.getEntries().at(-1).startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) moved += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done({
    first: performance.getEntriesByName("first-contentful-paint")[0].startTime, largest, moved,
    ready: visit.domContentLoadedEventEnd, html: visit.transferSize, script: kind(".js"), style: kind(".css"),
    requests: resources.length + 1,
  }), 300);
})"""


@dataclass(frozen=True)
class Visit:
    """Milliseconds until the first paint, the largest one and the scripts are done; bytes over the line."""

    first: float
    largest: float
    ready: float
    moved: float
    html: int
    script: int
    style: int
    requests: int


def main() -> None:
    """Measure and write the page."""
    with stage() as at, chromium.running() as browser:
        rows = [row for name, path in at.pages.items() for row in measured(browser, at, name, path)]
        version = browser.version
    facts = {"date": datetime.now(UTC).date().isoformat(), "Chromium": version} | machine.facts()
    PAGE.write_text(page(rows, facts))
    print(PAGE.read_text())


def measured(browser: Browser, at: Stage, name: str, path: str) -> Iterator[str]:
    """The line of a page: first visits over the slow line, second ones, then first ones at full speed."""
    slow, again = zip(*(visits(browser, at, path, slow=True) for _ in range(VISITS)), strict=True)
    fast, _ = zip(*(visits(browser, at, path, slow=False) for _ in range(VISITS)), strict=True)
    one = slow[0]
    figures = (median(getattr(each, what) for each in slow) for what in ("first", "largest", "ready"))
    returns, quick = median(each.first for each in again), median(each.first for each in fast)
    told = " | ".join(f"{figure:,.0f}" for figure in (*figures, returns, quick))
    kilobytes = " | ".join(f"{size / 1000:.1f}" for size in (one.html, one.script, one.style))
    shift = max(each.moved for each in (*slow, *again, *fast))
    row = f"| {name} | {told} | {kilobytes} | {one.requests} | {shift:.3f} |"
    print(row, flush=True)
    yield row


def visits(browser: Browser, at: Stage, path: str, slow: bool) -> tuple[Visit, Visit]:
    """Somebody who was never here but to log in, then again with what the browser kept."""
    with browser.new_context(base_url=at.url, viewport=PHONE, locale="en", timezone_id="UTC") as context:
        context.request.post("/login", form={"key": at.key}, headers={"Origin": at.url})
        context.add_cookies([{"name": "tolva_tz", "value": "UTC", "url": at.url}])
        page = context.new_page()
        if slow:
            slowed(page)
        return visit(page, path), visit(page, path)


def slowed(page: Page) -> None:
    """Like a cheap phone."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def visit(page: Page, path: str) -> Visit:
    """One."""
    page.goto(path, wait_until="load")
    return Visit(**page.evaluate(READ))


def page(rows: list[str], facts: dict[str, str]) -> str:
    """The results for people."""
    return "\n".join(
        [
            "# Pages in a browser",
            "",
            f"Written by `make bench`. Chromium at the width of a phone; medians of {VISITS}. Slow: the processor"
            f" {SLOWER} times slower, 1.6 Mbit/s, 150 ms. Milliseconds until the first and the largest paint, and until"
            " scripts are done, of a first visit; then the first paint of a second visit, and of a first one without"
            " slowing. kB as they came over the line (packed, with headers). The last column is the layout shift.",
            "",
            "| page | first paint | largest | scripts | again | fast | HTML | scripts | styles | requests | shift |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
            *rows,
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
        ]
    )


if __name__ == "__main__":
    main()
