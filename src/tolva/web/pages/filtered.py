"""A page of a list with the filter above it."""

from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from tolva.jobs.letters import LetterFilter
from tolva.jobs.listing import JobFilter
from tolva.jobs.work import Jobs
from tolva.web.access.caller import Caller
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

Filter = TypeVar("Filter", JobFilter, LetterFilter)


@dataclass(frozen=True)
class FilteredList:
    """What the lists of jobs and of dead letters show alike."""

    shell: Shell
    jobs: Jobs
    panels: Panels

    def show(
        self, request: Request, by: Caller, template: str, asked: Filter, at_first: Filter, **listed: Any
    ) -> Response:
        """The page of what the filter `asked` for; `at_first` is that of the bare address."""
        return self.shell.page(
            request,
            by,
            template,
            asked=asked,
            filtered=asked != at_first,
            kinds=self.panels.titles(self.jobs.catalogue),
            queues=sorted(self.jobs.catalogue.queues),
            **listed,
        )
