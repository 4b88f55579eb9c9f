"""The limit: COPY into a staging table, one INSERT … ON CONFLICT from it. No checks, no explanations, no counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fastexcel
import psycopg

from bench.tables.peer import Peer
from bench.tables.sample import COLUMNS

TABLE = """
DROP TABLE IF EXISTS {name};
CREATE TABLE {name} (
  tenant_id text NOT NULL, proveedor_id text NOT NULL, codigo text NOT NULL, nombre text NOT NULL, descripcion text,
  categoria text, precio numeric(14,4) NOT NULL, moneda text, stock bigint, certificado_sanitario text NOT NULL,
  tiempo_entrega_dias bigint NOT NULL, fecha_vencimiento date, pais text, unidad text,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, proveedor_id, codigo))
"""
STAGE = """
CREATE TEMP TABLE stage (codigo text, nombre text, descripcion text, categoria text, precio numeric(14,4), moneda text,
  stock bigint, certificado_sanitario text, tiempo_entrega_dias bigint, fecha_vencimiento date, pais text, unidad text)
ON COMMIT DROP
"""
NAMES = ", ".join(COLUMNS)
UPSERT = f"""
INSERT INTO bench_limit (tenant_id, proveedor_id, {NAMES}) SELECT 't', 'P', {NAMES} FROM stage
ON CONFLICT (tenant_id, proveedor_id, codigo) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}, updated_at = now()
"""
PIECE = 1024 * 1024


@contextmanager
def open_csv(dsn: str) -> Iterator[Callable[[Path], None]]:
    """Loads the bytes of the file as they are."""
    yield _loader(dsn, lambda path: path.read_bytes())


@contextmanager
def open_xlsx(dsn: str) -> Iterator[Callable[[Path], None]]:
    """Parses the workbook first, with the same parser as Tolva."""

    def parsed(path: Path) -> bytes:
        return fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars().write_csv().encode()

    yield _loader(dsn, parsed)


def _loader(dsn: str, content: Callable[[Path], bytes]) -> Callable[[Path], None]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(TABLE.format(name="bench_limit"))

    def load(path: Path) -> None:
        with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
            cursor.execute(STAGE)
            with cursor.copy("COPY stage FROM STDIN (FORMAT csv, HEADER)") as copy:
                data = content(path)
                for start in range(0, len(data), PIECE):
                    copy.write(data[start : start + PIECE])
            cursor.execute(UPSERT)

    return load


PEERS = (
    Peer("limit", "COPY and INSERT … ON CONFLICT, nothing else", open_csv),
    Peer("limit xlsx", "fastexcel, then the same", open_xlsx, reads="xlsx"),
)
