"""A PostgreSQL of one's own, as the recipe sets it up: an owner that is no superuser, and a login with fewer rights."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.cli.conftest import Shell
from tests.conftest import reachable
from tolva.db.embedded.use import use

RECIPES = Path(__file__).parents[2] / "docs" / "recipes.md"
PASSWORD = "a secret"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that Tolva has never seen: none of its roles exist. The address of its superuser."""
    with use(reachable(tmp_path_factory.mktemp("own"))) as here:
        with psycopg.connect(here.admin_dsn, autocommit=True) as admin:
            roles = admin.execute("SELECT FROM pg_roles WHERE rolname IN ('tolva_app', 'tolva_system')").fetchall()
        assert roles == []
        yield here.admin_dsn


def statements() -> list[str]:
    """The recipe's own statements."""
    section = RECIPES.read_text("utf-8").partition("## Your own PostgreSQL")[2]
    [block] = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    return [statement.replace("'…'", f"'{PASSWORD}'") for statement in block.strip().split("\n")]


def as_login(dsn: str, user: str, dbname: str = "tolva_own") -> str:
    return make_conninfo(**conninfo_to_dict(dsn) | {"user": user, "password": PASSWORD, "dbname": dbname})


def test_the_recipe_leads_to_a_loaded_file_with_logins_that_have_few_rights(untouched: str, tmp_path: Path) -> None:
    with psycopg.connect(untouched, autocommit=True) as admin:
        for statement in statements():
            admin.execute(statement.replace("CREATE DATABASE tolva ", "CREATE DATABASE tolva_own "))  # type: ignore
    owner, login = (Shell(as_login(untouched, user), tmp_path / "data") for user in ("tolva_owner", "tolva_login"))

    too_early = login("doctor")
    assert "tolva migrate" in too_early.out
    assert owner("migrate").code == 0
    assert owner("migrate", "--json").json == {"applied": []}
    with psycopg.connect(owner.database_url, autocommit=True) as conn:
        conn.execute("GRANT tolva_app TO tolva_login")

    sheet = tmp_path / "productos.csv"
    sheet.write_text("codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guante,1.5,C1,3\n", "utf-8")
    ran = login.process("load", str(sheet), "--param", "proveedor_id=P1", "--json")
    assert (ran.code, ran.json["result"]["created"]) == (0, 1), ran.err
    with psycopg.connect(login.database_url) as conn:
        assert conn.execute("SELECT count(*) FROM products").fetchone() == (0,)  # of nobody's rows, without a tenant
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("ALTER TABLE products DISABLE ROW LEVEL SECURITY")
