"""Compositions of jobs and tables. A workload is one folder and one line in WORKLOADS."""

from tolva.workloads.catalog import CATALOG
from tolva.workloads.intake import INTAKE
from tolva.workloads.webhooks import WEBHOOKS
from tolva.workloads.workload import Workload

WORKLOADS: tuple[Workload, ...] = (INTAKE, CATALOG, WEBHOOKS)
