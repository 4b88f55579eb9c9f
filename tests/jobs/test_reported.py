"""Counts that are none are refused where a handler reports them; what goes out, to pages and streams, goes together."""

from typing import Any

import pytest

from tests.jobs.workshop import Workshop
from tolva.jobs.context import Context


@pytest.mark.parametrize(
    "odd",
    [{"processed": "many"}, {"total": -1}, {"failed": True}, {"successful": [1]}, {"total": 10**400}, {"total": 1e999}],
    ids=str,
)
def test_a_count_that_is_none_fails_the_job_and_says_which(shop: Workshop, odd: dict[str, Any]) -> None:
    shop.on(lambda ctx: ctx.progress(step="read", **odd))
    id = shop.put()
    shop.run()
    row = shop.row(id)
    [name] = odd
    assert (row["state"], row["progress"]) == ("failed", {})
    assert f"progress({name}=" in row["error"]["message"] and "is no count" in row["error"]["message"]


@pytest.mark.parametrize(
    ("reports", "shown"),
    [
        ([{"total": 10}, {"processed": 12}], {"total": 12, "processed": 12}),
        ([{"total": 0}, {"processed": 1}], {"total": 1, "processed": 1}),
        ([{"total": 0, "processed": 0}], {"total": 0, "processed": 0}),
        ([{"total": None, "processed": 5}], {"total": None, "processed": 5}),
        ([{"processed": 1.5, "total": 3, "rows": "any"}], {"processed": 1.5, "total": 3, "rows": "any"}),
    ],
    ids=str,
)
def test_what_is_shown_and_streamed_goes_together(
    shop: Workshop, reports: list[dict[str, Any]], shown: dict[str, Any]
) -> None:
    def work(ctx: Context) -> None:
        for report in reports:
            ctx.progress(**report)

    shop.on(work)
    id = shop.put()
    shop.run()
    told = "SELECT data FROM tolva.job_events WHERE type = 'progress' ORDER BY seq DESC LIMIT 1"
    streamed = shop.admin.execute(told).fetchone()
    assert streamed and (shop.row(id)["progress"], streamed["data"]) == (shown, shown)
