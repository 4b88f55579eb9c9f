"""Loads into one target take turns."""

from psycopg import sql

from tolva.tables.phrases import TENANT, comma, constant
from tolva.tables.shape import Shape

# Two loads of one supplier would count the same new key twice, and could wait for each other's rows in a circle.
# So they take turns; other suppliers and tenants do not wait. The statement that follows takes its snapshot after
# the lock, so it sees what the load before has committed (in READ COMMITTED, the default). Writers that are not
# loads do not take the lock: what they do meanwhile is noticed, and the frame judged anew.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), {}, {}), 0))"


def lock(shape: Shape) -> sql.Composed:
    """Lets loads into one target, by one tenant, with the same constants take turns until the transaction ends."""
    parts = [sql.Literal(shape.schema.target), *(constant(field) for field in shape.constants)]
    return sql.SQL(LOCK).format(TENANT, comma(parts))
