"""Every named query is one that PostgreSQL knows how to run on the migrated database."""

import re

import psycopg
import pytest

from tests.jobs.workshop import Site
from tolva.db.pool import APP_ROLE
from tolva.db.queries import load_queries

PACKAGES = [
    "tolva.jobs",
    "tolva.web",
    "tolva.web.access",
    "tolva.workloads.intake",
    "tolva.workloads.intake.resumable",
    "tolva.workloads.webhooks",
]
QUERIES = {f"{package}: {name}": text for package in PACKAGES for name, text in load_queries(package).items()}


@pytest.mark.parametrize("query", QUERIES)
def test_a_named_query_can_be_prepared(fresh: Site, query: str) -> None:
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    text = re.sub(r"%\((\w+)\)s", number, QUERIES[query]).replace("%%", "%")
    with psycopg.connect(fresh.dsn) as conn:
        conn.execute(f"SET ROLE {APP_ROLE}")
        conn.execute(f"PREPARE named AS {text}")


@pytest.mark.parametrize("query", QUERIES)
def test_a_named_query_says_what_it_is_for(query: str) -> None:
    _name, first, *rest = QUERIES[query].splitlines()
    assert re.fullmatch(r"-- .+[.?;]", first) or re.match(r"-- ", rest[0]), "a sentence follows the name"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_query_has_its_name_once(package: str) -> None:
    from importlib import resources

    names = re.findall(r"^-- name: (.*)$", resources.files(package).joinpath("queries.sql").read_text(), re.M)
    assert len(names) == len(set(names)) == len(load_queries(package))
