-- Files that are being stored for an upload: noted before the store has them, claimed by the transaction that notes the
-- upload. What stays here is of a crash.
CREATE TABLE tolva.unclaimed_files (
  blob uuid PRIMARY KEY,                                -- its time is in it
  tenant_id text NOT NULL
);

-- Forget some that nobody claimed in so much time, of every tenant, and tell which. Until this is committed nobody else
-- claims them.
CREATE FUNCTION tolva.forget_unclaimed(p_age interval, p_most integer) RETURNS TABLE (blob text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM tolva.unclaimed_files f WHERE f.blob IN (
    SELECT o.blob FROM tolva.unclaimed_files o WHERE o.blob < tolva.uuid_at(now() - p_age) ORDER BY o.blob LIMIT p_most
  ) RETURNING f.blob::text
$$;

CALL tolva.hand_over();
CALL tolva.guard('tolva.unclaimed_files', 'SELECT, INSERT, DELETE', 'SELECT, DELETE');
