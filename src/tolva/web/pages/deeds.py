"""What people do, as the page of the audit log tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Deed:
    """An action of the audit log: what it is called in English, and the address of the page of what it was done to.

    In `page`, {0} stands for the target. Without one, there is no such page.
    """

    action: str
    told: str
    page: str = ""

    def where(self, target: str) -> str:
        """The page of what it was done to.

        >>> Deed("schedule.run", "ran a schedule", "/schedules?change={0}#form").where("a night")
        '/schedules?change=a%20night#form'
        """
        return self.page.format(quote(target, safe=""))


DEEDS = (
    Deed("job.cancel", "cancelled a job", "/jobs/{0}"),
    Deed("job.retry", "tried a job again", "/jobs/{0}"),
    Deed("jobs.cancel", "cancelled many jobs"),
    Deed("jobs.replay", "tried many jobs again"),
    Deed("letter.dismiss", "dismissed a dead letter", "/jobs/{0}"),
    Deed("letters.dismiss", "dismissed many dead letters"),
    Deed("queue.pause", "paused a queue", "/queues#q-{0}"),
    Deed("queue.resume", "let a queue go on", "/queues#q-{0}"),
    Deed("queue.share", "changed the share of a queue", "/queues#q-{0}"),
    Deed("schedule.put", "made or changed a schedule", "/schedules?change={0}#form"),
    Deed("schedule.pause", "paused a schedule", "/schedules?change={0}#form"),
    Deed("schedule.resume", "let a schedule go on", "/schedules?change={0}#form"),
    Deed("schedule.run", "ran a schedule at once", "/schedules?change={0}#form"),
    Deed("schedule.drop", "deleted a schedule"),
    Deed("key.create", "made a key", "/keys?first={0}#key-{0}"),
    Deed("key.revoke", "revoked a key", "/keys?first={0}#key-{0}"),
)
"""Those of the shell; workloads bring more."""


def deed_of(deeds: Sequence[Deed], action: str) -> Deed:
    """The deed of an action; one that is not there, as of a workload that is gone, is called as the log calls it."""
    return next((deed for deed in deeds if deed.action == action), Deed(action, action))
