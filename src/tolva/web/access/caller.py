"""Who calls, and what that entitles to."""

from dataclasses import dataclass, field
from enum import StrEnum

from tolva.errors import Forbidden
from tolva.web.tenant import DEFAULT_TENANT


class Role(StrEnum):
    """What a key is for. Each may do what the ones before it may."""

    VIEWER = "viewer"  # sees
    OPERATOR = "operator"  # uploads, cancels, retries, undoes, pauses
    ADMIN = "admin"  # keys, schemas, schedules, webhooks

    def covers(self, needed: "Role") -> bool:
        """Whether it entitles to what needs `needed`.

        >>> Role.ADMIN.covers(Role.VIEWER), Role.VIEWER.covers(Role.OPERATOR)
        (True, False)
        """
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True)
class Caller:
    """Whoever a request comes from. `actor` is what the audit log calls them; without a key they need none.

    `login` is the hash of the dashboard's cookie, for who came by it.
    """

    tenant_id: str
    role: Role
    actor: str
    key_id: str | None = None
    login: bytes | None = field(default=None, repr=False)

    @property
    def runs_installation(self) -> bool:
        """Whether it may know the machines behind: who administers the tenant that an installation begins with."""
        return self.tenant_id == DEFAULT_TENANT and self.role is Role.ADMIN

    def require(self, needed: Role) -> None:
        """Raises Forbidden when the role does not entitle to it."""
        if not self.role.covers(needed):
            raise Forbidden(
                f"This needs a key with the role {needed}; yours ('{self.actor}') has the role {self.role}. "
                "Ask an administrator for another one."
            )


ANYONE_HERE = Caller(DEFAULT_TENANT, Role.ADMIN, "this machine")
"""Whoever calls an API that listens on loopback and has no keys yet."""
