"""The form of a schedule: what was filled in, and what is wrong with it, field by field."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlencode

from psycopg.rows import DictRow
from pydantic import BaseModel

from tolva.core.cron import Cron, parse_cron
from tolva.core.job import Json, NewJob, Priority
from tolva.errors import InvalidInput
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.payload import encode
from tolva.jobs.schedule import MOST_GIVEN, Schedule

NAME = re.compile(r"[^\x00-\x20\x7f/.][^\x00-\x1f\x7f/]{0,99}")
"""As in addresses of the API."""
ZONES = (
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Caracas",
    "America/Guayaquil",
    "America/La_Paz",
    "America/Lima",
    "America/Mexico_City",
    "America/Montevideo",
    "America/New_York",
    "America/Panama",
    "America/Santiago",
    "America/Sao_Paulo",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Madrid",
    "UTC",
)
"""Those that the form suggests; it takes any."""

ANY_CRON = "* * * * *"


class Fault(StrEnum):
    """What can be wrong besides the clock, about which the core has sentences of its own."""

    NAME = "name"  # no name for an address
    TAKEN = "taken"  # the name of another schedule
    FULL = "full"  # there are as many as there may be
    KIND = "kind"  # nothing that runs by the clock
    PARAMS = "params"  # no JSON object
    PRIORITY = "priority"  # no digit


class Filled(BaseModel):
    """The fields as they were sent.

    `was` is the name of the schedule that is being changed, `after` tells which page of the list is above the form.
    """

    after: str = ""
    was: str = ""
    name: str = ""
    kind: str = ""
    cron: str = ""
    timezone: str = "UTC"
    params: str = ""
    priority: str = str(Priority.NORMAL)
    missed: str = "all"

    @property
    def list_page(self) -> str:
        """The address of the page of the list."""
        return f"/schedules?{urlencode({'after': self.after})}" if self.after else "/schedules"


@dataclass(frozen=True)
class Checked:
    """What a form comes to, as far as it can be read, and what was wrong: by field, a Fault or the core's words."""

    cron: Cron | None = None
    schedule: Schedule | None = None
    faults: Mapping[str, str] = field(default_factory=dict[str, str])


def filled_with(row: DictRow, after: str) -> Filled:
    """The form of a schedule that there is, below the page of the list `after` another one."""
    params = json.dumps(row["params"], ensure_ascii=False, indent=2) if row["params"] else ""
    texts = {name: str(row[name]) for name in ("name", "kind", "cron", "timezone", "priority", "missed")}
    return Filled(after=after, was=row["name"], params=params, **texts)


def check_clock(filled: Filled) -> Checked:
    """Cron and time zone alone, for a look at the next ticks."""
    try:
        parse_cron(ANY_CRON, filled.timezone.strip())
    except InvalidInput as error:
        return Checked(faults={"timezone": str(error)})
    try:
        return Checked(parse_cron(filled.cron.strip(), filled.timezone.strip()))
    except InvalidInput as error:
        return Checked(faults={"cron": str(error)})


def check_schedule(filled: Filled, catalogue: Catalogue) -> Checked:
    """The whole form. `schedule` is None when there are faults."""
    clock = check_clock(filled)
    name, params = filled.name.strip(), _object(filled.params)
    wrong = {
        Fault.NAME: not NAME.fullmatch(name),
        Fault.KIND: filled.kind not in catalogue.on_schedule,
        Fault.PARAMS: params is None,
        Fault.PRIORITY: filled.priority not in set("0123456789"),
    }
    faults = {**clock.faults, **{fault: fault for fault, is_so in wrong.items() if is_so}}
    if params is None or clock.cron is None or faults:
        return replace(clock, faults=faults)
    job = NewJob(filled.kind, params, int(filled.priority))
    missed = "latest" if filled.missed == "latest" else "all"
    return replace(clock, schedule=Schedule(name, clock.cron.expression, clock.cron.timezone, job, missed))


def _object(text: str) -> Json | None:
    """The JSON object in a text, which a job can hold; an empty one where there is nothing.

    >>> _object(""), _object('{"days": 1}'), _object('{"days": 1e400}'), _object("[]")
    ({}, {'days': 1}, None, None)
    """
    try:
        found: Any = json.loads(text or "{}")
        encode(found, MOST_GIVEN)
    except (ValueError, RecursionError, InvalidInput):
        return None
    return cast(Json, found)
