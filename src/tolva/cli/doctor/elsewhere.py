"""The databases that rows may go to besides Tolva's own: whether each can be used. Their addresses are told nowhere."""

from typing import Any

from tolva import app
from tolva.cli.doctor.finding import Finding, Verdict, fault, ok
from tolva.cli.doctor.patient import Patient, with_settings
from tolva.db.migrate import OLDEST_SERVER
from tolva.errors import TolvaError
from tolva.settings import Settings
from tolva.tables.handover import HANDOVER

# The schema in which an unqualified table would be made, and what the login may do there. `writing` is null while there
# is no such table.
RIGHTS = """
SELECT current_user AS login, current_database() AS database, current_schema() AS place,
  has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
  has_schema_privilege(current_schema(), 'CREATE') AS creating,
  has_table_privilege(to_regclass(%(handover)s), 'SELECT, INSERT, UPDATE, DELETE') AS writing,
  pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS reading_only
"""


@with_settings
def destinations(patient: Patient) -> Finding:
    """Whether each answers, lets its login in, and gives it the rights that a load needs."""
    names = sorted(patient.tolva.destinations)
    if not names:
        return ok("none: TOLVA_DESTINATIONS is not set")
    found = {name: _look(patient.tolva, name) for name in names}
    wrong = {name: each for name, each in found.items() if each.verdict is Verdict.FAULT}
    if wrong:
        said = "; ".join(f"{name}: {each.said}" for name, each in wrong.items())
        return fault(said, " ".join(dict.fromkeys(each.remedy for each in wrong.values())))
    return ok("; ".join(f"{name}: {each.said}" for name, each in found.items()))


def _look(settings: Settings, name: str) -> Finding:
    tenant, _, short = name.partition("/")
    try:
        with app.destinations(settings).connect(tenant, short) as conn:
            version = conn.info.server_version
            row = conn.execute(RIGHTS, {"handover": HANDOVER}).fetchone()
    except TolvaError as error:
        return fault(str(error), "Mend its address in TOLVA_DESTINATIONS, or the server that it names.")
    assert row is not None, "one row of rights"
    if version < OLDEST_SERVER:
        return fault("it is older than PostgreSQL 15", "Upgrade that server.")
    return _judged(row, name)


def _judged(row: dict[str, Any], name: str) -> Finding:
    login = f'"{row["login"]}"'
    if row["reading_only"]:
        return fault("it takes no writes", "Name the primary server in TOLVA_DESTINATIONS.")
    if row["place"] is None:
        return fault("no schema of its search path is there", f"{name}: make it, or name another (search_path).")
    if not row["temporary"]:
        return fault(
            f"{login} may make no temporary tables",
            f'{name}: GRANT TEMPORARY ON DATABASE "{row["database"]}" TO {login};',
        )
    if not row["creating"]:
        return fault(
            f"{login} may make no table in {row['place']}",
            f'{name}: GRANT CREATE ON SCHEMA "{row["place"]}" TO {login};',
        )
    if row["writing"] is False:
        remedy = f"{name}: GRANT SELECT, INSERT, UPDATE, DELETE ON {HANDOVER} TO {login};"
        return fault(f"{login} may not use {HANDOVER}", remedy)
    return ok(f"{row['login']} in {row['database']}, schema {row['place']}")
