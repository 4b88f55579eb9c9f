"""Rows into another database: exactly once, whichever of the two commits is the last that happens."""

import json
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.conftest import Cluster, Fresh
from tests.intake.test_schemas import SALES, URL
from tests.intake.test_uploads import ended, upload
from tests.service import Service
from tolva import app
from tolva.errors import Draining, InvalidInput, Never, SettingsError, StorageUnavailable
from tolva.jobs.step import Step
from tolva.settings import Settings, load_settings
from tolva.tables.document import load_schema
from tolva.tables.target import check_target
from tolva.web.tenant import DEFAULT_TENANT
from tolva.workloads.intake.place_there import There

ELSEWHERE: dict[str, Any] = {**SALES, "destination": "erp"}
HEADER = "Código;Día;Monto;Pagado"


@pytest.fixture
def erp(cluster: Cluster) -> Iterator[str]:
    """Another database on the same server."""
    with cluster.database() as made:
        yield made.admin_dsn


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path, erp: str, login: str) -> Settings:
    addresses = {"default/erp": erp, "default/few": make_conninfo(erp, options=f"-c role={login}")}
    return load_settings(data_dir=tmp_path, database_url=fresh.dsn, port=0, destinations=addresses)


@pytest.fixture
def there(erp: str) -> Generator[psycopg.Connection]:
    with psycopg.connect(erp, autocommit=True) as conn:
        yield conn


@pytest.fixture
def login(there: psycopg.Connection) -> Iterator[str]:
    """A role that owns nothing."""
    name = f"loader_{uuid4().hex}"
    there.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    yield name
    there.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def prepared(service: Service) -> None:
    """The schema is there, and its table in the other database."""
    answer = service.client.put(f"{URL}/ventas", json=ELSEWHERE)
    assert answer.json() == {"name": "ventas", "version": 1, "target_ready": False}
    nowhere = app.Server("", "", embedded=False)
    app.make_target(service.settings, nowhere, DEFAULT_TENANT, load_schema(ELSEWHERE))


def sales(there: psycopg.Connection) -> list[tuple[Any, ...]]:
    return there.execute("SELECT code, day::text, amount::text, kind, paid FROM sales ORDER BY code, day").fetchall()


def sheet(rows: range, amount: int) -> str:
    return "\n".join([HEADER, *(f"{n:03};03/04/2026;{amount if n % 7 else 'x'};sí" for n in rows)])


def sent(service: Service, content: str, **params: Any) -> dict[str, Any]:
    return ended(service, upload(service, content, schema="ventas", params="{}", **params))


def test_rows_go_to_a_table_of_another_database(service: Service, there: psycopg.Connection) -> None:
    prepared(service)
    dry = sent(service, f"{HEADER}\n007;03/04/2026;1.234;sí\n", dry_run="true")
    assert (dry["result"]["created"], sales(there)) == (1, [])
    first = sent(service, f"{HEADER}\n007;03/04/2026;1.234;sí\n")
    assert first["result"]["created"] == 1
    assert sales(there) == [("007", "2026-04-03", "1234.00", "contado", True)]
    again = sent(service, f"{HEADER}\n007;03/04/2026;1.300;sí\n008;03/04/2026;;no\n")
    assert (again["result"]["updated"], again["result"]["created"]) == (1, 1)
    changes = service.client.get(f"/api/v1/jobs/{again['id']}/changes").json()["changes"]
    assert [change["key"] for change in changes] == [["008", "2026-04-03"], ["007", "2026-04-03"]]
    assert changes[1]["fields"] == {"amount": ["1234.00", "1300.00"]}
    undone = ended(service, service.client.post(f"/api/v1/jobs/{again['id']}/undo"))
    assert (undone["result"]["removed"], undone["result"]["restored"], undone["result"]["conflicts"]) == (1, 1, 0)
    assert sales(there) == [("007", "2026-04-03", "1234.00", "contado", True)]
    assert there.execute("SELECT count(*) FROM tolva_handover").fetchone() == (0,)


