-- Files that arrived, and what was wrong with their rows.
CREATE TABLE tolva.uploads (
  job_id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  schema text NOT NULL,
  schema_version integer NOT NULL DEFAULT 0,  -- 0: it ships with the package
  filename text NOT NULL,
  kind text NOT NULL,
  blob text NOT NULL,
  size bigint NOT NULL,
  blake3 text NOT NULL,
  constants jsonb NOT NULL,   -- fields that come with the request, not from the file
  options jsonb NOT NULL DEFAULT '{}', -- how the file is to be read and mapped, where the sender said so
  settled jsonb,              -- the same with what was remembered when the first attempt began; NULL until then
  corrects uuid,              -- the upload whose refused rows this file brings mended: it is read as that was
  received_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX uploads_blob ON tolva.uploads (blob);  -- several jobs may be for one file
CREATE INDEX uploads_content ON tolva.uploads (tenant_id, blake3);  -- the same file, sent again
CREATE INDEX uploads_tenant ON tolva.uploads (tenant_id, job_id);  -- a tenant's, newest first
CREATE INDEX uploads_schema ON tolva.uploads (tenant_id, schema, job_id);  -- those for a schema, newest first

-- Schemas that tenants brought, each version for ever: uploads name the one they were made for.
CREATE TABLE tolva.schemas (
  tenant_id text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  document jsonb,             -- NULL where the schema was withdrawn with this version
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name, version)
);

-- What a tenant once said of a column that nothing tells: the next file with it is read the same way.
CREATE TABLE tolva.mappings (
  tenant_id text NOT NULL,
  schema text NOT NULL,
  shape text NOT NULL,        -- '' for a header, in whichever file; else a digest of the outline
  name text NOT NULL,         -- the header; the place of a column, where there is a shape
  field text,                 -- NULL: the column is left out
  outline jsonb,              -- headers, or types of the columns, of the only files that are meant
  job_id uuid NOT NULL,       -- the load that said so: the last one counts, and once it is undone the one before
  PRIMARY KEY (tenant_id, schema, shape, name, job_id),
  CHECK ((shape = '') = (outline IS NULL))
);

-- What a tenant once said of numbers and dates that mean two things: the next file like that is read the same way.
CREATE TABLE tolva.locales (
  tenant_id text NOT NULL,
  schema text NOT NULL,
  files text NOT NULL,        -- a digest of outline and constants: suppliers may fill one template, each in its own way
  outline jsonb NOT NULL,     -- headers, or types of the columns, of the files that are meant
  constants jsonb NOT NULL,   -- and the fields that came with them
  locale text,                -- NULL: what was said before holds no more
  job_id uuid NOT NULL,       -- the load that said so: the last one counts, and once it is undone the one before
  PRIMARY KEY (tenant_id, schema, files, job_id)
);

CREATE TABLE tolva.row_errors (
  job_id uuid NOT NULL,
  "row" bigint NOT NULL,      -- as the user sees it in the spreadsheet; the header is row 1. Of an undo: the order of the keys
  n integer NOT NULL,         -- order within the row
  tenant_id text NOT NULL,
  "column" text,              -- the user's header; NULL when the row as a whole is meant
  value text,
  code text NOT NULL,
  message text NOT NULL,
  key jsonb,                  -- of an undo: of the row that was left alone, a text or several; else NULL
  PRIMARY KEY (job_id, "row", n)
);

-- What each chunk of a load did, written in the transaction that did it: what undo goes by.
CREATE TABLE tolva.load_ledger (
  job_id uuid NOT NULL,
  last_row bigint NOT NULL,             -- of the chunk, as the user counts
  tenant_id text NOT NULL,
  created bigint NOT NULL,              -- counts of rows
  updated bigint NOT NULL,
  unchanged bigint NOT NULL,
  created_keys text[] NOT NULL,         -- the new rows, and a hash of what each held then
  created_hashes bigint[] NOT NULL,
  changed_rows bigint[] NOT NULL,       -- the rows that were there, and the values of `fields` before and after
  changed_keys text[] NOT NULL,
  fields text[] NOT NULL,
  was text[] NOT NULL,
  became text[] NOT NULL,               -- null where the field did not change
  left_created integer[],               -- what an undo had to leave: positions in created_keys and changed_keys, from 0;
  left_changed integer[],               -- NULL until it is tried
  touched integer NOT NULL GENERATED ALWAYS AS (cardinality(created_keys) + cardinality(changed_keys)) STORED,
  stands integer NOT NULL GENERATED ALWAYS AS (           -- rows, and those of them that are not put back
    coalesce(cardinality(left_created) + cardinality(left_changed), cardinality(created_keys) + cardinality(changed_keys))
  ) STORED,
  PRIMARY KEY (job_id, last_row)
);
-- Packing them costs more time than it saves room.
ALTER TABLE tolva.load_ledger
  ALTER created_keys SET STORAGE EXTERNAL, ALTER created_hashes SET STORAGE EXTERNAL,
  ALTER changed_rows SET STORAGE EXTERNAL, ALTER changed_keys SET STORAGE EXTERNAL,
  ALTER was SET STORAGE EXTERNAL, ALTER became SET STORAGE EXTERNAL;

-- Uploads that have outlived their job; with its file, unless another upload still needs it. No job goes before p_kept has passed, so only older uploads are looked at.
CREATE FUNCTION tolva.abandoned_uploads(p_kept interval, p_most integer) RETURNS TABLE (job_id uuid, blob text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_sort = off AS $$
  SELECT u.job_id, CASE WHEN NOT EXISTS (
      SELECT FROM tolva.uploads o WHERE o.blob = u.blob AND o.job_id <> u.job_id
        AND (o.job_id > u.job_id OR (SELECT j.id FROM tolva.jobs j WHERE j.id = o.job_id) IS NOT NULL)
    ) THEN u.blob END
  FROM tolva.uploads u
  WHERE u.job_id < tolva.uuid_at(now() - p_kept)
    -- one look-up for each: as NOT EXISTS it would become a join that reads every job there is
    AND (SELECT j.id FROM tolva.jobs j WHERE j.id = u.job_id) IS NULL
  ORDER BY u.job_id LIMIT p_most
$$;

-- Forget them and the errors of their rows, once their files are gone.
CREATE FUNCTION tolva.forget_uploads(p_jobs uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  v_gone uuid[] := ARRAY(SELECT g.id FROM unnest(p_jobs) g(id)
    WHERE (SELECT j.id FROM tolva.jobs j WHERE j.id = g.id) IS NULL);
BEGIN
  DELETE FROM tolva.row_errors e WHERE e.job_id = ANY (v_gone);
  DELETE FROM tolva.load_ledger l WHERE l.job_id = ANY (v_gone);
  DELETE FROM tolva.uploads u WHERE u.job_id = ANY (v_gone);
END
$$;

CALL tolva.hand_over();
CALL tolva.guard('tolva.uploads', 'SELECT, INSERT, UPDATE (settled)', 'SELECT, DELETE');
CALL tolva.guard('tolva.row_errors', 'SELECT, INSERT', 'SELECT, DELETE');
CALL tolva.guard('tolva.load_ledger', 'SELECT, INSERT, UPDATE (left_created, left_changed)', 'SELECT, DELETE');
CALL tolva.guard('tolva.schemas', 'SELECT, INSERT');
CALL tolva.guard('tolva.mappings', 'SELECT, INSERT, DELETE');
CALL tolva.guard('tolva.locales', 'SELECT, INSERT, DELETE');
