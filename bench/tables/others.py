"""What others do: dlt with Arrow, pandas, django-import-export in bulk, and one INSERT for each row."""

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.tables.limit import TABLE
from bench.tables.peer import Peer
from bench.tables.sample import COLUMNS

NAMES = ", ".join(COLUMNS)
SETS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])


def _url(dsn: str) -> str:
    """The same as a URL; a folder of a socket stands where the host does."""
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(dsn).items()}
    login = f"{parts.get('user', '')}:{parts.get('password', '')}".rstrip(":")
    return f"postgresql://{login}@{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', 'postgres')}"


@contextmanager
def open_dlt(dsn: str) -> Iterator[Callable[[Path], None]]:
    """An Arrow table, merged by its key."""
    import dlt
    import pyarrow.csv as arrow_csv

    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("DROP SCHEMA IF EXISTS bench_dlt CASCADE; DROP SCHEMA IF EXISTS bench_dlt_staging CASCADE")
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.postgres(_url(dsn)),
        dataset_name="bench_dlt",
        pipelines_dir=tempfile.mkdtemp(prefix="dlt-"),
    )

    def load(path: Path) -> None:
        table = arrow_csv.read_csv(path)
        info = pipeline.run(table, table_name="products", write_disposition="merge", primary_key="codigo")
        info.raise_on_failed_jobs()

    yield load


@contextmanager
def open_pandas(dsn: str) -> Iterator[Callable[[Path], None]]:
    """`read_csv` and `to_sql` into a staging table, then one upsert, since `to_sql` knows none."""
    import pandas as pd
    from sqlalchemy import create_engine, text

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(TABLE.format(name="bench_pandas"))

    def load(path: Path) -> None:
        frame = pd.read_csv(path)
        with engine.begin() as conn:
            frame.to_sql("bench_pandas_stage", conn, if_exists="replace", index=False, chunksize=10_000)
            values = NAMES.replace("fecha_vencimiento", "fecha_vencimiento::date")
            conn.execute(
                text(
                    f"INSERT INTO bench_pandas (tenant_id, proveedor_id, {NAMES})"
                    f" SELECT 't', 'P', {values} FROM bench_pandas_stage"
                    f" ON CONFLICT (tenant_id, proveedor_id, codigo) DO UPDATE SET {SETS}"
                )
            )

    yield load


@contextmanager
def open_django(dsn: str) -> Iterator[Callable[[Path], None]]:
    """django-import-export with its bulk operations and unchanged rows skipped."""
    import django
    from django.conf import settings

    parts = conninfo_to_dict(dsn)
    keys = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    settings.configure(
        DATABASES={
            "default": {"ENGINE": "django.db.backends.postgresql"}
            | {name: str(parts.get(key, "")) for name, key in keys.items()}
        },
        INSTALLED_APPS=["import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    from django.db import connection, models
    from import_export import resources
    from tablib import Dataset

    text = {name: models.TextField(null=True) for name in COLUMNS[1:]}
    typed = {
        "precio": models.DecimalField(max_digits=14, decimal_places=4),
        "stock": models.BigIntegerField(null=True),
        "tiempo_entrega_dias": models.BigIntegerField(),
        "fecha_vencimiento": models.DateField(null=True),
    }
    meta = type("Meta", (), {"app_label": "import_export", "db_table": "bench_django"})
    body = {"__module__": __name__, "Meta": meta, "codigo": models.TextField(unique=True), **text, **typed}
    product = type("Product", (models.Model,), body)
    options = {
        "model": product,
        "import_id_fields": ("codigo",),
        "fields": COLUMNS,
        "use_bulk": True,
        "batch_size": 1000,
        "skip_unchanged": True,
        "report_skipped": False,
    }
    resource = type("R", (resources.ModelResource,), {"Meta": type("Meta", (), options)})
    with connection.schema_editor() as editor:
        editor.execute("DROP TABLE IF EXISTS bench_django")
        editor.create_model(product)

    def load(path: Path) -> None:
        data = Dataset().load(path.read_text("utf-8"), format="csv")
        result = resource().import_data(data, raise_errors=True, use_transactions=True)
        assert not result.has_errors()

    yield load


@contextmanager
def open_rows(dsn: str) -> Iterator[Callable[[Path], None]]:
    """The csv module, and one INSERT … ON CONFLICT for each row, in one transaction."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(TABLE.format(name="bench_rows"))
    marks = ", ".join(f"%({name})s" for name in COLUMNS)
    statement = (
        f"INSERT INTO bench_rows (tenant_id, proveedor_id, {NAMES}) VALUES ('t', 'P', {marks})"
        f" ON CONFLICT (tenant_id, proveedor_id, codigo) DO UPDATE SET {SETS}"
    )

    def load(path: Path) -> None:
        with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
            for row in csv.DictReader(io.StringIO(path.read_text("utf-8"))):
                cursor.execute(statement, row)

    yield load


PEERS = (
    Peer("dlt", "Arrow table, merge by key", open_dlt),
    Peer("pandas", "to_sql into staging, one upsert", open_pandas),
    Peer("django-import-export", "bulk, unchanged rows skipped", open_django, few=True),
    Peer("row by row", "csv module, one INSERT … ON CONFLICT each", open_rows, few=True),
)