@pytest.mark.parametrize("commits", ["neither", "the other database"])
def test_a_crash_between_two_commits_changes_nothing(
    service: Service, there: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, commits: str
) -> None:
    """Every second chunk of each job is interrupted, before either commit or between them."""
    prepared(service)
    kept, number = There.keep, count()

    def keep(self: Any, outcome: Any) -> None:
        if next(number) % 2:
            return kept(self, outcome)
        if commits == "neither":
            raise Draining("the worker is going down")
        with monkeypatch.context() as broken:
            broken.setattr(Step, "seal", lambda _: _drain())
            return kept(self, outcome)

    seen = []
    for crashing in (False, True):
        there.execute("TRUNCATE sales")
        with monkeypatch.context() as patch:
            if crashing:
                patch.setattr(There, "keep", keep)
            first, second = sent(service, sheet(range(60), 5)), sent(service, sheet(range(30, 90), 6))
            loaded = sales(there)
            there.execute("UPDATE sales SET amount = 1 WHERE code = '040'")
            undone = ended(service, service.client.post(f"/api/v1/jobs/{second['id']}/undo"))
        tables = [service.client.get(f"/api/v1/jobs/{each['id']}/errors").json() for each in (first, second, undone)]
        changes = service.client.get(f"/api/v1/jobs/{second['id']}/changes").json()
        undone["result"].pop("undo_of")
        seen.append((first["result"], second["result"], undone["result"], loaded, sales(there), tables, changes))
    assert seen[0] == seen[1]
    assert (seen[0][1]["created"], seen[0][1]["updated"], seen[0][2]["conflicts"]) == (26, 26, 1)


