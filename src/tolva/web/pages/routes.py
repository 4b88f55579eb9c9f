"""All pages of the shell, in the order of the navigation; workloads bring more."""

from collections.abc import Sequence

from fastapi import APIRouter

from tolva.jobs.work import Jobs
from tolva.web.access.caller import Role
from tolva.web.access.gate import Gate
from tolva.web.live.hub import Hub
from tolva.web.pages.audit import audit_pages
from tolva.web.pages.bulk import bulk_pages
from tolva.web.pages.dead_letters import letter_pages
from tolva.web.pages.deeds import Deed
from tolva.web.pages.docs import docs_router
from tolva.web.pages.entry import entry_router
from tolva.web.pages.home import home_pages
from tolva.web.pages.job import job_pages
from tolva.web.pages.jobs import jobs_pages
from tolva.web.pages.keys import keys_pages
from tolva.web.pages.panel import Panels
from tolva.web.pages.queues import queues_pages
from tolva.web.pages.schedule_buttons import schedule_buttons
from tolva.web.pages.schedules import schedules_pages
from tolva.web.pages.shell import NavItem, Shell
from tolva.web.pages.translate import translate_router

FIRST = (NavItem("/", "Home"),)
"""Before the pages of the workloads."""
THEN = (
    NavItem("/jobs", "Jobs"),
    NavItem("/dead-letters", "Dead letters"),
    NavItem("/schedules", "Schedules"),
    NavItem("/queues", "Queues"),
    NavItem("/keys", "Keys", Role.ADMIN),
    NavItem("/audit", "Audit log", Role.ADMIN),
)
"""And after them."""


def page_routers(
    shell: Shell, gate: Gate, jobs: Jobs, panels: Panels, deeds: Sequence[Deed], hub: Hub
) -> Sequence[APIRouter]:
    """The pages."""
    return [
        entry_router(shell, gate),
        docs_router(shell, gate),
        translate_router(shell),
        home_pages(shell, jobs, panels),
        jobs_pages(shell, jobs, panels),
        job_pages(shell, jobs, panels, hub, gate),
        bulk_pages(shell, jobs, panels),
        letter_pages(shell, jobs, panels),
        schedules_pages(shell, jobs, panels),
        schedule_buttons(jobs),
        queues_pages(shell, jobs, panels),
        keys_pages(shell, jobs.db),
        audit_pages(shell, jobs.db, deeds),
    ]
