"""The shadow of a target: a temporary table of the same form, on which a load is rehearsed."""

from psycopg import sql

from tolva.tables.phrases import TENANT, cell_of, comma, constant, default, same_key
from tolva.tables.schema import Field, Schema
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE

SHADOW_NAME = "tolva_shadow"
SHADOW = sql.Identifier("pg_temp", SHADOW_NAME)

# Its columns are ordinary ones, so that stored rows can be copied whole. What the database numbers gets numbers that
# stored rows hardly have, and takes none from the target's own sequence; what it computes stays empty in new rows.
CREATE = """
CREATE TEMP TABLE tolva_shadow (LIKE {target} INCLUDING ALL EXCLUDING IDENTITY EXCLUDING GENERATED);
CREATE TEMP SEQUENCE tolva_shadow_numbers INCREMENT -1 MINVALUE 1 MAXVALUE 2147483647;
DO $$
DECLARE
  _column record;
BEGIN
  FOR _column IN SELECT a.attname AS name, a.attgenerated <> '' AS computed
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = {name}::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attgenerated <> '' OR a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')
  LOOP
    IF _column.computed THEN
      EXECUTE format('ALTER TABLE pg_temp.tolva_shadow ALTER %I DROP NOT NULL', _column.name);
    ELSE
      EXECUTE format('ALTER TABLE pg_temp.tolva_shadow ALTER %I SET DEFAULT nextval(%L)', _column.name,
        'pg_temp.tolva_shadow_numbers');
    END IF;
  END LOOP;
END
$$
"""

FILL = """
INSERT INTO {shadow} SELECT target.* FROM {stage} AS now
JOIN LATERAL (SELECT * FROM {target} AS target WHERE {same} LIMIT 1) AS target ON true
WHERE now."_nth" = 1 ON CONFLICT DO NOTHING
"""
"""Stored rows of the staged keys; one that is there already has been changed by an earlier chunk, and stays so."""


FILL_HOLDERS = """
INSERT INTO {shadow} SELECT target.* FROM {stage} AS now
LEFT JOIN LATERAL (SELECT * FROM {shadow} AS target WHERE {same} LIMIT 1) AS own ON true
JOIN LATERAL (SELECT * FROM {target} AS target WHERE {alike} LIMIT 1) AS target ON true ON CONFLICT DO NOTHING
"""


def create_shadow(schema: Schema) -> sql.Composed:
    """The statement that makes an empty shadow, which lasts as long as the session."""
    target = sql.Identifier(schema.target)
    return sql.SQL(CREATE).format(target=target, name=sql.Literal(target.as_string(None)))


def fill_shadow(shape: Shape) -> sql.Composed:
    """Brings the stored rows of the staged keys into the shadow."""
    return sql.SQL(FILL).format(
        shadow=SHADOW, stage=STAGE, target=sql.Identifier(shape.schema.target), same=same_key(shape, "now")
    )


def fill_holders(shape: Shape, group: tuple[str, ...]) -> sql.Composed:
    """Brings the stored rows into the shadow that have the values which staged rows will have in these unique fields.

    What a staged row leaves blank is what the shadow holds of it, so that must be filled already.
    """
    fields = [shape.schema.field(name) for name in group]
    alike = [sql.SQL("target.tenant_id = {}").format(TENANT)] if shape.schema.tenanted else []
    alike += [sql.SQL("{} = {}").format(cell_of("target", field), _state(field, shape)) for field in fields]
    return sql.SQL(FILL_HOLDERS).format(
        shadow=SHADOW,
        stage=STAGE,
        target=sql.Identifier(shape.schema.target),
        same=same_key(shape, "now"),
        alike=sql.SQL(" AND ").join(alike),
    )


def _state(field: Field, shape: Shape) -> sql.Composed:
    """What a staged row will have in a field: as given, as stored, or by default."""
    if field in shape.constants:
        return constant(field)
    given = [cell_of("now", field)] if field in (*shape.key, *shape.values) else []
    return sql.SQL("coalesce({})").format(comma([*given, cell_of("own", field), default(field)]))
