"""Values that the schema calls unique, from file to errors: a dry run says the same, here and in another database."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Fresh
from tests.intake.test_destinations import erp
from tests.intake.test_uploads import ended, upload
from tests.service import Service
from tolva import app
from tolva.settings import Settings, load_settings
from tolva.tables.document import load_schema
from tolva.web.tenant import DEFAULT_TENANT

__all__ = ["erp"]

PEOPLE: dict[str, Any] = {
    "name": "gente",
    "target": "people",
    "primaryKey": ["code"],
    "fields": [
        {"name": "code", "title": "Código", "constraints": {"required": True, "maxLength": 9}},
        {"name": "mail", "title": "Correo", "constraints": {"unique": True, "maxLength": 50}},
    ],
}


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path, erp: str) -> Settings:
    return load_settings(data_dir=tmp_path, database_url=fresh.dsn, port=0, destinations={"default/erp": erp})


@pytest.mark.parametrize("elsewhere", [False, True])
def test_each_row_that_repeats_a_unique_value_is_explained(
    service: Service, fresh: Fresh, settings: Settings, elsewhere: bool
) -> None:
    document = {**PEOPLE, "destination": "erp"} if elsewhere else PEOPLE
    service.client.put("/api/v1/schemas/gente", json=document)
    server = app.Server(fresh.admin_dsn, fresh.admin_dsn, embedded=False)
    app.make_target(settings, server, DEFAULT_TENANT, load_schema(document))

    def sent(*rows: str, dry: bool = False) -> tuple[Any, Any]:
        content = "\n".join(["Código;Correo", *rows])
        view = ended(service, upload(service, content, schema="gente", params="{}", dry_run=dry))
        errors = service.client.get(f"/api/v1/jobs/{view['id']}/errors").json()["errors"]
        view["result"].pop("dry_run", None)
        return view["result"], errors

    assert sent("A;a@x", "B;b@x", "Z;")[0]["created"] == 3
    rows = ["C;c@x", "D; a@x", "E;c@x", *(f"N{n};{n}@x" for n in range(20)), "F;c@x", "G;", "B;b@x", ";c@x"]
    predicted = sent(*rows, dry=True)
    result, errors = sent(*rows)
    assert predicted == (result, errors)
    assert (result["created"], result["unchanged"], result["rejected"]) == (22, 1, 4)
    assert [(e["row"], e["column"], e["value"], e["code"], e["message"]) for e in errors] == [
        (3, "Correo", "a@x", "unique", 'mail: "a@x" ya está en la tabla, en la fila de code "A"'),
        (4, "Correo", "c@x", "unique", 'mail: "c@x" repite la fila 2'),
        (25, "Correo", "c@x", "unique", 'mail: "c@x" repite la fila 2'),
        (28, "Código", "", "required", "Campos obligatorios vacíos: code"),
    ]
