"""What a refused connection means, in the words that servers have for it."""

import psycopg
import pytest

from tests.conftest import Fresh
from tolva.db.faults import login_explained, refuses_login
from tolva.errors import SettingsError

NOBODY = """connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  role "x" does not exist"""
DEAF = """connection failed: connection to server at "10.0.0.2", port 5432 failed: Connection refused"""


@pytest.mark.parametrize(
    "said",
    [
        'password authentication failed for user "x"',
        'role "x" is not permitted to log in',
        'no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", no encryption',
        "no existe la base de datos «x»",
        "no existe el rol «x»",
        "la autentificación password falló para el usuario «x»",
        "la autentificación por certificado falló para el usuario «x»",
        "no hay una línea en pg_hba.conf para «10.0.0.1», usuario «x», base de datos «y», sin cifrado",
        "al rol «x» no se le permite conectarse",
        "permiso denegado a la base de datos «x»",
        'banco de dados "x" não existe',
        'role "x" não existe',
        'autenticação do tipo senha falhou para o usuário "x"',
    ],
)
def test_a_refused_login_is_known_in_the_languages_of_our_servers(said: str) -> None:
    assert refuses_login(psycopg.OperationalError(f"connection failed: FATAL:  {said}"))


@pytest.mark.parametrize(
    "said",
    ["Connection refused", "lo siento, ya tenemos demasiados clientes", "o sistema de banco de dados está iniciando"],
)
def test_what_passes_is_no_refused_login(said: str) -> None:
    assert not refuses_login(psycopg.OperationalError(f"connection failed: FATAL:  {said}"))


def several(*attempts: tuple[str, str]) -> psycopg.OperationalError:
    """As psycopg tells it: the last one, then each."""
    lines = [f"- host: '{host}', port: '5432', hostaddr: '::{n}': {said}" for n, (host, said) in enumerate(attempts)]
    return psycopg.OperationalError(
        "\n".join([attempts[-1][1], "Multiple connection attempts failed. All failures were:", *lines])
    )


def test_of_several_servers_each_must_refuse_the_login() -> None:
    assert refuses_login(several(("a", NOBODY), ("b", NOBODY)))
    assert not refuses_login(several(("a", DEAF), ("b", NOBODY)))
    assert refuses_login(several(("localhost", DEAF), ("localhost", NOBODY)))  # it listens at one of its addresses


def test_psycopg_tells_each_server_as_we_expect(fresh: Fresh) -> None:
    here = psycopg.conninfo.conninfo_to_dict(fresh.admin_dsn)
    host, port = here["host"], here.get("port", 5432)
    wrong = here | {"dbname": "no_such_database"}

    def refused(hosts: str, ports: str) -> bool:
        with pytest.raises(psycopg.OperationalError) as told:
            psycopg.connect(psycopg.conninfo.make_conninfo(**wrong | {"host": hosts, "port": ports}))
        return refuses_login(told.value)

    assert refused(f"{host},{host}", f"{port},{port}")
    assert not refused(f"{host},127.0.0.1", f"{port},1")
    with pytest.raises(SettingsError, match="no_such_database"), login_explained():
        psycopg.connect(psycopg.conninfo.make_conninfo(**wrong))
