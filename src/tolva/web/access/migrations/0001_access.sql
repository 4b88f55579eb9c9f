-- Who may call, and who did what.

-- A key of a tenant. What was handed out is not kept: it has 256 random bits, so one round of SHA-256 hides it.
-- Keys and lines of the audit log are found by tenant alone: by an index of ids, the list of a small tenant would be read
-- past what all the others have.
CREATE TABLE tolva.keys (
  id uuid NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  hash bytea NOT NULL UNIQUE,
  beginning text NOT NULL,    -- its first characters, to tell it from others
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,     -- a key that is revoked stays: with it the installation stays closed
  last_used_at timestamptz,   -- to the minute
  PRIMARY KEY (tenant_id, id)
);

-- A login of the dashboard: it ends with its key at the latest.
CREATE TABLE tolva.sessions (
  hash bytea PRIMARY KEY,     -- of what the cookie holds
  tenant_id text NOT NULL,
  key_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expire ON tolva.sessions (expires_at);
CREATE INDEX sessions_of_key ON tolva.sessions (tenant_id, key_id, created_at);

-- Who did what, written in the transaction that did it. Nobody can change a line of it.
CREATE TABLE tolva.audit (
  id uuid NOT NULL,
  tenant_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,        -- the name of the key, or who was at the command line
  key_id uuid,
  action text NOT NULL,
  target text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_of_target ON tolva.audit (tenant_id, target, id);
CREATE INDEX audit_of_actor ON tolva.audit (tenant_id, actor, id);
CREATE INDEX audit_of_action ON tolva.audit (tenant_id, action, id);

-- The caller behind the hash of a key, if it is in force.
CREATE FUNCTION tolva.key_holder(p_hash bytea) RETURNS TABLE (key_id uuid, tenant_id text, name text, role text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  UPDATE tolva.keys k SET last_used_at = date_trunc('minute', now())
  WHERE k.hash = p_hash AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')
    AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
  RETURN QUERY
  SELECT k.id, k.tenant_id, k.name, k.role FROM tolva.keys k
  WHERE k.hash = p_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
END
$$;

-- The caller behind the hash of a login's cookie, if login and key are in force.
CREATE FUNCTION tolva.session_holder(p_hash bytea) RETURNS TABLE (key_id uuid, tenant_id text, name text, role text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT k.id, k.tenant_id, k.name, k.role FROM tolva.sessions s
  JOIN tolva.keys k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
  WHERE s.hash = p_hash AND s.expires_at > now()
    AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
$$;

-- Whether any key was ever made.
CREATE FUNCTION tolva.has_keys() RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM tolva.keys)
$$;

-- The first bytes of the hashes of p_most keys and logins in force: enough to see that a guess is none, and never more,
-- whoever asks.
CREATE FUNCTION tolva.roll(p_most integer) RETURNS SETOF bytea
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.beginning FROM (
    SELECT substr(k.hash, 1, 8) AS beginning FROM tolva.keys k
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    UNION ALL
    SELECT substr(s.hash, 1, 8) FROM tolva.sessions s WHERE s.expires_at > now()) h
  LIMIT p_most
$$;

-- How many keys are in force, and how many of them expire within `p_soon`: of every tenant and role.
CREATE FUNCTION tolva.key_overview(p_soon interval)
RETURNS TABLE (tenant_id text, role text, keys integer, expiring integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT k.tenant_id, k.role, count(*)::integer, count(*) FILTER (WHERE k.expires_at < now() + p_soon)::integer
  FROM tolva.keys k WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
  GROUP BY 1, 2 ORDER BY 1, 2
$$;

-- Delete logins that are over, and lines of the audit log that have outlived their time; returns how many.
CREATE FUNCTION tolva.prune_access(p_kept interval, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- An index gives the oldest first; a plan made on an empty table would rather read and sort all of them.
SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
  v_sessions integer;
  v_lines integer;
BEGIN
  DELETE FROM tolva.sessions s WHERE s.hash = ANY (ARRAY(
    SELECT o.hash FROM tolva.sessions o WHERE o.expires_at < now() LIMIT p_most));
  GET DIAGNOSTICS v_sessions = ROW_COUNT;
  DELETE FROM tolva.audit a WHERE a.ctid = ANY (ARRAY(
    -- a loose index scan: one probe for each tenant, then its oldest by the primary key
    WITH RECURSIVE t(tenant_id) AS (
      (SELECT o.tenant_id FROM tolva.audit o ORDER BY o.tenant_id LIMIT 1)
      UNION ALL
      SELECT n.tenant_id FROM t CROSS JOIN LATERAL (
        SELECT o.tenant_id FROM tolva.audit o WHERE o.tenant_id > t.tenant_id ORDER BY o.tenant_id LIMIT 1) n
    )
    SELECT o.ctid FROM t CROSS JOIN LATERAL (
      SELECT l.ctid FROM tolva.audit l
      WHERE l.tenant_id = t.tenant_id AND l.id < tolva.uuid_at(now() - p_kept) ORDER BY l.id LIMIT p_most) o
    LIMIT p_most));
  GET DIAGNOSTICS v_lines = ROW_COUNT;
  RETURN v_sessions + v_lines;
END
$$;

CALL tolva.hand_over();
CALL tolva.guard('tolva.keys', 'SELECT, INSERT, UPDATE (revoked_at)', 'SELECT, UPDATE');
CALL tolva.guard('tolva.sessions', 'SELECT, INSERT, DELETE', 'SELECT, DELETE');
CALL tolva.guard('tolva.audit', 'SELECT, INSERT', 'SELECT, DELETE');
