"""The answer to a call that makes a job."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tolva.jobs.store import Enqueued
from tolva.web.located import job_address, locate

EXAMPLE: dict[str, Any] = {
    "id": "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10",
    "created": True,
    "status_url": "/api/v1/jobs/01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10",
}


class MadeJob(BaseModel):
    """A job that stands for a request."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    id: str
    created: bool = Field(description="False when the request came before with this Idempotency-Key.")
    status_url: str


def made_job(job: Enqueued, response: Response) -> MadeJob:
    """The answer for this job."""
    address = job_address(job.id)
    locate(response, address)
    return MadeJob(id=job.id, created=job.created, status_url=address)
