-- What was answered to requests with an Idempotency-Key, so that whoever sends one again gets the same answer. Jobs need
-- none of it: their unique key does the same.
CREATE TABLE tolva.idempotency (
  tenant_id text NOT NULL,
  key text NOT NULL,
  asked bytea NOT NULL,       -- SHA-256 of what was asked for: a key is for one thing alone
  answer jsonb,               -- without secrets; NULL only inside the transaction that does the work
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_age ON tolva.idempotency (made_at);

CALL tolva.guard('tolva.idempotency', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE');

-- Delete what was answered longer ago than `p_kept`, of every tenant; returns how many.
CREATE FUNCTION tolva.prune_requests(p_kept interval, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- An index gives the oldest first; a plan made on an empty table would rather read and sort all of them.
SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
  v_gone integer;
BEGIN
  DELETE FROM tolva.idempotency i
  USING (SELECT o.tenant_id, o.key FROM tolva.idempotency o WHERE o.made_at < now() - p_kept
    ORDER BY o.made_at LIMIT p_most) o
  WHERE i.tenant_id = o.tenant_id AND i.key = o.key AND i.made_at < now() - p_kept;
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  RETURN v_gone;
END
$$;
CALL tolva.hand_over();
