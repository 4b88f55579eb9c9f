-- Files that come in pieces, over several requests: whoever sends one may ask how far it is, and go on there.
CREATE TABLE tolva.resumable_uploads (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  length bigint NOT NULL CHECK (length > 0),            -- bytes of the whole file
  "offset" bigint NOT NULL DEFAULT 0,                   -- of them here
  arrival jsonb NOT NULL,                               -- what was said of the file, checked
  job_id uuid,                                          -- what its end made
  expires_at timestamptz NOT NULL,
  CHECK ("offset" BETWEEN 0 AND length),
  CHECK ((job_id IS NOT NULL) = ("offset" = length))    -- whole and accepted are one
);
CREATE INDEX resumable_uploads_tenant ON tolva.resumable_uploads (tenant_id) WHERE job_id IS NULL;
CREATE INDEX resumable_uploads_expiry ON tolva.resumable_uploads (expires_at);

CREATE TABLE tolva.resumable_pieces (
  upload_id uuid NOT NULL REFERENCES tolva.resumable_uploads ON DELETE CASCADE,
  start bigint NOT NULL,                                -- where in the file
  tenant_id text NOT NULL,
  blob text NOT NULL,
  size bigint NOT NULL,
  blake3 text NOT NULL,
  PRIMARY KEY (upload_id, start)
);

-- Uploads whose time is over, of every tenant, each with the files of its pieces.
CREATE FUNCTION tolva.expired_uploads(p_most integer) RETURNS TABLE (id uuid, blobs text[])
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_sort = off AS $$
  SELECT u.id, ARRAY(SELECT p.blob FROM tolva.resumable_pieces p WHERE p.upload_id = u.id)
  FROM tolva.resumable_uploads u WHERE u.expires_at < now() ORDER BY u.expires_at LIMIT p_most
$$;

-- Forget them, once their files are gone.
CREATE FUNCTION tolva.forget_expired_uploads(p_ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  DELETE FROM tolva.resumable_uploads u WHERE u.id = ANY (p_ids) AND u.expires_at < now()
$$;

CALL tolva.hand_over();
CALL tolva.guard('tolva.resumable_uploads', 'SELECT, INSERT, UPDATE ("offset", job_id, expires_at), DELETE', 'SELECT, DELETE');
CALL tolva.guard('tolva.resumable_pieces', 'SELECT, INSERT, DELETE', 'SELECT, DELETE');
