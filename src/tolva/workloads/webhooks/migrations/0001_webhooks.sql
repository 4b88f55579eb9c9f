-- Who is told when a job ends, and what is still to be told. A delivery is a job of its own.

CREATE TABLE tolva.webhooks (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  url text NOT NULL,
  description text NOT NULL DEFAULT '',
  events text[] NOT NULL CHECK (cardinality(events) > 0),
  kinds text[] NOT NULL DEFAULT '{}',   -- of the jobs it is about; none named is all
  queues text[] NOT NULL DEFAULT '{}',
  active boolean NOT NULL DEFAULT true,
  off_because text,                     -- why it was switched off, unless somebody did it
  secret text NOT NULL,                 -- as it is: a hash could not sign
  old_secret text,                      -- signs, too, until `old_until`
  old_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_of_tenant ON tolva.webhooks (tenant_id, id);
CREATE INDEX webhooks_listening ON tolva.webhooks (tenant_id) WHERE active;

-- Written in the transaction that ends a job, so nothing is told that did not happen, and nothing is forgotten.
CREATE TABLE tolva.webhook_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  webhook_id uuid NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  at timestamptz NOT NULL,
  data jsonb NOT NULL,
  tries smallint NOT NULL DEFAULT 0,    -- to make a delivery of it, that failed
  set_aside text                        -- why it is tried no more
);
CREATE INDEX webhook_outbox_of_tenant ON tolva.webhook_outbox (tenant_id, id) WHERE set_aside IS NULL;
CREATE INDEX webhook_outbox_of_webhook ON tolva.webhook_outbox (webhook_id);
CREATE INDEX webhook_outbox_aside ON tolva.webhook_outbox (at) WHERE set_aside IS NOT NULL;

-- The deliveries of a webhook, newest first.
CREATE INDEX jobs_of_webhook ON tolva.jobs ((params ->> 'webhook'), id) WHERE kind = 'webhook';

-- A job has ended: is there any webhook of its tenant? Mostly not, and then this is all it costs; a search_path of its own
-- would double that, so every name and operator says where it is from.
CREATE FUNCTION tolva.hear_webhooks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF EXISTS (SELECT FROM tolva.webhooks w WHERE w.tenant_id OPERATOR(pg_catalog.=) NEW.tenant_id AND w.active) THEN
    PERFORM tolva.tell_webhooks(NEW);
  END IF;
  RETURN NULL;
END
$$;

-- A job that has ended, as webhooks tell it. A result over 64 kB, or nested deeper than 190 levels
-- (around it a delivery adds some, and 200 is the limit of all), is left out, for whoever wants it to fetch.
CREATE FUNCTION tolva.told_job(p_job tolva.jobs) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  SELECT jsonb_build_object('id', p_job.id, 'kind', p_job.kind, 'queue', p_job.queue, 'label', p_job.label,
    'state', p_job.state,
    'attempts', p_job.attempt, 'created_at', p_job.created_at, 'started_at', p_job.started_at,
    'finished_at', p_job.finished_at,
    'result', CASE WHEN octet_length(p_job.result::text) <= 65536
      AND NOT jsonb_path_exists(p_job.result, 'strict $.**{191}') THEN p_job.result END,
    'error', CASE WHEN p_job.error IS NOT NULL AND p_job.state <> 'completed' THEN jsonb_build_object(
      'type', p_job.error -> 'type', 'message', p_job.error -> 'message') END)
$$;

-- One line for each webhook of its tenant that wants to hear of this job.
CREATE FUNCTION tolva.tell_webhooks(p_job tolva.jobs) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO tolva.webhook_outbox (tenant_id, webhook_id, event_id, type, at, data)
  SELECT w.tenant_id, w.id, e.id, 'job.' || p_job.state, p_job.finished_at, tolva.told_job(p_job)
  FROM tolva.webhooks w, (SELECT gen_random_uuid() AS id) e
  WHERE w.tenant_id = p_job.tenant_id AND w.active AND 'job.' || p_job.state = ANY (w.events)
    AND (w.kinds = '{}' OR p_job.kind = ANY (w.kinds)) AND (w.queues = '{}' OR p_job.queue = ANY (w.queues))
