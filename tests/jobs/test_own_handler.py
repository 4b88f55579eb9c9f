"""The recipe for a job of one's own, by the clock, does what it says."""

import re
from pathlib import Path
from typing import Any

from tests.jobs.workshop import Workshop

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


def test_the_handler_of_the_recipe_runs_by_the_clock(shop: Workshop) -> None:
    [code] = re.findall(r"```python\n(\"\"\"Forgets.*?)```", PAGE.read_text("utf-8"), re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    [handler] = names["MY_KIND"].handlers(None, None)
    assert (handler.kind, handler.queue.name, handler.on_schedule) == ("my_kind", "my_queue", True)
    shop.admin.execute("CREATE TABLE public.carts AS SELECT now() AS touched_at FROM generate_series(1, 3)")
    shop.admin.execute("GRANT SELECT, DELETE ON public.carts TO tolva_app")
    shop.on(handler.run)
    id = shop.put(params={"days": 2, "scheduled_for": "2100-01-01T00:00:00Z"})
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["result"], row["progress"]) == ("completed", {"deleted": 3}, {"total": 3, "processed": 3})