def test_what_a_load_did_last_is_undone_though_it_could_not_tell(
    service: Service, there: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends for good between the two commits."""
    prepared(service)
    kept = There.keep

    def keep(self: Any, outcome: Any) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(Step, "seal", lambda _: _die())
            return kept(self, outcome)

    with monkeypatch.context() as patch:
        patch.setattr(There, "keep", keep)
        load = sent(service, sheet(range(1, 6), 5))
    assert (load["state"], len(sales(there))) == ("failed", 5)
    assert load["error"]["message"].startswith("La carga falló por un fallo del servidor")
    undone = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))
    assert (undone["result"]["removed"], sales(there)) == (5, [])
    assert there.execute("SELECT count(*) FROM tolva_handover").fetchone() == (0,)


def test_what_a_load_made_and_then_changed_and_is_gone_is_no_conflict(
    service: Service, there: psycopg.Connection
) -> None:
    prepared(service)
    load = sent(service, "\n".join([sheet(range(1, 30), 5), *sheet(range(1, 3), 6).splitlines()[1:]]))
    assert (load["result"]["created"], load["result"]["updated"]) == (25, 2)
    there.execute("DELETE FROM sales WHERE code = '001'")
    undone = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))["result"]
    assert [undone[name] for name in ("removed", "restored", "gone", "conflicts")] == [24, 1, 2, 0]
    assert sales(there) == []


def _die() -> None:
    raise Never("the job ends here")


def _drain() -> None:
    raise Draining("the worker is going down")


def test_a_destination_is_its_tenants_and_is_named_in_errors_without_its_address(
    service: Service, settings: Settings, tmp_path: Path
) -> None:
    refused = service.client.put(f"{URL}/ventas", json={**ELSEWHERE, "destination": "crm"})
    assert refused.status_code == 400
    assert "'crm'; the operator names its database in TOLVA_DESTINATIONS as default/crm" in refused.json()["detail"]
    secret = "postgresql://u:hunter2@127.0.0.1:1/x"
    broken = load_settings(data_dir=tmp_path, destinations={"default/erp": secret})
    with pytest.raises(StorageUnavailable) as told, app.destinations(broken).connect("default", "erp"):
        pass
    assert str(told.value) == "Destination 'erp' does not answer. The work goes on when it does."
    assert "hunter2" not in repr(broken)


def test_addresses_that_cannot_be_read_are_refused_unrepeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("{", json.dumps({"erp": "postgresql://h/x"}), json.dumps({"default/erp": "hunter2 port"})):
        monkeypatch.setenv("TOLVA_DESTINATIONS", value)
        with pytest.raises(SettingsError, match="TOLVA_DESTINATIONS") as told:
            load_settings()
        assert "hunter2" not in str(told.value)


def test_a_table_that_does_not_fit_is_told_with_the_path(service: Service, there: psycopg.Connection) -> None:
    there.execute("CREATE TABLE sales (code text, day date, amount numeric(12,2), kind text, paid boolean)")
    refused = service.client.put(f"{URL}/ventas", json=ELSEWHERE)
    assert (refused.status_code, "primaryKey: 'sales' has no unique index on code, day" in refused.text) == (400, True)
    there.execute("CREATE UNIQUE INDEX ON sales (code, day)")
    assert service.client.put(f"{URL}/ventas", json=ELSEWHERE).json()["target_ready"] is True
    there.execute(sql.SQL("ALTER TABLE sales DROP COLUMN paid"))
    failed = sent(service, f"{HEADER}\n007;03/04/2026;1.234;sí\n")
    assert failed["error"]["message"] == "fields[4].name: 'sales' has no column 'paid'"


def test_a_login_that_lacks_a_right_is_told_which(
    service: Service, there: psycopg.Connection, erp: str, login: str
) -> None:
    prepared(service)
    there.execute(sql.SQL("GRANT SELECT, INSERT ON sales TO {0}").format(sql.Identifier(login)))
    with psycopg.connect(erp) as conn:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(login)))
        with pytest.raises(InvalidInput) as told:
            check_target(conn, load_schema(ELSEWHERE))
        assert str(told.value).endswith(f"its owner does: GRANT UPDATE ON public.sales TO {login};")
        there.execute(sql.SQL("GRANT UPDATE ON sales TO {0}").format(sql.Identifier(login)))
        assert check_target(conn, load_schema(ELSEWHERE))
        there.execute("ALTER TABLE sales ENABLE ROW LEVEL SECURITY")
        with pytest.raises(
            InvalidInput, match=r"no policy of 'sales' lets .* SELECT, INSERT, UPDATE rows; its owner does: CREATE"
        ):
            check_target(conn, load_schema(ELSEWHERE))


def test_a_login_with_just_the_rights_that_are_asked_for_can_load(
    service: Service, there: psycopg.Connection, login: str
) -> None:
    there.execute("CREATE TABLE sales (badge text, code text PRIMARY KEY)")
    role = sql.Identifier(login)
    there.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(role))
    there.execute(sql.SQL("GRANT SELECT, INSERT (code, badge), UPDATE (badge) ON sales TO {}").format(role))
    fields = [{"name": "code", "constraints": {"required": True, "maxLength": 20}}, {"name": "badge"}]
    schema = {"name": "ventas", "target": "sales", "primaryKey": ["code"], "destination": "few", "fields": fields}
    refused = service.client.put(f"{URL}/ventas", json=schema)
    assert refused.json()["detail"].endswith(f"its owner does: GRANT UPDATE ON public.sales TO {login};")
    there.execute(sql.SQL("GRANT UPDATE (code) ON sales TO {}").format(role))
    assert service.client.put(f"{URL}/ventas", json=schema).json()["target_ready"] is True
    first, again = (sent(service, f"code,badge\n1,{badge}\n") for badge in "ab")
    assert (first["result"]["created"], again["result"]["updated"]) == (1, 1)
    undone = ended(service, service.client.post(f"/api/v1/jobs/{again['id']}/undo"))
    assert undone["result"]["restored"] == 1
    refused = ended(service, service.client.post(f"/api/v1/jobs/{first['id']}/undo"))
    assert refused["error"]["message"].endswith(f"its owner does: GRANT DELETE ON public.sales TO {login};")


def test_a_table_of_ones_own_may_have_narrower_types_that_refuse_what_they_cannot_hold(
    service: Service, there: psycopg.Connection
) -> None:
    fields = [
        {"name": "nif", "title": "NIF", "constraints": {"required": True, "maxLength": 20}},
        {"name": "size", "title": "Talla", "type": "integer"},
        {"name": "price", "title": "Precio", "type": "number", "precision": 12, "scale": 2},
    ]
    schema = {"name": "ventas", "target": "clientes", "primaryKey": ["nif"], "destination": "erp", "fields": fields}
    there.execute("CREATE TABLE clientes (nif varchar(9) PRIMARY KEY, size integer, price numeric(20,6))")
    assert service.client.put(f"{URL}/ventas", json=schema).json()["target_ready"]
    content = "NIF;Talla;Precio\n11111111H;5;1,5\n222222222X;5;1\n33333333P;3000000000;1\n"
    dry, first = (sent(service, content, dry_run=dry) for dry in ("true", "false"))
    assert dry["result"] | {"dry_run": True} == first["result"] | {"dry_run": True}
    assert (first["result"]["created"], first["result"]["rejected"]) == (1, 2)
    again = sent(service, "NIF;Talla;Precio\n11111111H;6;1,50\n44444444A;7;2\n")
    assert (again["result"]["created"], again["result"]["updated"]) == (1, 1)
    unchanged = sent(service, "NIF;Talla;Precio\n11111111H;6;1,5\n")
    assert unchanged["result"]["unchanged"] == 1
    undone = ended(service, service.client.post(f"/api/v1/jobs/{again['id']}/undo"))
    assert (undone["result"]["removed"], undone["result"]["restored"], undone["result"]["conflicts"]) == (1, 1, 0)
    assert there.execute("SELECT nif, size, price::text FROM clientes").fetchall() == [("11111111H", 5, "1.500000")]
    there.execute("ALTER TABLE clientes ALTER price TYPE real")
    refused = service.client.put(f"{URL}/ventas", json=schema)
    assert "the column 'price' of 'clientes' is real, not numeric(12,2)" in refused.json()["detail"]
