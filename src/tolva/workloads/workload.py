"""What a workload brings to the house."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.db.pool import Database
from tolva.jobs.catalogue import Handler
from tolva.jobs.inbox import Inbox
from tolva.jobs.upkeep import Chore
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.pages.deeds import Deed
from tolva.web.pages.panel import Panel, Panels
from tolva.web.pages.shell import NavItem, Shell


def no_pages(_settings: Settings, _jobs: Jobs, _blobs: Blobs, _shell: Shell, _panels: Panels) -> Sequence[APIRouter]:
    """For a workload that is there for programs alone."""
    return []


def no_inboxes(_settings: Settings) -> Sequence[Inbox]:
    """For a workload whose work nobody announces."""
    return []


@dataclass(frozen=True)
class Workload:
    """`package` holds its migrations, if any; the functions make its handlers, the calls of its API, chores and pages.

    `nav` are the pages that the main navigation shows, `panels` what it has to say on the page of its jobs, `deeds`
    what it notes in the audit log, `inboxes` where its work is announced by others.
    """

    package: str
    handlers: Callable[[Settings, Blobs], Sequence[Handler]]
    routers: Callable[[Settings, Jobs, Blobs], Sequence[APIRouter]]
    chores: Callable[[Settings, Database, Blobs], Sequence[Chore]]
    pages: Callable[[Settings, Jobs, Blobs, Shell, Panels], Sequence[APIRouter]] = no_pages
    nav: Sequence[NavItem] = ()
    panels: Sequence[Panel] = ()
    deeds: Sequence[Deed] = ()
    inboxes: Callable[[Settings], Sequence[Inbox]] = no_inboxes
