"""A kind of job that may run by the clock, which none of Tolva's own may, and does nothing."""

from tolva import app
from tolva.core.job import Queue
from tolva.jobs.catalogue import Catalogue, Handler, make_catalogue
from tolva.settings import Settings

ERRAND = Handler(
    "errand", Queue("errands", slots=1, soft_limit=60, hard_limit=120, max_attempts=3), lambda _: None, on_schedule=True
)


def with_errands(settings: Settings) -> Catalogue:
    """What the installation can do, and errands."""
    return make_catalogue([*app.catalogue(settings).handlers.values(), ERRAND])
