"""The composition root: the only place that knows all the parts and puts them together."""

from tolva.app.api import gate, live, make_api, make_shell
from tolva.app.database import Server, bring_up_to_date, migrations, prepare, require_up_to_date, server
from tolva.app.stores import blobs, bucket, destinations, metrics_folder
from tolva.app.target import make_target
from tolva.app.work import Shares, catalogue, inboxes, jobs, require_servable, shares, worker_plan

__all__ = [
    "Server",
    "Shares",
    "blobs",
    "bring_up_to_date",
    "bucket",
    "catalogue",
    "destinations",
    "gate",
    "inboxes",
    "jobs",
    "live",
    "make_api",
    "make_shell",
    "make_target",
    "metrics_folder",
    "migrations",
    "prepare",
    "require_servable",
    "require_up_to_date",
    "server",
    "shares",
    "worker_plan",
]