$$;

-- Deliveries are jobs, too, and are not told.
CREATE TRIGGER hear_webhooks AFTER UPDATE ON tolva.jobs FOR EACH ROW
WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND NEW.kind <> 'webhook')
EXECUTE FUNCTION tolva.hear_webhooks();

-- The tenants that have something to tell.
CREATE FUNCTION tolva.tenants_with_news() RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  -- a loose index scan: one probe for each tenant, however much each has to tell
  WITH RECURSIVE t(tenant_id) AS (
    (SELECT o.tenant_id FROM tolva.webhook_outbox o WHERE o.set_aside IS NULL ORDER BY o.tenant_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id FROM t CROSS JOIN LATERAL (
      SELECT o.tenant_id FROM tolva.webhook_outbox o
      WHERE o.tenant_id > t.tenant_id AND o.set_aside IS NULL ORDER BY o.tenant_id LIMIT 1) n
  )
  SELECT tenant_id FROM t
$$;

-- Lines of every tenant that were set aside, up to a number, the newest first.
CREATE FUNCTION tolva.webhook_lines_aside(p_most integer)
RETURNS TABLE (tenant_id text, webhook_id uuid, type text, at timestamptz, set_aside text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_sort = off AS $$
  SELECT o.tenant_id, o.webhook_id, o.type, o.at, o.set_aside FROM tolva.webhook_outbox o
  WHERE o.set_aside IS NOT NULL ORDER BY o.at DESC LIMIT p_most
$$;

-- Delete lines that were set aside, of every tenant, whose event is older than `p_kept`; returns how many.
CREATE FUNCTION tolva.prune_webhook_lines(p_kept interval, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- An index gives the oldest first; a plan made on an empty table would rather read all of them.
SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
  v_gone integer;
BEGIN
  DELETE FROM tolva.webhook_outbox l WHERE l.id = ANY (ARRAY(
    SELECT o.id FROM tolva.webhook_outbox o WHERE o.set_aside IS NOT NULL AND o.at < now() - p_kept
    ORDER BY o.at LIMIT p_most)) AND l.set_aside IS NOT NULL;
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  RETURN v_gone;
END
$$;

-- The deliveries of a webhook of the tenant, newest first, before one. As the system, since an index on an expression is of
-- no use under row-level security. A span and not an equality, and an order by both: so only that index will do, and no guess
-- about the data makes it walk through all jobs, or sort.
CREATE FUNCTION tolva.webhook_deliveries(p_webhook text, p_before uuid, p_most integer) RETURNS SETOF tolva.jobs
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
SET enable_seqscan = off SET enable_sort = off AS $$
  SELECT j.* FROM tolva.jobs j
  WHERE j.kind = 'webhook' AND j.params ->> 'webhook' >= p_webhook
    AND (j.params ->> 'webhook', j.id) < (p_webhook, coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    AND j.tenant_id = current_setting('app.tenant_id', true)
  ORDER BY j.params ->> 'webhook' DESC, j.id DESC LIMIT p_most
$$;

CALL tolva.hand_over();
-- steps of the others, never called alone
REVOKE ALL ON FUNCTION tolva.hear_webhooks(), tolva.tell_webhooks(tolva.jobs), tolva.told_job(tolva.jobs) FROM tolva_app;
CALL tolva.guard('tolva.webhooks', 'SELECT, INSERT, DELETE, UPDATE (url, description, events, kinds, queues, active,
  off_because, secret, old_secret, old_until, updated_at)', 'SELECT');
-- UPDATE is what locking a line takes
CALL tolva.guard('tolva.webhook_outbox', 'SELECT, UPDATE, DELETE', 'SELECT, INSERT, DELETE');
