"""Schemas of one's own: kept in versions, refused with the path of the fault, their tables made and checked."""

import io
import json
from typing import Any, LiteralString

import fastexcel
import psycopg
import pytest

from tests.intake.test_uploads import ended, upload
from tests.service import Service
from tolva import app
from tolva.settings import load_settings
from tolva.tables.document import load_schema
from tolva.web.tenant import DEFAULT_TENANT

SALES: dict[str, Any] = {
    "name": "ventas",
    "title": "Ventas",
    "target": "sales",
    "locale": "es-CO",
    "primaryKey": ["code", "day"],
    "fields": [
        {"name": "code", "title": "Código", "constraints": {"required": True, "maxLength": 20}, "examples": ["007"]},
        {"name": "day", "type": "date", "title": "Día", "constraints": {"required": True}},
        {"name": "amount", "type": "number", "title": "Monto", "precision": 12, "scale": 2},
        {"name": "kind", "title": "Tipo", "constraints": {"enum": ["contado", "crédito"]}, "default": "contado"},
        {"name": "paid", "type": "boolean", "title": "Pagado"},
    ],
}
URL = "/api/v1/schemas"


def put(service: Service, document: dict[str, Any], name: str = "ventas") -> Any:
    return service.client.put(f"{URL}/{name}", json=document)


def make_table(admin: psycopg.Connection) -> None:
    dsn = admin.info.dsn + (f" password={admin.info.password}" if admin.info.password else "")
    server = app.Server(dsn, dsn, embedded=False)
    app.make_target(load_settings(), server, DEFAULT_TENANT, load_schema(SALES))


def test_a_schema_of_ones_own_from_document_to_rows(service: Service, admin: psycopg.Connection) -> None:
    assert put(service, SALES).json() == {"name": "ventas", "version": 1, "target_ready": False}
    refused = upload(service, "a", schema="ventas", params="{}")
    assert (refused.status_code, "tolva schema create ventas" in refused.json()["detail"]) == (409, True)
    make_table(admin)
    sheet = service.client.get(f"{URL}/ventas/template", params={"example": True}).content
    first = ended(service, upload(service, sheet, "ventas.xlsx", schema="ventas", params="{}"))
    assert (first["result"]["created"], first["result"]["rejected"]) == (1, 0)
    content = "Código;Día;Monto;Pagado\n007;03/04/2026;1.234;sí\n008;04/04/2026;1.000,50;no\n"
    second = ended(service, upload(service, content, schema="ventas", params="{}"))
    assert second["result"]["created"] == 2
    with service.jobs.db.transaction("default") as conn:
        rows = conn.execute("SELECT code, day::text, amount::text, kind, paid FROM sales ORDER BY day").fetchall()
    assert [tuple(row.values()) for row in rows[:2]] == [
        ("007", "2026-04-03", "1234.00", "contado", True),
        ("008", "2026-04-04", "1000.50", "contado", False),
    ]
    changes = service.client.get(f"/api/v1/jobs/{second['id']}/changes").json()["changes"]
    assert changes[0]["key"] == ["007", "2026-04-03"]
    undone = ended(service, service.client.post(f"/api/v1/jobs/{second['id']}/undo"))
    assert undone["result"]["removed"] == 2


def test_the_configured_currency_is_of_products_alone(service: Service, admin: psycopg.Connection) -> None:
    make_table(admin)
    admin.execute("ALTER TABLE sales RENAME kind TO moneda")
    own = json.loads(json.dumps(SALES).replace('"kind"', '"moneda"').replace("contado", "EUR"))
    assert put(service, own).status_code == 201
    done = ended(service, upload(service, "Código;Día\n1;2026-01-01\n", schema="ventas", params="{}"))
    assert (done["state"], done["result"]["created"]) == ("completed", 1)


def test_a_file_that_is_sent_again_unchanged_has_the_answer_that_the_schema_knows_by_now(
    service: Service, admin: psycopg.Connection
) -> None:
    def sent() -> dict[str, Any]:
        return ended(service, upload(service, "Ref;Día\n1;2026-01-01\n", schema="ventas", params="{}"))

    put(service, SALES)
    make_table(admin)
    asked = sent()
    assert asked["error"]["type"] == "Unanswered"
    code, *others = SALES["fields"]
    put(service, SALES | {"fields": [code | {"aliases": ["Ref"]}, *others]})
    again = sent()
    assert service.client.get(f"/api/v1/uploads/{asked['id']}").json()["error"]["answered_by"] == again["id"]


