"""A database of one system's own on the server given by BENCH_DSN, and what that server is."""

import os
from contextlib import closing
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from bench.jobs.peer import Unavailable

SETTINGS = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "autovacuum")


def server() -> str:
    """Read anew each time, since the run may provide a server of its own."""
    return os.environ.get("BENCH_DSN", "")


def own_database(name: str) -> str:
    """The name of the database that the harness creates and drops for this system."""
    return f"tolva_bench_{name}"


def own_dsn(name: str) -> str:
    """The address of that database, the same in the harness and in the workers."""
    return urlsplit(server())._replace(path=f"/{own_database(name)}").geturl()


def create(name: str) -> None:
    """Create the database anew; raises Unavailable without a server."""
    if not server():
        raise Unavailable("set BENCH_DSN to a PostgreSQL where databases may be created")
    drop(name)
    with closing(_connect()) as connection:
        connection.execute(_statement("CREATE DATABASE {}", name))


def drop(name: str) -> None:
    """Drop the database, with whoever is still connected to it."""
    with closing(_connect()) as connection:
        connection.execute(_statement("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def vacuum(name: str) -> None:
    """What autovacuum would do soon; without statistics a claim over a long queue runs at half its speed."""
    with closing(psycopg.connect(own_dsn(name), autocommit=True)) as connection:
        connection.execute("VACUUM ANALYZE")


def _statement(template: str, name: str) -> sql.Composed:
    return sql.SQL(template).format(sql.Identifier(own_database(name)))


def _connect() -> psycopg.Connection:
    try:
        return psycopg.connect(server(), autocommit=True)
    except psycopg.OperationalError as error:
        raise Unavailable(f"PostgreSQL does not answer: {error}") from error


def server_pids(name: str) -> list[int]:
    """Every process of the server, without the sessions of other databases and of this question."""
    with closing(_connect()) as connection:
        postmaster = _postmaster(connection.info.backend_pid)
        others = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname IS DISTINCT FROM %s AND datname IS NOT NULL",
            [own_database(name)],
        ).fetchall()
    if postmaster is None:
        return []
    return sorted({child.pid for child in postmaster.children()} - {pid for (pid,) in others})


def _postmaster(backend_pid: int) -> psutil.Process | None:
    # A server on another machine or in a container has no such process here, or another's.
    try:
        backend = psutil.Process(backend_pid)
        return backend.parent() if backend.name().startswith("postgres") else None
    except psutil.NoSuchProcess:
        return None


def facts() -> dict[str, str]:
    """The server's version and the settings that bear on the figures."""
    with closing(_connect()) as connection:
        return {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in SETTINGS}
