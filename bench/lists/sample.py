"""A million jobs of a few tenants, as skewed as real ones: in one statement, made as if over a year."""

import psycopg

from tolva.jobs.words import label_words

TENANTS = ("big", "middle", "small")
"""Nine jobs of ten are of the first, all but one of a hundred of the rest of the second."""
MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "octubre", "noviembre")
"""The word of its month is in a label: a common word that is nowhere among the newest jobs."""
QUEUES = ("bulk_upload", "light")
INDEXES = ("jobs_queued", "jobs_children", "jobs_listed", "jobs_finished", "job_words_words")
"""Made anew after the rows, which is quicker."""

FILL = """
SET synchronous_commit = off;
CREATE TEMP TABLE made AS
SELECT n, tolva.uuid_at(now() - (%(jobs)s - n) * interval '1 year' / %(jobs)s) AS id,
  now() - (%(jobs)s - n) * interval '1 year' / %(jobs)s AS at,
  (%(tenants)s::text[])[CASE WHEN n %% 10 > 0 THEN 1 WHEN n %% 1000 > 0 THEN 2 ELSE 3 END] AS tenant_id,
  (%(marks)s::text[])[CASE WHEN n %% 10 > 0 THEN 1 WHEN n %% 1000 > 0 THEN 2 ELSE 3 END] AS mark,
  CASE WHEN n %% 7 < 4 THEN 'bulk_upload' WHEN n %% 7 < 6 THEN 'dry_run' WHEN n %% 91 = 6 THEN 'sync' ELSE 'undo' END
    AS kind,
  (%(months)s::text[])[1 + n * 9 / %(jobs)s] AS month,
  -- a word of very many jobs that very many others, which a filter can ask for, have not
  CASE WHEN n %% 7 IN (4, 5) THEN 'csv' ELSE 'xlsx' END AS ending,
  CASE
    WHEN n %% 997 = 1 AND n > %(jobs)s * 0.9 THEN 'waiting'
    WHEN n %% 9973 = 1 THEN 'running'
    WHEN n > %(jobs)s * 0.95 AND n %% 3 > 0 THEN 'queued'
    WHEN n BETWEEN %(jobs)s * 0.30 AND %(jobs)s * 0.33 OR n %% 500 = 1 THEN 'failed' -- a bad week, long ago
    WHEN n %% 300 = 1 THEN 'cancelled'
    ELSE 'completed' END AS state
FROM generate_series(1, %(jobs)s) n;
INSERT INTO tolva.jobs (id, tenant_id, queue, kind, label, priority, max_attempts, soft_limit, hard_limit, params,
  run_at, created_at, updated_at, state, attempt, started_at, finished_at, worker_id, open_children, error, result,
  progress)
SELECT id, tenant_id, CASE WHEN kind IN ('dry_run', 'undo') THEN 'light' ELSE 'bulk_upload' END, kind,
  CASE WHEN n %% 20 > 0 THEN format('Productos_%%s-2026 cliente %%s nr %%s%%s.%%s', month, n %% 997, n,
    CASE WHEN n %% 250000 = 7 THEN ' zanahorias' ELSE '' END, ending) END,
  5, 3, 60, 120, jsonb_build_object('schema', 'products', 'filename', 'Productos'),
  CASE WHEN state = 'queued' AND n %% 5 = 0 THEN now() + n * interval '1 s' ELSE at END, at, at, state, 1, at,
  CASE WHEN state IN ('completed', 'failed', 'cancelled') THEN at + interval '5 s' END,
  CASE WHEN state = 'running' THEN id END, CASE WHEN state = 'waiting' THEN 3 ELSE 0 END,
  CASE WHEN state = 'failed' AND n %% 4 > 1 THEN '{"type": "Unanswered", "message": "Which column is it?"}'::jsonb
    WHEN state = 'failed' THEN '{"type": "Never", "message": "The stored file is gone."}' END,
  CASE WHEN state = 'completed' THEN '{"total": 3000, "created": 2990, "rejected": 10}'::jsonb END,
  '{"total": 3000, "processed": 3000}'
FROM made;
INSERT INTO tolva.job_words (tenant_id, job_id, words)
SELECT tenant_id, id, array_to_tsvector(ARRAY[mark || 'productos', mark || month, mark || '2026', mark || 'cliente',
  mark || (n %% 997), mark || 'nr', mark || n, mark || ending]
  || CASE WHEN n %% 250000 = 7 THEN ARRAY[mark || 'zanahorias'] END)
FROM made WHERE n %% 20 > 0;
INSERT INTO tolva.dead_letters (job_id, tenant_id, queue, kind, label, params, error, attempts, failed_at)
SELECT id, tenant_id, queue, kind, label, params, error, '[{"attempt": 1}]', finished_at
FROM tolva.jobs WHERE state = 'failed' ORDER BY id;
INSERT INTO tolva.queues (name) SELECT unnest(%(queues)s::text[]) ON CONFLICT DO NOTHING;
DROP TABLE made;
"""


def fill(conn: psycopg.Connection, jobs: int) -> None:
    """Rows, then indexes and statistics. `conn` is a superuser's, in autocommit."""
    made = [conn.execute("SELECT pg_get_indexdef(%s::regclass)", [f"tolva.{name}"]).fetchone()[0] for name in INDEXES]
    for name in INDEXES:
        conn.execute(f"DROP INDEX tolva.{name}")
    rows(conn, jobs)
    for statement in made:
        conn.execute(statement)
    conn.execute("VACUUM ANALYZE")


def rows(conn: psycopg.Connection, jobs: int) -> None:
    """The rows alone, as they come."""
    marks = [label_words(tenant, "x")[:-1] for tenant in TENANTS]
    given = {"jobs": jobs, "tenants": list(TENANTS), "marks": marks, "months": list(MONTHS), "queues": list(QUEUES)}
    psycopg.ClientCursor(conn).execute(FILL, given)