@pytest.mark.parametrize("version", [-1, 3_000_000_000])
def test_a_version_that_there_cannot_be_is_a_wrong_call(service: Service, version: int) -> None:
    assert service.client.get("/api/v1/schemas/products", params={"version": version}).status_code == 422


def test_versions_are_kept_and_uploads_stay_with_theirs(service: Service, admin: psycopg.Connection) -> None:
    make_table(admin)
    assert put(service, SALES).json()["version"] == 1
    waiting = upload(service, "Código;Día\n1;2026-01-01\n", schema="ventas", params="{}")
    stricter = json.loads(json.dumps(SALES))
    stricter["fields"][2]["constraints"] = {"required": True}
    assert put(service, stricter).json() == {"name": "ventas", "version": 2, "target_ready": True}
    assert ended(service, waiting)["result"]["created"] == 1
    assert (
        ended(service, upload(service, "Código;Día\n2;2026-01-01\n", schema="ventas", params="{}"))["state"] == "failed"
    )
    assert service.client.get(f"{URL}/ventas", params={"version": 1}).json()["document"] == SALES
    assert [s["name"] for s in service.client.get(URL).json()["schemas"]] == ["products", "ventas"]
    assert service.client.delete(f"{URL}/ventas").status_code == 204
    assert upload(service, "a", schema="ventas", params="{}").status_code == 404
    assert service.client.get(f"{URL}/ventas").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"fields": [{"name": "code", "type": "money"}]}, 400, "fields[0].type: unknown type 'money'"),
        ({"target": 'sa"les'}, 400, "target: must be a name of lower-case letters"),
        ({"target": "tolva.jobs"}, 400, "target: must be a name of lower-case letters"),
        ({"target": "products"}, 400, "target: 'products' is a table of Tolva"),
        ({"target": "jobs"}, 400, "target: 'jobs' is the name of a table of Tolva"),
        ({"target": "pg_class"}, 400, "target: 'pg_class' is a table of PostgreSQL"),
        ({"primaryKey": ["nada"]}, 400, "primaryKey[0]: no field is called 'nada'"),
        ({"locale": "fr"}, 400, "locale: 'fr' is not a locale of es, pt, en"),
        ({"name": "otra"}, 400, "name: is 'otra', but the schema is kept as 'ventas'"),
    ],
)
def test_a_wrong_schema_is_refused_with_the_path_of_the_fault(
    service: Service, change: dict[str, Any], status: int, said: str
) -> None:
    answer = put(service, SALES | change)
    assert (answer.status_code, answer.json()["detail"][: len(said)]) == (status, said)


