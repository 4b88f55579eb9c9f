"""The results as a page for people and, beside it, as JSON with every visit."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.jobs import latency, machine, postgres, redis_store
from bench.jobs.figures import CALM_LATENCY, LATENCY, MEASURES, RATE, Figure, Measure, figure
from bench.jobs.peer import Peer, Unavailable
from bench.jobs.roster import DOORBELLS
from bench.jobs.rounds import Series
from bench.jobs.visit import Plan

PAGE = Path(__file__).parents[1] / "results.md"

METHOD = f"""\
- **no-op jobs/s**: the queue is filled, then the workers start. Each job writes its time of start to a file
  of its process. Counted from when every process has begun, and no sooner than 5 % of the jobs, until 95 % of
  them.
- **finished/s**: from the same beginning until the system's own books call every job finished, to 20 ms; so it
  has in it the last batches and whatever the system books later.
- **enqueued/s**: the same fill, in the fastest way the system documents, from one thread.
- **p50, p99 ms**: from just before the call that enqueues to the first line of the job, at
  {latency.BUSY} single jobs a second on warm workers, and at {latency.CALM}; **sent/s** is the pace the sender reached
  of the {latency.BUSY}.
- **idle CPU**: of one core, with workers connected and an empty queue. The store is every process of
  PostgreSQL save the sessions of other databases, or Redis. **machine busy** is all cores over the same
  seconds: what it shows above zero is noise of others.
- On PostgreSQL, `VACUUM ANALYZE` runs before each measurement, as autovacuum would within minutes.
- Every visit begins with an empty store. The rounds go over all systems in turn; a figure is the median of
  the rounds, with the smallest and the largest beside it. One setting per system serves all its columns: the
  best of the candidates in its file by jobs/s (`python -m bench.jobs.tune`).
- The systems do not promise the same: those on PostgreSQL commit every job to disk and enqueue within the
  caller's transaction; those on Redis keep what Redis keeps, as configured above."""


def write(series: list[Series], plan: Plan, reference: str) -> None:
    """Write the page and the JSON of the same name."""
    facts = _facts()
    PAGE.write_text(_page(series, plan, reference, facts))
    visits = {one.peer.name: [asdict(visit) for visit in one.visits] for one in series}
    body = {"facts": facts, "plan": asdict(plan), "visits": visits}
    PAGE.with_suffix(".json").write_text(json.dumps(body, indent=1) + "\n")


def _page(series: list[Series], plan: Plan, reference: str, facts: dict[str, str]) -> str:
    measured = [one for one in series if one.visits]
    columns = [m for m in MEASURES if any(figure(one.visits, m) for one in measured)]
    parts = [
        "# Tolva beside its peers",
        "Written by `make bench`. Figures of a shared or small machine are noisy: compare within this page.",
        _table(["", "×" + reference, *(m.heading for m in columns)], _rows(measured, columns, reference)),
        _doorbells(measured),
        "\n".join(f"{one.peer.name} was left out: {one.missing}" for one in series if one.missing),
        f"{max(len(one.visits) for one in series)} round(s); {_fields(plan)}.",
        "## Settings",
        _table(["", "version", "worker commands", "settings"], [_setting(one.peer) for one in measured]),
        "## Machine",
        _table(["", ""], [list(item) for item in facts.items()]),
        "## Method",
        METHOD,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(series: list[Series], columns: list[Measure], reference: str) -> list[list[str]]:
    rates = {one.peer.name: figure(one.visits, RATE).median for one in series}
    base = rates.get(reference)
    return [
        [name, f"{rates[name] / base:.2f}" if base else "", *(_cell(one, measure) for measure in columns)]
        for one in series
        for name in [one.peer.name]
    ]


def _doorbells(series: list[Series]) -> str:
    """What Tolva's jobs cost on a broker beside the same broker without Tolva."""
    by_name = {one.peer.name: one for one in series}
    pairs = [(by_name[ours], by_name[bare]) for ours, bare in DOORBELLS if {ours, bare} <= by_name.keys()]
    if not pairs:
        return ""
    measures = (RATE, CALM_LATENCY, LATENCY)
    heads = ["", *(f"{measure.heading} ×" for measure in measures)]
    rows = [[f"{one.peer.name} / {bare.peer.name}", *_ratios(one, bare, measures)] for one, bare in pairs]
    return "## What the doorbell costs\n\n" + _table(heads, rows)


def _ratios(one: Series, bare: Series, measures: Sequence[Measure]) -> list[str]:
    found = [(figure(one.visits, measure), figure(bare.visits, measure)) for measure in measures]
    return [f"{ours.median / theirs.median:.2f}" if ours and theirs else "" for ours, theirs in found]


def _cell(one: Series, measure: Measure) -> str:
    found = figure(one.visits, measure)
    return _shown(found, measure.digits) if found else ""


def _shown(found: Figure, digits: int) -> str:
    middle = f"{found.median:,.{digits}f}"
    return middle if found.low == found.high else f"{middle} ({found.low:,.{digits}f}–{found.high:,.{digits}f})"


def _setting(peer: Peer) -> list[str]:
    return [peer.name, peer.version, str(peer.copies), _fields(peer.settings)]


def _fields(settings: object) -> str:
    return ", ".join(f"{key} {value}" for key, value in asdict(settings).items())


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _facts() -> dict[str, str]:
    facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}"} | machine.facts()
    for name, store in (("PostgreSQL", postgres), ("Redis", redis_store)):
        try:
            facts[name] = ", ".join(f"{key} {value or 'none'}" for key, value in store.facts().items())
        except Unavailable as error:
            facts[name] = str(error)
    return facts
