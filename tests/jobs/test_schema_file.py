"""src/tolva/db/schema.sql is what the migrations come to: the file to read when one wants to know the tables.

`make schema` renews it, that is TOLVA_RENEW_SCHEMA=1 pytest tests/jobs/test_schema_file.py
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

import tolva.db
from tests.jobs.workshop import Site
from tolva.db.embedded import binaries

FILE = Path(tolva.db.__file__).with_name("schema.sql")
HEAD = """-- The whole schema, as the migrations leave it on PostgreSQL 18. Made by `make schema`; do not edit.
"""
NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*|ALTER .* OWNER TO (?!tolva_).*)$")


@pytest.fixture
def schema(site: Site) -> str:
    """The schema of the migrated database as pg_dump tells it, without what depends on host, login and version."""
    pg_dump = binaries.find().program("pg_dump")
    told = subprocess.run(
        [pg_dump, "--schema-only", "--no-tablespaces", "--dbname", site.admin_dsn],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = [line.rstrip() for line in told.splitlines() if not NOISE.match(line)]
    return HEAD + re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def test_the_schema_file_is_what_the_migrations_come_to(schema: str, cluster) -> None:
    if cluster.admin_dsn == cluster.app_dsn:
        pytest.skip("another version of PostgreSQL tells the same schema in other words")
    if os.environ.get("TOLVA_RENEW_SCHEMA"):
        FILE.write_text(schema, "utf-8")
    assert FILE.exists(), "run `make schema` and commit src/tolva/db/schema.sql"
    assert FILE.read_text("utf-8") == schema, "run `make schema` and commit src/tolva/db/schema.sql"