def test_the_packages_own_schema_is_not_changed(service: Service) -> None:
    assert put(service, SALES | {"name": "products"}, "products").status_code == 409
    assert service.client.delete(f"{URL}/products").status_code == 409


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE sales DROP COLUMN paid", "fields[4].name: 'sales' has no column 'paid'"),
        (
            "ALTER TABLE sales ALTER amount TYPE text",
            "fields[2].type: the column 'amount' of 'sales' is text, not numeric",
        ),
        (
            "ALTER TABLE sales DROP CONSTRAINT sales_pkey",
            "primaryKey: 'sales' has no unique index on tenant_id, code, day; its owner does: "
            'CREATE UNIQUE INDEX ON "sales" ("tenant_id", "code", "day");',
        ),
        ("ALTER TABLE sales NO FORCE ROW LEVEL SECURITY", "target: 'sales' has no forced row-level security"),
        ("ALTER TABLE sales ADD shop text NOT NULL", "fields: the column 'shop' of 'sales' needs a value"),
        (
            "ALTER TABLE sales ALTER updated_at DROP DEFAULT, ALTER updated_at TYPE text",
            "target: the column 'updated_at' of 'sales' is text, not timestamp with time zone",
        ),
        (
            "ALTER TABLE sales DROP CONSTRAINT sales_pkey, ADD PRIMARY KEY (tenant_id, code, day) DEFERRABLE",
            "primaryKey: 'sales' has only a deferrable unique index on tenant_id, code, day; its owner does: "
            'CREATE UNIQUE INDEX ON "sales" ("tenant_id", "code", "day");',
        ),
        (
            "REVOKE INSERT, UPDATE ON sales FROM tolva_app; ALTER TABLE sales ADD id serial, ADD nr serial",
            "target: rights in 'sales' are missing; its owner does: "
            "GRANT INSERT, UPDATE ON public.sales TO tolva_app; GRANT USAGE ON SEQUENCE sales_id_seq TO tolva_app; "
            "GRANT USAGE ON SEQUENCE sales_nr_seq TO tolva_app;",
        ),
        (
            "DROP POLICY own_tenant ON sales; CREATE POLICY look ON sales FOR SELECT "
            "USING (tenant_id = current_setting('app.tenant_id'))",
            "target: no policy of 'sales' lets tolva_app INSERT, UPDATE rows; its owner does: CREATE POLICY own_tenant",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_told(service: Service, admin: Any, statement: str, said: str) -> None:
    make_table(admin)
    assert put(service, SALES).json()["target_ready"] is True
    admin.execute(statement)
    answer = put(service, SALES)
    assert (answer.status_code, answer.json()["detail"][: len(said)]) == (400, said)
    load = upload(service, "a", schema="ventas", params="{}")
    assert (load.status_code, load.json()["detail"][: len(said)]) == (400, said)


@pytest.mark.parametrize(
    "statement",
    [
        "REVOKE INSERT, UPDATE, DELETE ON sales FROM tolva_app;"
        "GRANT INSERT (tenant_id, updated_at, code, day, amount, kind, paid), UPDATE (amount, kind, paid, updated_at)"
        " ON sales TO tolva_app",
        "CREATE POLICY everybody ON sales USING (true);"
        "CREATE POLICY mine ON sales AS RESTRICTIVE USING (tenant_id = current_setting('app.tenant_id'))",
        "CREATE POLICY others ON sales TO pg_monitor USING (true)",
        "CREATE POLICY web ON sales USING (tenant_id = current_setting('web.tenant', true))",
        "CREATE POLICY svc ON sales AS RESTRICTIVE USING (current_user = 'tolva_app')",
        "CREATE POLICY on_duty ON sales AS RESTRICTIVE "
        "USING (tenant_id <> '' AND coalesce(current_setting('web.duty', true), '') <> 'off')",
        "ALTER POLICY own_tenant ON sales USING (tenant_id = current_setting('App.Tenant_Id'))",
        "ALTER TABLE sales ADD id serial; GRANT USAGE ON SEQUENCE sales_id_seq TO tolva_app",
    ],
)
def test_a_table_may_give_just_the_rights_that_a_load_needs(
    service: Service, admin: psycopg.Connection, statement: LiteralString
) -> None:
    make_table(admin)
    admin.execute(statement)
    assert put(service, SALES).json()["target_ready"] is True
    last = ""
    for amount, counts in ((1, (1, 0)), (2, (0, 1))):
        content = f"Código;Día;Monto\n1;2026-01-01;{amount}\n"
        for dry in ("true", "false"):
            done = ended(service, upload(service, content, schema="ventas", params="{}", dry_run=dry))
            assert (done["result"]["created"], done["result"]["updated"]) == counts
            last = done["id"]
    undone = ended(service, service.client.post(f"/api/v1/jobs/{last}/undo"))
    assert undone["result"]["restored"] == 1


@pytest.mark.parametrize("shown", ["true", "tenant_id IS NOT NULL", "tenant_id <> ''"])
def test_a_policy_that_shows_tenants_each_others_rows_is_refused_by_what_it_does(
    service: Service, admin: psycopg.Connection, shown: LiteralString
) -> None:
    make_table(admin)
    admin.execute("INSERT INTO sales (tenant_id, code, day) VALUES ('another', '1', '2026-01-01')")
    assert put(service, SALES).status_code == 201
    admin.execute(f"CREATE POLICY everybody ON sales USING ({shown})")
    refused = put(service, SALES)
    assert (refused.status_code, "so tenants would see each other" in refused.text) == (400, True)


def test_what_a_policy_keeps_from_a_load_is_told_in_the_databases_own_words(
    service: Service, admin: psycopg.Connection
) -> None:
    make_table(admin)
    admin.execute("ALTER POLICY own_tenant ON sales USING (tenant_id = current_setting('my.shop', true))")
    put(service, SALES)
    load = ended(service, upload(service, "Código;Día;Monto\n1;2026-01-01;1\n", schema="ventas", params="{}"))
    assert load["state"] == "failed"
    with service.jobs.db.transaction("default") as conn:
        [error] = [row["error"] for row in conn.execute("SELECT error FROM tolva.jobs").fetchall()]
    assert (error["type"], "violates row-level security policy" in error["detail"]) == ("SettingsError", True)


def test_only_an_undo_of_new_rows_needs_the_right_to_delete(service: Service, admin: psycopg.Connection) -> None:
    make_table(admin)
    admin.execute("REVOKE DELETE ON sales FROM tolva_app")
    assert put(service, SALES).status_code == 201
    sheet = "Código;Día;Monto\n{}\n"
    made, changed, both = (
        ended(service, upload(service, sheet.format(rows), schema="ventas", params="{}"))
        for rows in ("1;2026-01-01;1", "1;2026-01-01;2", "1;2026-01-01;3\n2;2026-01-01;3")
    )
    refused = ended(service, service.client.post(f"/api/v1/jobs/{both['id']}/undo"))
    assert refused["state"] == "failed"
    assert "its owner does: GRANT DELETE ON public.sales TO tolva_app;" in refused["error"]["message"]
    assert admin.execute("SELECT code, amount::int FROM sales ORDER BY code").fetchall() == [("1", 3), ("2", 3)]
    admin.execute("GRANT DELETE ON sales TO tolva_app")
    undone = ended(service, service.client.post(f"/api/v1/jobs/{both['id']}/undo"))
    assert (undone["result"]["removed"], undone["result"]["restored"]) == (1, 1)
    admin.execute("REVOKE DELETE ON sales FROM tolva_app")
    undone = ended(service, service.client.post(f"/api/v1/jobs/{changed['id']}/undo"))
    assert undone["result"]["restored"] == 1
    assert admin.execute("SELECT code, amount::int FROM sales").fetchall() == [("1", 1)]
    assert made["result"]["created"] == 1


def test_the_template_has_drop_downs_and_loads(service: Service) -> None:
    empty = service.client.get("/api/catalog/bulk-upload/plantilla")
    book = fastexcel.read_excel(empty.content)
    assert book.sheet_names == ["Productos", "Instrucciones", "Valores"]
    assert book.load_sheet(0).height == 0
    filled = service.client.get("/api/v1/catalog/bulk-upload/plantilla", params={"ejemplo": "true"})
    loaded = ended(service, upload(service, filled.content, "plantilla.xlsx"))
    assert (loaded["result"]["created"], loaded["result"]["rejected"]) == (2, 0)
    import zipfile

    with zipfile.ZipFile(io.BytesIO(empty.content)) as archive:
        rules = archive.read("xl/worksheets/sheet1.xml").decode()
    assert rules.count("<dataValidation ") == 2
    assert "Valores!$I$1:$I$" in rules
    assert "recibe: USD" in rules, "what a blank cell gets, as the settings say"
    guide = book.load_sheet("Instrucciones").to_polars()
    assert next(rule for name, _, rule in guide.rows() if name == "Moneda").endswith("si falta: USD")


@pytest.mark.parametrize("dry", [False, True])
def test_rows_that_the_table_refuses_are_explained_and_the_rest_goes_on(
    service: Service, admin: psycopg.Connection, dry: bool
) -> None:
    make_table(admin)
    admin.execute("ALTER TABLE sales ADD CONSTRAINT not_unlucky CHECK (amount <> 13)")
    put(service, SALES)
    rows = "".join(f"{n};2026-01-01;{13 if n % 4 == 1 else n}\n" for n in range(12))
    view = ended(service, upload(service, f"Código;Día;Monto\n{rows}", schema="ventas", params="{}", dry_run=dry))
    assert (view["result"]["created"], view["result"]["rejected"]) == (9, 3)
    errors = service.client.get(f"/api/v1/jobs/{view['id']}/errors").json()["errors"]
    assert [(error["row"], error["code"]) for error in errors] == [(3, "refused"), (7, "refused"), (11, "refused")]
    assert 'violates check constraint "not_unlucky"' in errors[0]["message"]
    changes = service.client.get(f"/api/v1/jobs/{view['id']}/changes").json()["changes"]
    assert len(changes) == 9
    if not dry:
        undone = ended(service, service.client.post(f"/api/v1/jobs/{view['id']}/undo"))
        assert (undone["result"]["removed"], undone["result"]["conflicts"]) == (9, 0)
