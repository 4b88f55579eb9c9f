"""Who one is, over HTTP."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tolva.web.access.asking import Viewer
from tolva.web.access.caller import Role


class Me(BaseModel):
    """Who calls."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"tenant": "default", "role": "operator", "actor": "till of shop 7"}}
    )
    tenant: str
    role: Role
    actor: str = Field(description="What the audit log calls you: the name of your key.")


def me_router() -> APIRouter:
    """`GET /api/v1/me`."""
    router = APIRouter(prefix="/api/v1/me", tags=["access"])

    @router.get("")
    def get_me(by: Viewer) -> Me:
        """Who you are to Tolva, and what you may do."""
        return Me(tenant=by.tenant_id, role=by.role, actor=by.actor)

    return router
