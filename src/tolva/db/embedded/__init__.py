"""A PostgreSQL of our own, for those who have none: started on first use, stopped when nobody uses it.

    user process          shared lock on users.lock for as long as it uses the server
        │ spawns, and hands the lock over
    keeper process        exclusive lock on keeper.lock, so there is one; waits until users.lock is free
        │ starts, restarts, stops
    postmaster            dies with its keeper (on Linux by the kernel's hand)

The kernel drops a lock when its holder dies, however it dies. So nothing here trusts a goodbye: any of
the three may be killed at any moment, and the two others, or the next start, put things right.
"""

import sys

from tolva.errors import SettingsError

if sys.platform == "win32":
    raise SettingsError("The embedded PostgreSQL needs Linux or macOS. Set DATABASE_URL to a PostgreSQL of your own.")

from tolva.db.embedded.spawn import ensure_keeper
from tolva.db.embedded.use import Embedded, use

__all__ = ["Embedded", "ensure_keeper", "use"]
