-- The whole schema, as the migrations leave it on PostgreSQL 18. Made by `make schema`; do not edit.


CREATE SCHEMA tolva;

CREATE FUNCTION tolva.abandoned_uploads(p_kept interval, p_most integer) RETURNS TABLE(job_id uuid, blob text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
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

ALTER FUNCTION tolva.abandoned_uploads(p_kept interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.beat(p_workers uuid[], p_jump double precision DEFAULT 0) RETURNS TABLE(worker_id uuid, overdue uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  UPDATE tolva.jobs SET started_at = started_at + make_interval(secs => p_jump)
  WHERE p_jump <> 0 AND worker_id = ANY (p_workers) AND state = 'running';
  WITH alive AS (
    UPDATE tolva.workers SET lease_until = clock_timestamp() + lease WHERE id = ANY (p_workers) RETURNING id
  )
  SELECT a.id, (
    SELECT j.id FROM tolva.jobs j
    WHERE j.worker_id = a.id AND j.state = 'running'
      AND j.started_at + make_interval(secs => j.hard_limit) < clock_timestamp()
    ORDER BY j.started_at LIMIT 1)
  FROM alive a
$$;

ALTER FUNCTION tolva.beat(p_workers uuid[], p_jump double precision) OWNER TO tolva_system;

CREATE FUNCTION tolva.cancel_children(p_parents uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
  v_children uuid[] := ARRAY(SELECT c.id FROM tolva.jobs c
    WHERE c.parent_id = ANY (p_parents) AND c.state IN ('queued', 'waiting', 'running')
      AND c.cancel_requested_at IS NULL);
BEGIN
  IF cardinality(v_children) > 0 THEN
    PERFORM tolva.cancel_jobs(v_children);
  END IF;
END
$$;

ALTER FUNCTION tolva.cancel_children(p_parents uuid[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.cancel_jobs(p_jobs uuid[]) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_ended uuid[];
BEGIN
  PERFORM 1 FROM tolva.jobs j
  WHERE j.id = ANY (p_jobs || ARRAY(SELECT c.parent_id FROM tolva.jobs c WHERE c.id = ANY (p_jobs) AND c.parent_id IS NOT NULL))
  ORDER BY j.id FOR UPDATE;
  RETURN QUERY
  WITH asked AS (
    UPDATE tolva.jobs j SET
      cancel_requested_at = coalesce(j.cancel_requested_at, v_now),
      state = CASE j.state WHEN 'running' THEN 'running' ELSE 'cancelled' END,
      finished_at = CASE j.state WHEN 'running' THEN NULL ELSE v_now END,
      updated_at = v_now,
      seq = j.seq + 1
    WHERE j.id = ANY (p_jobs) AND j.state IN ('queued', 'waiting', 'running')
      AND j.tenant_id = coalesce(nullif(current_setting('app.tenant_id', true), ''), j.tenant_id)
    RETURNING j.id, j.tenant_id, j.queue, j.state, j.seq
  ), noted AS (
    INSERT INTO tolva.job_events (job_id, seq, tenant_id, at, type)
    SELECT a.id, a.seq, a.tenant_id, v_now, CASE a.state WHEN 'running' THEN 'cancel_requested' ELSE 'cancelled' END
    FROM asked a
  )
  SELECT a.id, a.queue, a.state, false FROM asked a;

  v_ended := ARRAY(SELECT j.id FROM tolva.jobs j
    WHERE j.id = ANY (p_jobs) AND j.state = 'cancelled' AND j.finished_at = v_now);
  RETURN QUERY SELECT * FROM tolva.child_ended(ARRAY(
    SELECT j.id FROM tolva.jobs j WHERE j.id = ANY (v_ended) AND j.parent_id IS NOT NULL));
  PERFORM tolva.cancel_children(p_jobs);
END
$$;

ALTER FUNCTION tolva.cancel_jobs(p_jobs uuid[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.child_ended(p_children uuid[]) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
  IF cardinality(p_children) = 0 THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH ended AS (
    SELECT c.parent_id, count(*)::integer AS children FROM tolva.jobs c WHERE c.id = ANY (p_children) GROUP BY c.parent_id
  ), parent AS (
    SELECT p.id FROM tolva.jobs p WHERE p.id = ANY (ARRAY(SELECT e.parent_id FROM ended e)) ORDER BY p.id FOR UPDATE
  ), counted AS (
    UPDATE tolva.jobs p SET
      open_children = p.open_children - e.children,
      state = CASE WHEN p.state = 'waiting' AND p.open_children = e.children THEN 'queued' ELSE p.state END,
      run_at = CASE WHEN p.state = 'waiting' AND p.open_children = e.children THEN clock_timestamp() ELSE p.run_at END,
      updated_at = clock_timestamp(),
      seq = p.seq + 1
    FROM ended e WHERE p.id = e.parent_id AND p.id = ANY (ARRAY(SELECT x.id FROM parent x))
    RETURNING p.id, p.tenant_id, p.queue, p.state, p.seq, p.open_children
  ), noted AS (
    INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
    SELECT c.id, c.seq, c.tenant_id, 'children', jsonb_build_object('open', c.open_children) FROM counted c
  )
  SELECT c.id, c.queue, c.state, c.state = 'queued' FROM counted c;
END
$$;

ALTER FUNCTION tolva.child_ended(p_children uuid[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.claim(p_worker uuid, p_queue text, p_most integer) RETURNS TABLE(id uuid, tenant_id text, queue text, kind text, params jsonb, checkpoint jsonb, attempt integer, failures integer, max_attempts integer, soft_limit double precision, progress jsonb, open_children integer, waited double precision, trace text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  v_queue tolva.queues;
  v_now timestamptz;
BEGIN
  IF NOT EXISTS (SELECT FROM tolva.workers w WHERE w.id = p_worker) THEN
    RAISE EXCEPTION 'worker % has lost its lease', p_worker USING ERRCODE = 'TV001';
  END IF;
  -- Most looks find an empty queue: they write nothing, and wait for nobody.
  IF NOT EXISTS (SELECT FROM tolva.jobs j WHERE j.state = 'queued' AND j.queue = p_queue) THEN
    RETURN;
  END IF;
  SELECT q.* INTO v_queue FROM tolva.queues q WHERE q.name = p_queue AND q.paused_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  v_now := clock_timestamp(); -- after the wait for our turn
  IF v_queue.noted_at NOT BETWEEN v_now - interval '1 s' AND v_now THEN -- also when the clock was set back
    v_queue.clock_lately :=
      CASE WHEN v_queue.noted_at BETWEEN v_now - interval '2 s' AND v_now THEN v_queue.clock_noted ELSE v_queue.clock END;
    v_queue.clock_noted := v_queue.clock;
    v_queue.noted_at := v_now;
  END IF;
  -- A claim that a power cut could take back would give its attempt, the fence, to somebody else once more.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  RETURN QUERY
  WITH RECURSIVE lane(priority, tenant_id) AS (
    -- a loose index scan: one probe for each priority and tenant that waits, however many jobs each has
    (SELECT j.priority, j.tenant_id FROM tolva.jobs j
     WHERE j.state = 'queued' AND j.queue = p_queue ORDER BY j.priority, j.tenant_id LIMIT 1)
    UNION ALL
    SELECT n.priority, n.tenant_id FROM lane l CROSS JOIN LATERAL (
      SELECT j.priority, j.tenant_id FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = p_queue AND (j.priority, j.tenant_id) > (l.priority, l.tenant_id)
      ORDER BY j.priority, j.tenant_id LIMIT 1) n
  ), ready AS MATERIALIZED (
    SELECT l.priority, l.tenant_id, h.id, h.run_at FROM lane l CROSS JOIN LATERAL (
      SELECT j.id, j.run_at FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = p_queue AND j.priority = l.priority AND j.tenant_id = l.tenant_id
        AND j.run_at <= v_now
      ORDER BY j.run_at, j.id LIMIT p_most) h
  ), share AS MATERIALIZED (
    SELECT t.tenant_id, coalesce(n.weight, 1) AS weight, greatest(n.served, v_queue.clock_lately) AS served, n.rate,
      least(n.burst, n.tokens + n.rate * extract(epoch FROM v_now - n.tokens_at)) AS tokens
    FROM (SELECT DISTINCT r.tenant_id FROM ready r) t
    LEFT JOIN tolva.lanes n ON n.queue = p_queue AND n.tenant_id = t.tenant_id
    WHERE n.paused_at IS NULL
  ), picked AS (
    SELECT r.id, r.tenant_id, r.priority, s.served + r.place / s.weight AS turn, r.run_at
    FROM (SELECT *, row_number() OVER (PARTITION BY tenant_id ORDER BY priority, run_at, id) AS place FROM ready) r
    JOIN share s ON s.tenant_id = r.tenant_id
    WHERE s.rate IS NULL OR r.place <= s.tokens
    ORDER BY priority, turn, run_at, r.id LIMIT p_most
  ), free AS (
    -- Still queued, in words that do not tempt the planner to walk jobs_queued for each id.
    SELECT j.id FROM tolva.jobs j
    WHERE j.id = ANY (ARRAY(SELECT p.id FROM picked p))
      AND j.worker_id IS NULL AND j.finished_at IS NULL AND j.state <> 'waiting'
    FOR UPDATE SKIP LOCKED -- somebody may be cancelling one right now
  ), taken AS (
    UPDATE tolva.jobs j SET state = 'running', attempt = j.attempt + 1, worker_id = p_worker, seq = j.seq + 1,
      started_at = v_now, updated_at = v_now
    WHERE j.id = ANY (ARRAY(SELECT f.id FROM free f))
    RETURNING j.*
  ), noted AS (
    INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
    SELECT t.id, t.seq, t.tenant_id, 'started', jsonb_build_object('attempt', t.attempt, 'worker', p_worker)
    FROM taken t
  ), moved AS (
    SELECT s.tenant_id, s.served + coalesce(c.jobs, 0) / s.weight AS served, s.tokens - coalesce(c.jobs, 0) AS tokens,
      c.jobs, s.rate
    FROM share s LEFT JOIN (SELECT t.tenant_id, count(*) AS jobs FROM taken t GROUP BY t.tenant_id) c
      ON c.tenant_id = s.tenant_id
  ), lanes AS (
    INSERT INTO tolva.lanes AS n (queue, tenant_id, served)
    SELECT p_queue, m.tenant_id, m.served FROM moved m WHERE m.jobs > 0
    ON CONFLICT ON CONSTRAINT lanes_pkey DO UPDATE SET served = excluded.served,
      tokens = coalesce((SELECT m.tokens FROM moved m WHERE m.tenant_id = n.tenant_id), n.tokens),
      tokens_at = v_now
  ), clock AS (
    -- the queue's clock follows the least served of those that could be served now
    UPDATE tolva.queues q SET
      clock = greatest(v_queue.clock, (SELECT min(m.served) FROM moved m WHERE m.rate IS NULL OR m.jobs > 0)),
      clock_lately = v_queue.clock_lately, clock_noted = v_queue.clock_noted, noted_at = v_queue.noted_at
    WHERE q.name = p_queue AND EXISTS (SELECT FROM taken)
  )
  SELECT t.id, t.tenant_id, t.queue, t.kind, t.params, t.checkpoint, t.attempt, t.failures, t.max_attempts,
    t.soft_limit, t.progress, t.open_children, extract(epoch FROM v_now - t.run_at)::double precision, t.trace
  FROM taken t ORDER BY t.priority, t.run_at, t.id;
END
$$;

ALTER FUNCTION tolva.claim(p_worker uuid, p_queue text, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.count_ahead(p_job uuid, p_most integer) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.jobs w CROSS JOIN LATERAL generate_series(0, w.priority) p CROSS JOIN LATERAL (
      SELECT FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = w.queue AND j.priority = p::smallint AND j.tenant_id = w.tenant_id
        -- of a better priority all that are ready, of its own those before it: one end of one scan
        AND (j.run_at, j.id) < (CASE WHEN p < w.priority THEN statement_timestamp() ELSE w.run_at END, w.id)
      LIMIT p_most) t
    WHERE w.id = p_job AND w.tenant_id = current_setting('app.tenant_id', true)
    LIMIT p_most) t
$$;

ALTER FUNCTION tolva.count_ahead(p_job uuid, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.count_asked(p_queue text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.jobs j
    WHERE j.tenant_id = current_setting('app.tenant_id', true) AND j.queue = p_queue AND j.state = 'failed'
      AND j.error->>'type' = 'Unanswered' AND j.finished_at >= p_from AND j.finished_at < p_before
    LIMIT p_most) t
$$;

ALTER FUNCTION tolva.count_asked(p_queue text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.count_finished(p_queue text, p_state text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.jobs j
    WHERE j.tenant_id = current_setting('app.tenant_id', true) AND j.queue = p_queue AND j.state = p_state
      AND j.finished_at >= p_from AND j.finished_at < p_before
    LIMIT p_most) t
$$;

ALTER FUNCTION tolva.count_finished(p_queue text, p_state text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.count_lines(p_states text[], p_queues text[], p_kinds text[], p_low uuid, p_high uuid, p_most integer) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.job_lines(p_states, p_queues, p_kinds) l CROSS JOIN LATERAL (
      SELECT FROM tolva.jobs j
      WHERE j.tenant_id = current_setting('app.tenant_id', true)
        AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state AND j.id >= p_low AND j.id < p_high
      LIMIT p_most) h
    LIMIT p_most) t
$$;

ALTER FUNCTION tolva.count_lines(p_states text[], p_queues text[], p_kinds text[], p_low uuid, p_high uuid, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.count_queued(p_queue text, p_after timestamp with time zone, p_until timestamp with time zone, p_most integer) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT count(*)::integer FROM (
    -- one probe for each priority, which the index has before the tenant
    SELECT FROM generate_series(0, 9) p CROSS JOIN LATERAL (
      SELECT FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = p_queue AND j.priority = p::smallint
        AND j.tenant_id = current_setting('app.tenant_id', true) AND j.run_at > p_after AND j.run_at <= p_until
      LIMIT p_most) t
    LIMIT p_most) t
$$;

ALTER FUNCTION tolva.count_queued(p_queue text, p_after timestamp with time zone, p_until timestamp with time zone, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.due_schedules(p_kinds text[], p_most integer) RETURNS TABLE(tenant_id text, name text, cron text, timezone text, missed text, next_at timestamp with time zone)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT d.tenant_id, d.name, d.cron, d.timezone, d.missed, d.next_at
  FROM unnest(p_kinds) k(kind) CROSS JOIN LATERAL (
    SELECT s.* FROM tolva.schedules s
    WHERE s.kind = k.kind AND s.paused_at IS NULL AND s.next_at <= now() AND (s.look_at IS NULL OR s.look_at <= now())
    ORDER BY s.next_at LIMIT p_most) d
  ORDER BY d.next_at LIMIT p_most
$$;

ALTER FUNCTION tolva.due_schedules(p_kinds text[], p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.ended_since(p_states text[], p_queues text[], p_kinds text[], p_since timestamp with time zone, p_most integer) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT ARRAY(
    SELECT h.id FROM (
      SELECT DISTINCT l.queue, l.state FROM tolva.job_lines(p_states, p_queues, p_kinds) l
      WHERE l.state IN ('completed', 'failed', 'cancelled')) l
    CROSS JOIN LATERAL (
      SELECT j.id FROM tolva.jobs j
      WHERE j.tenant_id = current_setting('app.tenant_id', true) AND j.queue = l.queue AND j.state = l.state
        AND j.finished_at >= p_since
      LIMIT p_most) h
    LIMIT p_most)
$$;

ALTER FUNCTION tolva.ended_since(p_states text[], p_queues text[], p_kinds text[], p_since timestamp with time zone, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.expired_uploads(p_most integer) RETURNS TABLE(id uuid, blobs text[])
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
  SELECT u.id, ARRAY(SELECT p.blob FROM tolva.resumable_pieces p WHERE p.upload_id = u.id)
  FROM tolva.resumable_uploads u WHERE u.expires_at < now() ORDER BY u.expires_at LIMIT p_most
$$;

ALTER FUNCTION tolva.expired_uploads(p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.find_jobs(p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_ended timestamp with time zone, p_words tsquery, p_open_question boolean, p_walk boolean, p_most integer, OUT ids uuid[], OUT reached uuid) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET work_mem TO '16MB'
    AS $$
DECLARE
  v_tenant CONSTANT text := current_setting('app.tenant_id', true);
  v_newest CONSTANT integer := 10000; -- jobs that are looked at first
  v_entries CONSTANT integer := 60000; -- that are read of all lines to know which are the newest
  v_labels CONSTANT integer := 50000; -- that are looked at where any job will do: they lie in order
  v_few CONSTANT integer := 20000; -- jobs that are looked at, each, where there are no more of them
  v_matches CONSTANT integer := 150000; -- that are taken from the index of words
  v_few_at_all uuid[];
  v_ended uuid[];
  v_older uuid[];
BEGIN
  IF p_parent IS NOT NULL OR p_open_question THEN
    IF p_parent IS NOT NULL THEN
      v_few_at_all := ARRAY(
        SELECT j.id FROM tolva.jobs j
        WHERE j.parent_id = p_parent AND j.tenant_id = v_tenant AND j.id >= p_low AND j.id < p_high
        ORDER BY j.id DESC LIMIT v_newest);
    ELSE
      v_few_at_all := ARRAY(
        SELECT j.id FROM tolva.jobs j
        WHERE j.tenant_id = v_tenant AND j.id >= p_low AND j.id < p_high
          AND j.state = 'failed' AND j.error->>'type' = 'Unanswered' AND NOT j.error ? 'answered_by'
        ORDER BY j.id DESC LIMIT v_newest);
    END IF;
    ids := ARRAY(
      SELECT o.id FROM (SELECT o.id FROM unnest(v_few_at_all) o(id) ORDER BY o.id DESC OFFSET 0) o
      WHERE coalesce((
          SELECT (p_states IS NULL OR j.state = ANY (p_states)) AND (p_queues IS NULL OR j.queue = ANY (p_queues))
            AND (p_kinds IS NULL OR j.kind = ANY (p_kinds)) AND (p_ended IS NULL OR j.finished_at >= p_ended)
            AND (NOT p_open_question
              OR j.state = 'failed' AND j.error->>'type' = 'Unanswered' AND NOT j.error ? 'answered_by')
          FROM tolva.jobs j WHERE j.id = o.id AND j.tenant_id = v_tenant), false)
        AND (p_words IS NULL OR coalesce((
          SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = o.id), false))
      ORDER BY o.id DESC LIMIT p_most);
    reached := v_few_at_all[v_newest];
    RETURN;
  END IF;

  IF p_ended IS NOT NULL AND NOT p_walk THEN
    v_ended := tolva.ended_since(p_states, p_queues, p_kinds, p_ended, v_few);
    IF cardinality(v_ended) < v_few THEN
      ids := ARRAY(SELECT tolva.newest_among(v_ended, p_kinds, p_low, p_high, p_words, p_most));
      RETURN;
    END IF;
  END IF;

  IF p_words IS NULL AND p_ended IS NULL THEN
    -- The newest of each line, and the newest of these.
    ids := ARRAY(
      SELECT h.id FROM tolva.job_lines(p_states, p_queues, p_kinds) l CROSS JOIN LATERAL (
        SELECT j.id FROM tolva.jobs j
        WHERE j.tenant_id = v_tenant AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state
          AND j.id >= p_low AND j.id < p_high
        ORDER BY j.id DESC LIMIT p_most) h
      ORDER BY h.id DESC LIMIT p_most);
    RETURN;
  END IF;

  -- Common words are among the newest, and so is what ended lately: of all labels, or of the jobs that match otherwise.
  IF p_states IS NULL AND p_queues IS NULL AND p_kinds IS NULL AND p_ended IS NULL THEN
    ids := ARRAY(
      SELECT n.job_id FROM (
        SELECT w.job_id, w.words FROM tolva.job_words w
        WHERE w.tenant_id = v_tenant AND w.job_id >= p_low AND w.job_id < p_high
        ORDER BY w.job_id DESC LIMIT v_labels) n
      WHERE n.words @@ p_words ORDER BY n.job_id DESC LIMIT p_most);
    IF cardinality(ids) < p_most THEN
      reached := (
        SELECT w.job_id FROM tolva.job_words w
        WHERE w.tenant_id = v_tenant AND w.job_id >= p_low AND w.job_id < p_high
        ORDER BY w.job_id DESC OFFSET v_labels - 1 LIMIT 1);
    END IF;
  ELSE
    WITH line AS MATERIALIZED (
      SELECT l.queue, l.kind, l.state, greatest(least(v_newest, v_entries / count(*) OVER ()), 1) AS share
      FROM tolva.job_lines(p_states, p_queues, p_kinds) l
    ), newest AS MATERIALIZED (
      -- all that match are known down to where the first line was left that goes on
      SELECT h.id, h.place = l.share OR row_number() OVER (ORDER BY h.id DESC) = v_newest AS is_last
      FROM line l CROSS JOIN LATERAL (
        SELECT j.id, row_number() OVER (ORDER BY j.id DESC) AS place FROM tolva.jobs j
        WHERE j.tenant_id = v_tenant AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state
          AND j.id >= p_low AND j.id < p_high
        ORDER BY j.id DESC LIMIT l.share) h
      ORDER BY h.id DESC LIMIT v_newest
    ), stop AS MATERIALIZED (
      SELECT (SELECT n.id FROM newest n WHERE n.is_last ORDER BY n.id DESC LIMIT 1) AS id
    )
    SELECT s.id, ARRAY(
      SELECT n.id FROM (SELECT n.id FROM newest n ORDER BY n.id DESC OFFSET 0) n
      WHERE n.id >= coalesce(s.id, p_low)
        AND (p_ended IS NULL OR coalesce((SELECT j.finished_at >= p_ended FROM tolva.jobs j WHERE j.id = n.id), false))
        AND (p_words IS NULL OR coalesce((
          SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = n.id), false))
      ORDER BY n.id DESC LIMIT p_most)
    FROM stop s INTO reached, ids;
  END IF;
  IF reached IS NULL OR cardinality(ids) = p_most OR p_walk THEN
    RETURN;
  END IF;

  IF tolva.count_lines(p_states, p_queues, p_kinds, p_low, reached, v_few) < v_few THEN
    -- Not very many jobs besides the words and the end: look at each.
    ids := ids || ARRAY(
      SELECT h.id FROM tolva.job_lines(p_states, p_queues, p_kinds) l CROSS JOIN LATERAL (
        SELECT j.id, j.finished_at FROM tolva.jobs j
        WHERE j.tenant_id = v_tenant AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state
          AND j.id >= p_low AND j.id < reached
        LIMIT v_few) h
      WHERE (p_ended IS NULL OR h.finished_at >= p_ended)
        AND (p_words IS NULL OR coalesce((
          SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = h.id), false))
      ORDER BY h.id DESC LIMIT p_most - cardinality(ids));
    reached := NULL;
    RETURN;
  END IF;

  IF p_words IS NULL THEN
    RETURN;
  END IF;

  -- Else the index of the words knows, unless very many jobs have them. A search of it names neither tenant nor time, so
  -- that no other index tempts; the mark of the tenant is in the words.
  v_older := ARRAY(SELECT w.job_id FROM tolva.job_words w WHERE w.words @@ p_words LIMIT v_matches);
  IF cardinality(v_older) = v_matches THEN
    RETURN;
  END IF;
  v_older := ARRAY(
    SELECT o.id FROM unnest(v_older) o(id) WHERE o.id >= p_low AND o.id < reached ORDER BY o.id DESC LIMIT v_few);
  ids := ids || ARRAY(
    SELECT o.id FROM (SELECT o.id FROM unnest(v_older) o(id) ORDER BY o.id DESC OFFSET 0) o
    WHERE coalesce((
      SELECT j.tenant_id = v_tenant AND (p_states IS NULL OR j.state = ANY (p_states))
        AND (p_queues IS NULL OR j.queue = ANY (p_queues)) AND (p_kinds IS NULL OR j.kind = ANY (p_kinds))
        AND (p_ended IS NULL OR j.finished_at >= p_ended)
      FROM tolva.jobs j WHERE j.id = o.id), false)
    ORDER BY o.id DESC LIMIT p_most - cardinality(ids));
  reached := v_older[v_few];
END
$$;

ALTER FUNCTION tolva.find_jobs(p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_ended timestamp with time zone, p_words tsquery, p_open_question boolean, p_walk boolean, p_most integer, OUT ids uuid[], OUT reached uuid) OWNER TO tolva_system;

CREATE FUNCTION tolva.find_letters(p_queues text[], p_kinds text[], p_first uuid, p_end uuid, p_words tsquery, p_before timestamp with time zone, p_before_id bigint, p_most integer, OUT ids bigint[], OUT reached_at timestamp with time zone, OUT reached bigint) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET work_mem TO '16MB'
    AS $$
DECLARE
  v_tenant CONSTANT text := current_setting('app.tenant_id', true);
  v_before CONSTANT timestamptz := coalesce(p_before, 'infinity');
  v_before_id CONSTANT bigint := coalesce(p_before_id, 0);
  v_few CONSTANT integer := 10000; -- letters that may be looked at one by one
  v_matches CONSTANT integer := 150000; -- jobs that are taken from the index of words
  v_letters bigint[];
  v_jobs uuid[];
BEGIN
  IF p_first IS NULL AND p_words IS NULL THEN
    ids := ARRAY(
      SELECT h.id FROM tolva.letter_lines(p_queues, p_kinds) l CROSS JOIN LATERAL (
        SELECT d.failed_at, d.id FROM tolva.dead_letters d
        WHERE d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL AND d.queue = l.queue AND d.kind = l.kind
          AND (d.failed_at, d.id) < (v_before, v_before_id)
        ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most) h
      ORDER BY h.failed_at DESC, h.id DESC LIMIT p_most);
    RETURN;
  END IF;

  -- A few letters have such an id, or there are only a few: look at each.
  IF p_first IS NOT NULL THEN
    v_letters := ARRAY(SELECT d.id FROM tolva.dead_letters d WHERE d.job_id >= p_first AND d.job_id < p_end LIMIT v_few);
  ELSE
    v_letters := ARRAY(
      SELECT h.id FROM tolva.letter_lines(p_queues, p_kinds) l CROSS JOIN LATERAL (
        SELECT d.id FROM tolva.dead_letters d
        WHERE d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL AND d.queue = l.queue AND d.kind = l.kind
          AND (d.failed_at, d.id) < (v_before, v_before_id)
        LIMIT v_few) h
      LIMIT v_few);
  END IF;
  IF cardinality(v_letters) = v_few THEN
    -- Else at the newest.
    v_letters := ARRAY(
      SELECT d.id FROM tolva.dead_letters d
      WHERE d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL AND (d.failed_at, d.id) < (v_before, v_before_id)
      ORDER BY d.failed_at DESC, d.id DESC LIMIT v_few);
    SELECT d.failed_at, d.id FROM tolva.dead_letters d WHERE d.id = v_letters[v_few] INTO reached_at, reached;
  END IF;
  ids := ARRAY(
    SELECT d.id FROM tolva.dead_letters d
    WHERE d.id = ANY (v_letters) AND d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
      AND (d.failed_at, d.id) < (v_before, v_before_id)
      AND (p_queues IS NULL OR d.queue = ANY (p_queues)) AND (p_kinds IS NULL OR d.kind = ANY (p_kinds))
      AND (p_first IS NULL OR d.job_id >= p_first AND d.job_id < p_end)
      AND (p_words IS NULL OR coalesce((
        SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = d.job_id), false))
    ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most);
  IF reached IS NULL OR cardinality(ids) = p_most OR p_words IS NULL THEN
    RETURN;
  END IF;

  -- Else the index of the words knows, unless very many jobs have them.
  v_jobs := ARRAY(SELECT w.job_id FROM tolva.job_words w WHERE w.words @@ p_words LIMIT v_matches);
  IF cardinality(v_jobs) = v_matches THEN
    RETURN;
  END IF;
  ids := ids || ARRAY(
    SELECT d.id FROM unnest(v_jobs) m(job_id) CROSS JOIN LATERAL (
      SELECT x.id, x.failed_at FROM tolva.dead_letters x
      WHERE x.job_id = m.job_id AND x.tenant_id = v_tenant AND x.replayed_at IS NULL AND x.dismissed_at IS NULL
        AND (x.failed_at, x.id) < (reached_at, reached)
        AND (p_queues IS NULL OR x.queue = ANY (p_queues)) AND (p_kinds IS NULL OR x.kind = ANY (p_kinds))
      LIMIT 1) d -- a job has one letter that is open
    ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most - cardinality(ids));
  reached_at := NULL;
  reached := NULL;
END
$$;

ALTER FUNCTION tolva.find_letters(p_queues text[], p_kinds text[], p_first uuid, p_end uuid, p_words tsquery, p_before timestamp with time zone, p_before_id bigint, p_most integer, OUT ids bigint[], OUT reached_at timestamp with time zone, OUT reached bigint) OWNER TO tolva_system;

CREATE FUNCTION tolva.finish(p_jobs uuid[], p_attempts integer[], p_verbs text[], p_payloads jsonb[], p_delays double precision[], p_progress jsonb[], p_most_losses integer) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_material TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
  v_cancelled uuid[];
BEGIN
  -- Jobs and their parents in one order, so that two batches can never wait for each other.
  PERFORM 1 FROM tolva.jobs j
  WHERE j.id = ANY (p_jobs || ARRAY(SELECT c.parent_id FROM tolva.jobs c WHERE c.id = ANY (p_jobs) AND c.parent_id IS NOT NULL))
  ORDER BY j.id FOR UPDATE;
  v_now := clock_timestamp();
  RETURN QUERY
  WITH given AS (
    SELECT * FROM unnest(p_jobs, p_attempts, p_verbs, p_payloads, p_delays, p_progress)
      AS g(id, attempt, verb, payload, delay, progress)
  ), meant AS (
    -- what the verb comes to, given the state of the job
    SELECT g.id, g.payload, g.delay, g.progress, CASE
        WHEN g.verb IN ('retry', 'release', 'lost', 'wait') AND j.cancel_requested_at IS NOT NULL THEN 'cancel'
        WHEN g.verb = 'retry' AND j.failures + 1 >= j.max_attempts THEN 'fail'
        WHEN g.verb = 'lost' AND j.losses + 1 >= p_most_losses THEN 'fail'
        WHEN g.verb = 'wait' AND j.open_children = 0 THEN 'resume'
        ELSE g.verb
      END AS verb
    FROM given g JOIN tolva.jobs j ON j.id = g.id AND j.attempt = g.attempt AND j.worker_id IS NOT NULL -- running
  ), ended AS (
    UPDATE tolva.jobs j SET
      state = CASE m.verb WHEN 'complete' THEN 'completed' WHEN 'fail' THEN 'failed' WHEN 'cancel' THEN 'cancelled'
        WHEN 'wait' THEN 'waiting' ELSE 'queued' END,
      worker_id = NULL,
      failures = j.failures + (m.verb IN ('retry', 'fail'))::integer,
      losses = j.losses + (m.verb = 'lost')::integer,
      run_at = CASE WHEN m.delay > 0 AND m.verb IN ('retry', 'release', 'lost')
        THEN v_now + make_interval(secs => m.delay) ELSE j.run_at END,
      finished_at = CASE WHEN m.verb IN ('complete', 'fail', 'cancel') THEN v_now END,
      result = CASE WHEN m.verb = 'complete' THEN m.payload ELSE j.result END,
      error = CASE WHEN m.verb = 'complete' THEN NULL
        WHEN m.payload->>'type' = 'Unanswered' AND j.answered_by IS NOT NULL -- the answer was there before the question
          THEN m.payload || jsonb_build_object('answered_by', j.answered_by)
        ELSE coalesce(m.payload, j.error) END,
      progress = coalesce(m.progress, j.progress),
      checkpoint = CASE WHEN m.verb <> 'complete' THEN j.checkpoint END, -- nothing goes on from there any more
      updated_at = v_now,
      seq = j.seq + 1
    FROM meant m WHERE j.id = m.id
    RETURNING j.id, j.tenant_id, j.queue, j.kind, j.label, j.params, j.state, j.seq, j.attempt, j.parent_id, j.error,
      j.run_at, m.verb, m.payload, m.delay
  ), noted AS (
    INSERT INTO tolva.job_events (job_id, seq, tenant_id, at, type, data)
    SELECT e.id, e.seq, e.tenant_id, v_now,
      CASE e.verb WHEN 'complete' THEN 'completed' WHEN 'fail' THEN 'failed' WHEN 'cancel' THEN 'cancelled'
        WHEN 'retry' THEN 'retrying' WHEN 'wait' THEN 'waiting' WHEN 'release' THEN 'released'
        WHEN 'resume' THEN 'resumed' ELSE e.verb END,
      -- the detail of an error is for those who run things, whereas what happened is told to everybody
      jsonb_build_object('attempt', e.attempt)
        || CASE WHEN e.verb IN ('retry', 'fail', 'lost') THEN jsonb_build_object('error', e.payload - 'detail') ELSE '{}' END
        || CASE WHEN e.verb = 'retry' THEN jsonb_build_object('delay', e.delay) ELSE '{}' END
    FROM ended e
  ), buried AS (
    INSERT INTO tolva.dead_letters (job_id, tenant_id, queue, kind, label, params, error, attempts)
    SELECT e.id, e.tenant_id, e.queue, e.kind, e.label, e.params, e.error,
      coalesce((
        SELECT jsonb_agg(v.data || jsonb_build_object('at', v.at, 'type', v.type) ORDER BY v.seq)
        FROM tolva.job_events v WHERE v.job_id = e.id AND v.type IN ('retrying', 'lost', 'failed')
      ), '[]') || jsonb_build_array(jsonb_build_object(
        'at', v_now, 'type', 'failed', 'attempt', e.attempt, 'error', e.error - 'detail'))
    FROM ended e WHERE e.verb = 'fail'
      -- a question waits for its answer, which makes a job of its own: trying this one again could not mend it;
      -- and of what was only tried out nothing is left to be done
      AND coalesce(e.error->>'type' NOT IN ('Unanswered', 'TrialFailed'), true)
  )
  SELECT e.id, e.queue, e.state, e.state = 'queued' AND e.run_at <= v_now FROM ended e;

  RETURN QUERY SELECT * FROM tolva.child_ended(ARRAY(
    SELECT j.id FROM tolva.jobs j WHERE j.id = ANY (p_jobs) AND j.finished_at = v_now AND j.parent_id IS NOT NULL));

  -- The children of a cancelled parent go with it.
  v_cancelled := ARRAY(
    SELECT j.id FROM tolva.jobs j WHERE j.id = ANY (p_jobs) AND j.finished_at = v_now AND j.state = 'cancelled');
  IF cardinality(v_cancelled) > 0 THEN
    PERFORM tolva.cancel_children(v_cancelled);
  END IF;
END
$$;

ALTER FUNCTION tolva.finish(p_jobs uuid[], p_attempts integer[], p_verbs text[], p_payloads jsonb[], p_delays double precision[], p_progress jsonb[], p_most_losses integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.fire_schedule(p_tenant text, p_name text, p_words text, p_tick timestamp with time zone, p_from timestamp with time zone, p_next timestamp with time zone, p_job uuid) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  WITH due AS (
    UPDATE tolva.schedules SET last_at = p_tick, next_at = p_next, trouble = NULL, look_at = NULL
    WHERE tenant_id = p_tenant AND name = p_name AND next_at = p_from AND paused_at IS NULL
    RETURNING *
  ), made AS (
    INSERT INTO tolva.jobs AS j (id, tenant_id, queue, kind, label, priority, max_attempts, soft_limit, hard_limit,
      run_at, params, unique_key, unique_forever)
    SELECT p_job, d.tenant_id, d.queue, d.kind, d.name, d.priority, d.max_attempts, d.soft_limit, d.hard_limit, p_tick,
      d.params || jsonb_build_object('scheduled_for', p_tick),
      'schedule ' || d.name || ' ' || to_char(p_tick AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), true
    FROM due d
    ON CONFLICT (tenant_id, unique_key) WHERE unique_key IS NOT NULL AND unique_forever DO NOTHING
    RETURNING j.id, j.queue, j.state
  ), found_by AS (
    INSERT INTO tolva.job_words (tenant_id, job_id, words)
    SELECT p_tenant, m.id, array_to_tsvector(string_to_array(p_words, ' ')) FROM made m WHERE p_words <> ''
  )
  SELECT m.id, m.queue, m.state, true FROM made m
$$;

ALTER FUNCTION tolva.fire_schedule(p_tenant text, p_name text, p_words text, p_tick timestamp with time zone, p_from timestamp with time zone, p_next timestamp with time zone, p_job uuid) OWNER TO tolva_system;

CREATE FUNCTION tolva.first_queued(p_queue text, p_after timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT min(t.run_at) FROM generate_series(0, 9) p CROSS JOIN LATERAL (
    SELECT j.run_at FROM tolva.jobs j
    WHERE j.state = 'queued' AND j.queue = p_queue AND j.priority = p::smallint
      AND j.tenant_id = current_setting('app.tenant_id', true) AND j.run_at > p_after
    ORDER BY j.run_at LIMIT 1) t
$$;

ALTER FUNCTION tolva.first_queued(p_queue text, p_after timestamp with time zone) OWNER TO tolva_system;

CREATE FUNCTION tolva.forget_expired_uploads(p_ids uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  DELETE FROM tolva.resumable_uploads u WHERE u.id = ANY (p_ids) AND u.expires_at < now()
$$;

ALTER FUNCTION tolva.forget_expired_uploads(p_ids uuid[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.forget_unclaimed(p_age interval, p_most integer) RETURNS TABLE(blob text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  DELETE FROM tolva.unclaimed_files f WHERE f.blob IN (
    SELECT o.blob FROM tolva.unclaimed_files o WHERE o.blob < tolva.uuid_at(now() - p_age) ORDER BY o.blob LIMIT p_most
  ) RETURNING f.blob::text
$$;

ALTER FUNCTION tolva.forget_unclaimed(p_age interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.forget_uploads(p_jobs uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
  v_gone uuid[] := ARRAY(SELECT g.id FROM unnest(p_jobs) g(id)
    WHERE (SELECT j.id FROM tolva.jobs j WHERE j.id = g.id) IS NULL);
BEGIN
  DELETE FROM tolva.row_errors e WHERE e.job_id = ANY (v_gone);
  DELETE FROM tolva.load_ledger l WHERE l.job_id = ANY (v_gone);
  DELETE FROM tolva.uploads u WHERE u.job_id = ANY (v_gone);
END
$$;

ALTER FUNCTION tolva.forget_uploads(p_jobs uuid[]) OWNER TO tolva_system;

CREATE PROCEDURE tolva.guard(IN p_table regclass, IN p_app text, IN p_system text DEFAULT NULL::text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
  EXECUTE format('CREATE POLICY own_tenant ON %s TO tolva_app
    USING (tenant_id = current_setting(''app.tenant_id'', true))', p_table);
  EXECUTE format('CREATE POLICY all_tenants ON %s TO tolva_system USING (true)', p_table);
  EXECUTE format('GRANT %s ON %s TO tolva_app', p_app, p_table);
  IF p_system IS NOT NULL THEN
    EXECUTE format('GRANT %s ON %s TO tolva_system', p_system, p_table);
  END IF;
END
$$;

CREATE PROCEDURE tolva.hand_over()
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  v_made regprocedure;
BEGIN
  FOR v_made IN
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.pronamespace = 'tolva'::regnamespace AND p.prokind = 'f' AND p.proowner <> 'tolva_system'::regrole
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tolva_system', v_made);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_made);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tolva_app', v_made);
  END LOOP;
END
$$;

CREATE FUNCTION tolva.has_keys() RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT EXISTS (SELECT FROM tolva.keys)
$$;

ALTER FUNCTION tolva.has_keys() OWNER TO tolva_system;

CREATE FUNCTION tolva.hear_webhooks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
BEGIN
  IF EXISTS (SELECT FROM tolva.webhooks w WHERE w.tenant_id OPERATOR(pg_catalog.=) NEW.tenant_id AND w.active) THEN
    PERFORM tolva.tell_webhooks(NEW);
  END IF;
  RETURN NULL;
END
$$;

ALTER FUNCTION tolva.hear_webhooks() OWNER TO tolva_system;

CREATE FUNCTION tolva.in_short(p_object jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT CASE WHEN pg_column_size(p_object) > 100000 THEN '{}' ELSE coalesce((
    SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(p_object) e
    WHERE jsonb_typeof(e.value) IN ('number', 'boolean')
      OR jsonb_typeof(e.value) = 'string' AND length(e.value #>> '{}') <= 200), '{}') END
$$;

ALTER FUNCTION tolva.in_short(p_object jsonb) OWNER TO tolva_system;

CREATE FUNCTION tolva.job_lines(p_states text[], p_queues text[], p_kinds text[]) RETURNS TABLE(queue text, kind text, state text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  WITH RECURSIVE line(queue, kind, state) AS (
    -- a loose index scan: one probe for each of them, however many jobs each has
    (SELECT j.queue, j.kind, j.state FROM tolva.jobs j
     WHERE j.tenant_id = current_setting('app.tenant_id', true) ORDER BY j.queue, j.kind, j.state LIMIT 1)
    UNION ALL
    SELECT n.queue, n.kind, n.state FROM line l CROSS JOIN LATERAL (
      SELECT j.queue, j.kind, j.state FROM tolva.jobs j
      WHERE j.tenant_id = current_setting('app.tenant_id', true)
        AND (j.queue, j.kind, j.state) > (l.queue, l.kind, l.state)
      ORDER BY j.queue, j.kind, j.state LIMIT 1) n
  )
  SELECT l.queue, l.kind, l.state FROM line l
  WHERE (p_states IS NULL OR l.state = ANY (p_states))
    AND (p_queues IS NULL OR l.queue = ANY (p_queues))
    AND (p_kinds IS NULL OR l.kind = ANY (p_kinds))
$$;

ALTER FUNCTION tolva.job_lines(p_states text[], p_queues text[], p_kinds text[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.join_worker(p_id uuid, p_host text, p_pid integer, p_queues text[], p_lease interval, p_crew text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  INSERT INTO tolva.workers (id, host, pid, crew, queues, lease, lease_until)
  VALUES (p_id, p_host, p_pid, p_crew, p_queues, p_lease, clock_timestamp() + p_lease)
$$;

ALTER FUNCTION tolva.join_worker(p_id uuid, p_host text, p_pid integer, p_queues text[], p_lease interval, p_crew text) OWNER TO tolva_system;

CREATE FUNCTION tolva.key_holder(p_hash bytea) RETURNS TABLE(key_id uuid, tenant_id text, name text, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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

ALTER FUNCTION tolva.key_holder(p_hash bytea) OWNER TO tolva_system;

CREATE FUNCTION tolva.key_overview(p_soon interval) RETURNS TABLE(tenant_id text, role text, keys integer, expiring integer)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT k.tenant_id, k.role, count(*)::integer, count(*) FILTER (WHERE k.expires_at < now() + p_soon)::integer
  FROM tolva.keys k WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
  GROUP BY 1, 2 ORDER BY 1, 2
$$;

ALTER FUNCTION tolva.key_overview(p_soon interval) OWNER TO tolva_system;

CREATE FUNCTION tolva.leave_worker(p_worker uuid, p_reason jsonb, p_culprit uuid, p_culprit_error jsonb, p_delay double precision, p_verb text, p_most_losses integer) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  v_jobs uuid[];
  v_attempts integer[];
BEGIN
  DELETE FROM tolva.workers w WHERE w.id = p_worker;
  SELECT array_agg(j.id ORDER BY j.id), array_agg(j.attempt ORDER BY j.id) INTO v_jobs, v_attempts
  FROM tolva.jobs j WHERE j.worker_id = p_worker AND j.state = 'running';
  IF v_jobs IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT f.* FROM tolva.finish(
    v_jobs, v_attempts,
    ARRAY(SELECT CASE WHEN id = p_culprit THEN 'retry' ELSE p_verb END FROM unnest(v_jobs) WITH ORDINALITY u(id, n) ORDER BY n),
    ARRAY(SELECT CASE WHEN id = p_culprit THEN p_culprit_error ELSE p_reason END
      FROM unnest(v_jobs) WITH ORDINALITY u(id, n) ORDER BY n),
    ARRAY(SELECT CASE WHEN id = p_culprit THEN p_delay ELSE 0 END
      FROM unnest(v_jobs) WITH ORDINALITY u(id, n) ORDER BY n),
    array_fill(NULL::jsonb, ARRAY[cardinality(v_jobs)]),
    p_most_losses) f;
END
$$;

ALTER FUNCTION tolva.leave_worker(p_worker uuid, p_reason jsonb, p_culprit uuid, p_culprit_error jsonb, p_delay double precision, p_verb text, p_most_losses integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.letter_lines(p_queues text[], p_kinds text[]) RETURNS TABLE(queue text, kind text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  WITH RECURSIVE line(queue, kind) AS (
    (SELECT d.queue, d.kind FROM tolva.dead_letters d
     WHERE d.tenant_id = current_setting('app.tenant_id', true) AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
     ORDER BY d.queue, d.kind LIMIT 1)
    UNION ALL
    SELECT n.queue, n.kind FROM line l CROSS JOIN LATERAL (
      SELECT d.queue, d.kind FROM tolva.dead_letters d
      WHERE d.tenant_id = current_setting('app.tenant_id', true) AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
        AND (d.queue, d.kind) > (l.queue, l.kind)
      ORDER BY d.queue, d.kind LIMIT 1) n
  )
  SELECT l.queue, l.kind FROM line l
  WHERE (p_queues IS NULL OR l.queue = ANY (p_queues)) AND (p_kinds IS NULL OR l.kind = ANY (p_kinds))
$$;

ALTER FUNCTION tolva.letter_lines(p_queues text[], p_kinds text[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.metrics() RETURNS TABLE(name text, queue text, state text, value double precision)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$ -- compiling would take longer than all the rest
  WITH RECURSIVE lane(queue, priority, tenant_id) AS (
    -- a loose index scan, as in `waiting_queues`
    SELECT f.* FROM tolva.queues q CROSS JOIN LATERAL (
      SELECT j.queue, j.priority, j.tenant_id FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = q.name
      ORDER BY j.priority, j.tenant_id LIMIT 1) f
    UNION ALL
    SELECT l.queue, n.priority, n.tenant_id FROM lane l CROSS JOIN LATERAL (
      SELECT j.priority, j.tenant_id FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = l.queue AND (j.priority, j.tenant_id) > (l.priority, l.tenant_id)
      ORDER BY j.priority, j.tenant_id LIMIT 1) n
  ), head AS (
    SELECT l.queue, (
      SELECT j.run_at FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = l.queue AND j.priority = l.priority AND j.tenant_id = l.tenant_id
      ORDER BY j.run_at, j.id LIMIT 1) AS run_at
    FROM (SELECT * FROM lane LIMIT 1000) l
  )
  SELECT 'tolva_queue_jobs', q.name, 'queued', (
    SELECT count(*) FROM (SELECT FROM tolva.jobs j WHERE j.state = 'queued' AND j.queue = q.name LIMIT 10000) t)
  FROM tolva.queues q
  UNION ALL
  SELECT 'tolva_queue_jobs', q.name, 'waiting', (
    SELECT count(*) FROM (SELECT FROM tolva.jobs j WHERE j.state = 'waiting' AND j.queue = q.name LIMIT 10000) t)
  FROM tolva.queues q
  UNION ALL
  SELECT 'tolva_queue_jobs', q.name, 'running', count(r.queue)
  FROM tolva.queues q LEFT JOIN (SELECT j.queue FROM tolva.jobs j WHERE j.state = 'running' LIMIT 10000) r
    ON r.queue = q.name
  GROUP BY q.name
  UNION ALL
  SELECT 'tolva_queue_oldest_seconds', q.name, NULL,
    greatest(extract(epoch FROM clock_timestamp() - (SELECT min(h.run_at) FROM head h WHERE h.queue = q.name)), 0)
  FROM tolva.queues q
  UNION ALL
  SELECT 'tolva_queue_paused', q.name, NULL, (q.paused_at IS NOT NULL)::integer FROM tolva.queues q
  UNION ALL
  SELECT 'tolva_workers', NULL, NULL, count(*) FROM tolva.workers w WHERE w.lease_until > clock_timestamp()
  UNION ALL
  SELECT 'tolva_dead_letters', NULL, NULL, count(*)
  FROM (SELECT FROM tolva.dead_letters d WHERE d.replayed_at IS NULL AND d.dismissed_at IS NULL LIMIT 10000) d
$$;

ALTER FUNCTION tolva.metrics() OWNER TO tolva_system;

CREATE FUNCTION tolva.newest_among(p_jobs uuid[], p_kinds text[], p_low uuid, p_high uuid, p_words tsquery, p_most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT o.id FROM (
    SELECT e.id FROM unnest(p_jobs) e(id) WHERE e.id >= p_low AND e.id < p_high ORDER BY e.id DESC OFFSET 0) o
  WHERE (p_kinds IS NULL OR coalesce((
      SELECT j.kind = ANY (p_kinds) FROM tolva.jobs j
      WHERE j.tenant_id = current_setting('app.tenant_id', true) AND j.id = o.id), false))
    AND (p_words IS NULL OR coalesce((
      SELECT w.words @@ p_words FROM tolva.job_words w
      WHERE w.tenant_id = current_setting('app.tenant_id', true) AND w.job_id = o.id), false))
  ORDER BY o.id DESC LIMIT p_most
$$;

ALTER FUNCTION tolva.newest_among(p_jobs uuid[], p_kinds text[], p_low uuid, p_high uuid, p_words tsquery, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.news(p_tenants text[], p_jobs uuid[], p_after bigint[], p_most integer) RETURNS TABLE(job_id uuid, seq bigint, at timestamp with time zone, type text, data jsonb, is_last boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
  SELECT j.id, e.seq, e.at, e.type, e.data, e.seq = j.seq AND j.finished_at IS NOT NULL
  FROM unnest(p_tenants, p_jobs, p_after) AS w(tenant_id, job_id, after)
  -- most jobs have no news: they cost a look at their row, and none at their events
  JOIN tolva.jobs j ON j.id = w.job_id AND j.tenant_id = w.tenant_id AND j.seq > w.after
  CROSS JOIN LATERAL (
    SELECT v.seq, v.at, v.type, v.data FROM tolva.job_events v
    WHERE v.job_id = j.id AND v.tenant_id = j.tenant_id AND v.seq > w.after
    ORDER BY v.seq LIMIT p_most) e
  ORDER BY j.id, e.seq
$$;

ALTER FUNCTION tolva.news(p_tenants text[], p_jobs uuid[], p_after bigint[], p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.note_deaf(p_workers uuid[], p_reason text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  UPDATE tolva.workers SET deaf = p_reason WHERE id = ANY (p_workers) AND deaf IS DISTINCT FROM p_reason
$$;

ALTER FUNCTION tolva.note_deaf(p_workers uuid[], p_reason text) OWNER TO tolva_system;

CREATE FUNCTION tolva.open_queues(p_names text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  INSERT INTO tolva.queues (name) SELECT unnest(p_names) ON CONFLICT DO NOTHING
$$;

ALTER FUNCTION tolva.open_queues(p_names text[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.prune(p_finished interval, p_failed interval, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
DECLARE
  -- A value, not an expression with a clock in it, which no index could be searched by.
  v_before CONSTANT uuid := tolva.uuid_at(clock_timestamp() - p_finished);
  v_jobs uuid[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('tolva.prune')) THEN
    RETURN 0;
  END IF;
  v_jobs := ARRAY(
    SELECT j.id FROM tolva.jobs j
    WHERE j.id < v_before AND j.finished_at IS NOT NULL AND j.open_children = 0
      AND j.finished_at < clock_timestamp() - CASE j.state WHEN 'failed' THEN p_failed ELSE p_finished END
      -- one look-up for each candidate: as NOT EXISTS it would become a join that reads every job there is
      AND NOT coalesce((SELECT p.finished_at IS NULL FROM tolva.jobs p WHERE p.id = j.parent_id), false)
    ORDER BY j.id LIMIT p_most FOR UPDATE SKIP LOCKED);
  DELETE FROM tolva.job_events e WHERE e.job_id = ANY (v_jobs);
  DELETE FROM tolva.dead_letters d WHERE d.job_id = ANY (v_jobs);
  DELETE FROM tolva.job_words w WHERE w.ctid = ANY (ARRAY(
    -- with a limit, so that it is one look-up for each job, and no join
    SELECT x.ctid FROM tolva.jobs j CROSS JOIN LATERAL (
      SELECT n.ctid FROM tolva.job_words n WHERE n.tenant_id = j.tenant_id AND n.job_id = j.id LIMIT 1) x
    WHERE j.id = ANY (v_jobs)));
  DELETE FROM tolva.jobs j WHERE j.id = ANY (v_jobs);
  RETURN cardinality(v_jobs);
END
$$;

ALTER FUNCTION tolva.prune(p_finished interval, p_failed interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.prune_access(p_kept interval, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
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

ALTER FUNCTION tolva.prune_access(p_kept interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.prune_requests(p_kept interval, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
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

ALTER FUNCTION tolva.prune_requests(p_kept interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.prune_webhook_lines(p_kept interval, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
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

ALTER FUNCTION tolva.prune_webhook_lines(p_kept interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.queue_depth(p_queue text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT count(*) FROM (
    SELECT FROM tolva.jobs j WHERE j.state = 'queued' AND j.queue = p_queue LIMIT 10000) queued
$$;

ALTER FUNCTION tolva.queue_depth(p_queue text) OWNER TO tolva_system;

CREATE FUNCTION tolva.replay_jobs(p_jobs uuid[], p_run_at timestamp with time zone) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  v_again uuid[];
BEGIN
  PERFORM 1 FROM tolva.jobs j
  WHERE j.id = ANY (p_jobs || ARRAY(SELECT c.parent_id FROM tolva.jobs c WHERE c.id = ANY (p_jobs) AND c.parent_id IS NOT NULL))
  ORDER BY j.id FOR UPDATE;
  v_again := ARRAY(
    SELECT DISTINCT ON (j.tenant_id, coalesce(CASE WHEN NOT j.unique_forever THEN j.unique_key END, j.id::text)) j.id
    FROM tolva.jobs j
    WHERE j.id = ANY (p_jobs) AND j.state IN ('failed', 'cancelled')
      AND j.tenant_id = coalesce(nullif(current_setting('app.tenant_id', true), ''), j.tenant_id)
      AND (j.unique_forever OR NOT EXISTS (
        SELECT FROM tolva.jobs o
        WHERE o.tenant_id = j.tenant_id AND o.unique_key = j.unique_key AND NOT o.unique_forever
          AND o.state IN ('queued', 'running', 'waiting')))
    ORDER BY j.tenant_id, coalesce(CASE WHEN NOT j.unique_forever THEN j.unique_key END, j.id::text), j.id DESC);
  -- In a statement of its own, since a parent may be queued again together with its child.
  UPDATE tolva.jobs p SET open_children = p.open_children + c.children
  FROM (
    SELECT a.parent_id, count(*)::integer AS children FROM tolva.jobs a
    WHERE a.id = ANY (v_again) AND a.parent_id IS NOT NULL GROUP BY a.parent_id) c
  WHERE p.id = c.parent_id;
  RETURN QUERY
  WITH again AS (
    UPDATE tolva.jobs j SET state = 'queued', run_at = coalesce(p_run_at, clock_timestamp()), finished_at = NULL,
      failures = 0, losses = 0, cancel_requested_at = NULL, updated_at = clock_timestamp(), seq = j.seq + 1
    WHERE j.id = ANY (v_again)
    RETURNING j.id, j.tenant_id, j.queue, j.state, j.seq, j.run_at
  ), noted AS (
    INSERT INTO tolva.job_events (job_id, seq, tenant_id, type) SELECT a.id, a.seq, a.tenant_id, 'replayed' FROM again a
  ), letters AS (
    UPDATE tolva.dead_letters d SET replayed_at = clock_timestamp()
    WHERE d.job_id = ANY (v_again) AND d.replayed_at IS NULL
  )
  SELECT a.id, a.queue, a.state, a.run_at <= clock_timestamp() FROM again a;
END
$$;

ALTER FUNCTION tolva.replay_jobs(p_jobs uuid[], p_run_at timestamp with time zone) OWNER TO tolva_system;

CREATE FUNCTION tolva.rescue(p_reason jsonb, p_most_losses integer, p_jump double precision DEFAULT 0, p_latest timestamp with time zone DEFAULT 'infinity'::timestamp with time zone) RETURNS TABLE(job_id uuid, queue text, state text, rings boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  v_jobs uuid[];
  v_attempts integer[];
BEGIN
  IF p_jump <> 0 THEN
    UPDATE tolva.workers w SET lease_until = clock_timestamp() + w.lease;
    RETURN;
  END IF;
  IF NOT pg_try_advisory_xact_lock(hashtext('tolva.rescue')) THEN
    RETURN;
  END IF;
  DELETE FROM tolva.workers w
  WHERE w.lease_until < least(clock_timestamp(), p_latest)
    AND pg_postmaster_start_time() + w.lease < clock_timestamp();
  SELECT array_agg(t.id ORDER BY t.id), array_agg(t.attempt ORDER BY t.id) INTO v_jobs, v_attempts FROM (
    SELECT j.id, j.attempt FROM tolva.jobs j
    WHERE j.state = 'running' AND NOT EXISTS (SELECT FROM tolva.workers w WHERE w.id = j.worker_id)
    ORDER BY j.id LIMIT 1000) t; -- not locked here: `finish` does that in its order, and checks the attempts
  IF v_jobs IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT f.* FROM tolva.finish(
    v_jobs, v_attempts,
    array_fill('lost'::text, ARRAY[cardinality(v_jobs)]),
    array_fill(p_reason, ARRAY[cardinality(v_jobs)]),
    array_fill(0::double precision, ARRAY[cardinality(v_jobs)]),
    array_fill(NULL::jsonb, ARRAY[cardinality(v_jobs)]),
    p_most_losses) f;
END
$$;

ALTER FUNCTION tolva.rescue(p_reason jsonb, p_most_losses integer, p_jump double precision, p_latest timestamp with time zone) OWNER TO tolva_system;

CREATE FUNCTION tolva.roll(p_most integer) RETURNS SETOF bytea
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT h.beginning FROM (
    SELECT substr(k.hash, 1, 8) AS beginning FROM tolva.keys k
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    UNION ALL
    SELECT substr(s.hash, 1, 8) FROM tolva.sessions s WHERE s.expires_at > now()) h
  LIMIT p_most
$$;

ALTER FUNCTION tolva.roll(p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.running(p_worker uuid) RETURNS TABLE(job_id uuid, attempt integer, cancel_requested boolean)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT id, attempt, cancel_requested_at IS NOT NULL FROM tolva.jobs WHERE worker_id = p_worker AND state = 'running'
$$;

ALTER FUNCTION tolva.running(p_worker uuid) OWNER TO tolva_system;

CREATE FUNCTION tolva.session_holder(p_hash bytea) RETURNS TABLE(key_id uuid, tenant_id text, name text, role text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT k.id, k.tenant_id, k.name, k.role FROM tolva.sessions s
  JOIN tolva.keys k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
  WHERE s.hash = p_hash AND s.expires_at > now()
    AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
$$;

ALTER FUNCTION tolva.session_holder(p_hash bytea) OWNER TO tolva_system;

CREATE FUNCTION tolva.set_paused(p_queue text, p_paused boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  UPDATE tolva.queues SET paused_at = CASE WHEN p_paused THEN coalesce(paused_at, now()) END WHERE name = p_queue;
  RETURN FOUND;
END
$$;

ALTER FUNCTION tolva.set_paused(p_queue text, p_paused boolean) OWNER TO tolva_system;

CREATE FUNCTION tolva.silent_jobs(p_silent interval, p_most integer) RETURNS TABLE(id uuid, tenant_id text, queue text, kind text, silent double precision)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  SELECT j.id, j.tenant_id, j.queue, j.kind, extract(epoch FROM now() - j.updated_at)::double precision
  FROM tolva.jobs j WHERE j.state = 'running' AND j.updated_at < now() - p_silent
  ORDER BY j.updated_at LIMIT p_most
$$;

ALTER FUNCTION tolva.silent_jobs(p_silent interval, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.started_worker(p_id uuid, p_pid integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  UPDATE tolva.workers SET pid = p_pid WHERE id = p_id
$$;

ALTER FUNCTION tolva.started_worker(p_id uuid, p_pid integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.stuck_schedules(p_kinds text[], p_most integer) RETURNS TABLE(tenant_id text, name text, kind text, cron text, timezone text, trouble text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT s.tenant_id, s.name, s.kind, s.cron, s.timezone, s.trouble FROM tolva.schedules s
  WHERE s.paused_at IS NULL AND (s.kind <> ALL (p_kinds) OR s.trouble IS NOT NULL)
  ORDER BY s.tenant_id, s.name LIMIT p_most
$$;

ALTER FUNCTION tolva.stuck_schedules(p_kinds text[], p_most integer) OWNER TO tolva_system;

CREATE TABLE tolva.jobs (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    label text,
    priority smallint NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    losses integer DEFAULT 0 NOT NULL,
    max_attempts integer NOT NULL,
    soft_limit double precision NOT NULL,
    hard_limit double precision NOT NULL,
    run_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    worker_id uuid,
    cancel_requested_at timestamp with time zone,
    parent_id uuid,
    open_children integer DEFAULT 0 NOT NULL,
    unique_key text,
    unique_forever boolean DEFAULT false NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    params jsonb NOT NULL,
    progress jsonb DEFAULT '{}'::jsonb NOT NULL,
    checkpoint jsonb,
    result jsonb,
    error jsonb,
    answered_by uuid,
    undone_by uuid,
    trace text,
    CONSTRAINT children_are_counted CHECK ((open_children >= 0)),
    CONSTRAINT failed_has_error CHECK (((state <> 'failed'::text) OR (error IS NOT NULL))),
    CONSTRAINT failures_are_attempts CHECK (((failures >= 0) AND (failures <= attempt))),
    CONSTRAINT finished_has_time CHECK (((state = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT jobs_check CHECK ((hard_limit >= soft_limit)),
    CONSTRAINT jobs_max_attempts_check CHECK ((max_attempts > 0)),
    CONSTRAINT jobs_priority_check CHECK (((priority >= 0) AND (priority <= 9))),
    CONSTRAINT jobs_soft_limit_check CHECK ((soft_limit > (0)::double precision)),
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'waiting'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT running_has_started CHECK (((state <> 'running'::text) OR ((attempt > 0) AND (started_at IS NOT NULL)))),
    CONSTRAINT running_has_worker CHECK (((state = 'running'::text) = (worker_id IS NOT NULL))),
    CONSTRAINT waiting_has_children CHECK (((state <> 'waiting'::text) OR (open_children > 0)))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY tolva.jobs FORCE ROW LEVEL SECURITY;

CREATE FUNCTION tolva.tell_webhooks(p_job tolva.jobs) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  INSERT INTO tolva.webhook_outbox (tenant_id, webhook_id, event_id, type, at, data)
  SELECT w.tenant_id, w.id, e.id, 'job.' || p_job.state, p_job.finished_at, tolva.told_job(p_job)
  FROM tolva.webhooks w, (SELECT gen_random_uuid() AS id) e
  WHERE w.tenant_id = p_job.tenant_id AND w.active AND 'job.' || p_job.state = ANY (w.events)
    AND (w.kinds = '{}' OR p_job.kind = ANY (w.kinds)) AND (w.queues = '{}' OR p_job.queue = ANY (w.queues))
$$;

ALTER FUNCTION tolva.tell_webhooks(p_job tolva.jobs) OWNER TO tolva_system;

CREATE FUNCTION tolva.tenants_with_news() RETURNS SETOF text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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

ALTER FUNCTION tolva.tenants_with_news() OWNER TO tolva_system;

CREATE FUNCTION tolva.told_job(p_job tolva.jobs) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $_$
  SELECT jsonb_build_object('id', p_job.id, 'kind', p_job.kind, 'queue', p_job.queue, 'label', p_job.label,
    'state', p_job.state,
    'attempts', p_job.attempt, 'created_at', p_job.created_at, 'started_at', p_job.started_at,
    'finished_at', p_job.finished_at,
    'result', CASE WHEN octet_length(p_job.result::text) <= 65536
      AND NOT jsonb_path_exists(p_job.result, 'strict $.**{191}') THEN p_job.result END,
    'error', CASE WHEN p_job.error IS NOT NULL AND p_job.state <> 'completed' THEN jsonb_build_object(
      'type', p_job.error -> 'type', 'message', p_job.error -> 'message') END)
$_$;

ALTER FUNCTION tolva.told_job(p_job tolva.jobs) OWNER TO tolva_system;

CREATE FUNCTION tolva.uuid_at(p_moment timestamp with time zone) RETURNS uuid
    LANGUAGE sql STABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT (lpad(to_hex((greatest(extract(epoch FROM p_moment), 0) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

ALTER FUNCTION tolva.uuid_at(p_moment timestamp with time zone) OWNER TO tolva_system;

CREATE FUNCTION tolva.waiting_queues(p_queues text[]) RETURNS TABLE(queue text, seconds double precision)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  WITH RECURSIVE lane(queue, priority, tenant_id) AS (
    SELECT f.* FROM tolva.queues q CROSS JOIN LATERAL (
      SELECT j.queue, j.priority, j.tenant_id FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = q.name
      ORDER BY j.priority, j.tenant_id LIMIT 1) f
    WHERE q.name = ANY (p_queues) AND q.paused_at IS NULL
    UNION ALL
    SELECT l.queue, n.priority, n.tenant_id FROM lane l CROSS JOIN LATERAL (
      SELECT j.priority, j.tenant_id FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = l.queue AND (j.priority, j.tenant_id) > (l.priority, l.tenant_id)
      ORDER BY j.priority, j.tenant_id LIMIT 1) n
  ), head AS (
    SELECT l.queue, l.tenant_id, (
      SELECT j.run_at FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = l.queue AND j.priority = l.priority AND j.tenant_id = l.tenant_id
      ORDER BY j.run_at, j.id LIMIT 1) AS run_at
    FROM lane l
  )
  SELECT h.queue, min(extract(epoch FROM greatest(
      h.run_at,
      -- a tenant at its rate limit is not ready before its next token
      CASE WHEN n.rate IS NOT NULL THEN n.tokens_at + make_interval(secs => greatest(1 - n.tokens, 0) / n.rate) END
    ) - clock_timestamp()))::double precision
  FROM head h LEFT JOIN tolva.lanes n ON n.queue = h.queue AND n.tenant_id = h.tenant_id
  WHERE h.run_at IS NOT NULL AND n.paused_at IS NULL
  GROUP BY h.queue
$$;

ALTER FUNCTION tolva.waiting_queues(p_queues text[]) OWNER TO tolva_system;

CREATE FUNCTION tolva.webhook_deliveries(p_webhook text, p_before uuid, p_most integer) RETURNS SETOF tolva.jobs
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
  SELECT j.* FROM tolva.jobs j
  WHERE j.kind = 'webhook' AND j.params ->> 'webhook' >= p_webhook
    AND (j.params ->> 'webhook', j.id) < (p_webhook, coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    AND j.tenant_id = current_setting('app.tenant_id', true)
  ORDER BY j.params ->> 'webhook' DESC, j.id DESC LIMIT p_most
$$;

ALTER FUNCTION tolva.webhook_deliveries(p_webhook text, p_before uuid, p_most integer) OWNER TO tolva_system;

CREATE FUNCTION tolva.webhook_lines_aside(p_most integer) RETURNS TABLE(tenant_id text, webhook_id uuid, type text, at timestamp with time zone, set_aside text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
  SELECT o.tenant_id, o.webhook_id, o.type, o.at, o.set_aside FROM tolva.webhook_outbox o
  WHERE o.set_aside IS NOT NULL ORDER BY o.at DESC LIMIT p_most
$$;

ALTER FUNCTION tolva.webhook_lines_aside(p_most integer) OWNER TO tolva_system;

CREATE TABLE public.products (
    tenant_id text NOT NULL,
    proveedor_id text NOT NULL,
    codigo text NOT NULL,
    nombre text NOT NULL,
    descripcion text,
    categoria text,
    unidad text,
    laboratorio text,
    condiciones_almacenamiento text,
    precio numeric(14,4) NOT NULL,
    moneda text,
    stock bigint,
    certificado_sanitario text NOT NULL,
    tiempo_entrega_dias bigint NOT NULL,
    fecha_vencimiento date,
    pais text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT products_certificado_sanitario_filled CHECK ((certificado_sanitario <> ''::text)),
    CONSTRAINT products_codigo_filled CHECK ((codigo <> ''::text)),
    CONSTRAINT products_codigo_length CHECK ((char_length(codigo) <= 200)),
    CONSTRAINT products_nombre_filled CHECK ((nombre <> ''::text)),
    CONSTRAINT products_nombre_length CHECK ((char_length(nombre) <= 300)),
    CONSTRAINT products_precio_minimum CHECK ((precio >= (0)::numeric)),
    CONSTRAINT products_proveedor_id_filled CHECK ((proveedor_id <> ''::text)),
    CONSTRAINT products_proveedor_id_length CHECK ((char_length(proveedor_id) <= 200)),
    CONSTRAINT products_stock_minimum CHECK ((stock >= 0)),
    CONSTRAINT products_tenant_id_filled CHECK ((tenant_id <> ''::text)),
    CONSTRAINT products_tiempo_entrega_dias_maximum CHECK ((tiempo_entrega_dias <= 365)),
    CONSTRAINT products_tiempo_entrega_dias_minimum CHECK ((tiempo_entrega_dias >= 0))
);

ALTER TABLE ONLY public.products FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.audit (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    key_id uuid,
    action text NOT NULL,
    target text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE ONLY tolva.audit FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.dead_letters (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    tenant_id text NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    label text,
    params jsonb NOT NULL,
    error jsonb NOT NULL,
    attempts jsonb NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL,
    replayed_at timestamp with time zone,
    dismissed_at timestamp with time zone,
    dismissed_by text,
    CONSTRAINT dismissed_by_somebody CHECK (((dismissed_at IS NULL) = (dismissed_by IS NULL)))
);

ALTER TABLE ONLY tolva.dead_letters FORCE ROW LEVEL SECURITY;

ALTER TABLE tolva.dead_letters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tolva.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tolva.idempotency (
    tenant_id text NOT NULL,
    key text NOT NULL,
    asked bytea NOT NULL,
    answer jsonb,
    made_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY tolva.idempotency FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.job_events (
    job_id uuid NOT NULL,
    seq bigint NOT NULL,
    tenant_id text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    type text NOT NULL,
    data jsonb
);

ALTER TABLE ONLY tolva.job_events FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.job_words (
    tenant_id text NOT NULL,
    job_id uuid NOT NULL,
    words tsvector NOT NULL
);

ALTER TABLE ONLY tolva.job_words FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.keys (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    hash bytea NOT NULL,
    beginning text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT keys_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
);

ALTER TABLE ONLY tolva.keys FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.lanes (
    queue text NOT NULL,
    tenant_id text NOT NULL,
    weight double precision DEFAULT 1 NOT NULL,
    served double precision DEFAULT '-Infinity'::double precision NOT NULL,
    rate double precision,
    burst double precision DEFAULT 1 NOT NULL,
    tokens double precision DEFAULT 0 NOT NULL,
    tokens_at timestamp with time zone DEFAULT now() NOT NULL,
    paused_at timestamp with time zone,
    CONSTRAINT lanes_burst_check CHECK ((burst >= (1)::double precision)),
    CONSTRAINT lanes_rate_check CHECK ((rate > (0)::double precision)),
    CONSTRAINT lanes_weight_check CHECK ((weight > (0)::double precision))
);

ALTER TABLE ONLY tolva.lanes FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.load_ledger (
    job_id uuid NOT NULL,
    last_row bigint NOT NULL,
    tenant_id text NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    unchanged bigint NOT NULL,
    created_keys text[] NOT NULL,
    created_hashes bigint[] NOT NULL,
    changed_rows bigint[] NOT NULL,
    changed_keys text[] NOT NULL,
    fields text[] NOT NULL,
    was text[] NOT NULL,
    became text[] NOT NULL,
    left_created integer[],
    left_changed integer[],
    touched integer GENERATED ALWAYS AS ((cardinality(created_keys) + cardinality(changed_keys))) STORED NOT NULL,
    stands integer GENERATED ALWAYS AS (COALESCE((cardinality(left_created) + cardinality(left_changed)), (cardinality(created_keys) + cardinality(changed_keys)))) STORED NOT NULL
);
ALTER TABLE ONLY tolva.load_ledger ALTER COLUMN created_keys SET STORAGE EXTERNAL;
ALTER TABLE ONLY tolva.load_ledger ALTER COLUMN created_hashes SET STORAGE EXTERNAL;
ALTER TABLE ONLY tolva.load_ledger ALTER COLUMN changed_rows SET STORAGE EXTERNAL;
ALTER TABLE ONLY tolva.load_ledger ALTER COLUMN changed_keys SET STORAGE EXTERNAL;
ALTER TABLE ONLY tolva.load_ledger ALTER COLUMN was SET STORAGE EXTERNAL;
ALTER TABLE ONLY tolva.load_ledger ALTER COLUMN became SET STORAGE EXTERNAL;

ALTER TABLE ONLY tolva.load_ledger FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.locales (
    tenant_id text NOT NULL,
    schema text NOT NULL,
    files text NOT NULL,
    outline jsonb NOT NULL,
    constants jsonb NOT NULL,
    locale text,
    job_id uuid NOT NULL
);

ALTER TABLE ONLY tolva.locales FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.mappings (
    tenant_id text NOT NULL,
    schema text NOT NULL,
    shape text NOT NULL,
    name text NOT NULL,
    field text,
    outline jsonb,
    job_id uuid NOT NULL,
    CONSTRAINT mappings_check CHECK (((shape = ''::text) = (outline IS NULL)))
);

ALTER TABLE ONLY tolva.mappings FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.migrations (
    module text NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE tolva.queues (
    name text NOT NULL,
    paused_at timestamp with time zone,
    clock double precision DEFAULT 0 NOT NULL,
    clock_lately double precision DEFAULT 0 NOT NULL,
    clock_noted double precision DEFAULT 0 NOT NULL,
    noted_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

CREATE TABLE tolva.resumable_pieces (
    upload_id uuid NOT NULL,
    start bigint NOT NULL,
    tenant_id text NOT NULL,
    blob text NOT NULL,
    size bigint NOT NULL,
    blake3 text NOT NULL
);

ALTER TABLE ONLY tolva.resumable_pieces FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.resumable_uploads (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    length bigint NOT NULL,
    "offset" bigint DEFAULT 0 NOT NULL,
    arrival jsonb NOT NULL,
    job_id uuid,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT resumable_uploads_check CHECK ((("offset" >= 0) AND ("offset" <= length))),
    CONSTRAINT resumable_uploads_check1 CHECK (((job_id IS NOT NULL) = ("offset" = length))),
    CONSTRAINT resumable_uploads_length_check CHECK ((length > 0))
);

ALTER TABLE ONLY tolva.resumable_uploads FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.row_errors (
    job_id uuid NOT NULL,
    "row" bigint NOT NULL,
    n integer NOT NULL,
    tenant_id text NOT NULL,
    "column" text,
    value text,
    code text NOT NULL,
    message text NOT NULL,
    key jsonb
);

ALTER TABLE ONLY tolva.row_errors FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.schedules (
    tenant_id text NOT NULL,
    name text NOT NULL,
    cron text NOT NULL,
    timezone text NOT NULL,
    missed text DEFAULT 'all'::text NOT NULL,
    kind text NOT NULL,
    queue text NOT NULL,
    priority smallint NOT NULL,
    max_attempts integer NOT NULL,
    soft_limit double precision NOT NULL,
    hard_limit double precision NOT NULL,
    params jsonb NOT NULL,
    paused_at timestamp with time zone,
    last_at timestamp with time zone,
    next_at timestamp with time zone NOT NULL,
    trouble text,
    look_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schedules_missed_check CHECK ((missed = ANY (ARRAY['all'::text, 'latest'::text]))),
    CONSTRAINT schedules_priority_check CHECK (((priority >= 0) AND (priority <= 9)))
);

ALTER TABLE ONLY tolva.schedules FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.schemas (
    tenant_id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    document jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY tolva.schemas FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.sessions (
    hash bytea NOT NULL,
    tenant_id text NOT NULL,
    key_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY tolva.sessions FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.unclaimed_files (
    blob uuid NOT NULL,
    tenant_id text NOT NULL
);

ALTER TABLE ONLY tolva.unclaimed_files FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.uploads (
    job_id uuid NOT NULL,
    tenant_id text NOT NULL,
    schema text NOT NULL,
    schema_version integer DEFAULT 0 NOT NULL,
    filename text NOT NULL,
    kind text NOT NULL,
    blob text NOT NULL,
    size bigint NOT NULL,
    blake3 text NOT NULL,
    constants jsonb NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    settled jsonb,
    corrects uuid,
    received_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY tolva.uploads FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.webhook_outbox (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    set_aside text
);

ALTER TABLE ONLY tolva.webhook_outbox FORCE ROW LEVEL SECURITY;

ALTER TABLE tolva.webhook_outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tolva.webhook_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tolva.webhooks (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    url text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    events text[] NOT NULL,
    kinds text[] DEFAULT '{}'::text[] NOT NULL,
    queues text[] DEFAULT '{}'::text[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    off_because text,
    secret text NOT NULL,
    old_secret text,
    old_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhooks_events_check CHECK ((cardinality(events) > 0))
);

ALTER TABLE ONLY tolva.webhooks FORCE ROW LEVEL SECURITY;

CREATE TABLE tolva.workers (
    id uuid NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    crew text,
    queues text[] NOT NULL,
    deaf text,
    lease interval NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (tenant_id, proveedor_id, codigo);

ALTER TABLE ONLY tolva.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY tolva.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tolva.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, key);

ALTER TABLE ONLY tolva.job_events
    ADD CONSTRAINT job_events_pkey PRIMARY KEY (job_id, seq);

ALTER TABLE ONLY tolva.job_words
    ADD CONSTRAINT job_words_pkey PRIMARY KEY (tenant_id, job_id);

ALTER TABLE ONLY tolva.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tolva.keys
    ADD CONSTRAINT keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY tolva.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY tolva.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (queue, tenant_id);

ALTER TABLE ONLY tolva.load_ledger
    ADD CONSTRAINT load_ledger_pkey PRIMARY KEY (job_id, last_row);

ALTER TABLE ONLY tolva.locales
    ADD CONSTRAINT locales_pkey PRIMARY KEY (tenant_id, schema, files, job_id);

ALTER TABLE ONLY tolva.mappings
    ADD CONSTRAINT mappings_pkey PRIMARY KEY (tenant_id, schema, shape, name, job_id);

ALTER TABLE ONLY tolva.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (module, name);

ALTER TABLE ONLY tolva.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (name);

ALTER TABLE ONLY tolva.resumable_pieces
    ADD CONSTRAINT resumable_pieces_pkey PRIMARY KEY (upload_id, start);

ALTER TABLE ONLY tolva.resumable_uploads
    ADD CONSTRAINT resumable_uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tolva.row_errors
    ADD CONSTRAINT row_errors_pkey PRIMARY KEY (job_id, "row", n);

ALTER TABLE ONLY tolva.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (tenant_id, name);

ALTER TABLE ONLY tolva.schemas
    ADD CONSTRAINT schemas_pkey PRIMARY KEY (tenant_id, name, version);

ALTER TABLE ONLY tolva.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY tolva.unclaimed_files
    ADD CONSTRAINT unclaimed_files_pkey PRIMARY KEY (blob);

ALTER TABLE ONLY tolva.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY tolva.webhook_outbox
    ADD CONSTRAINT webhook_outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tolva.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tolva.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);

CREATE INDEX audit_of_action ON tolva.audit USING btree (tenant_id, action, id);

CREATE INDEX audit_of_actor ON tolva.audit USING btree (tenant_id, actor, id);

CREATE INDEX audit_of_target ON tolva.audit USING btree (tenant_id, target, id);

CREATE INDEX dead_letters_job ON tolva.dead_letters USING btree (job_id);

CREATE INDEX dead_letters_newest ON tolva.dead_letters USING btree (tenant_id, failed_at, id) WHERE ((replayed_at IS NULL) AND (dismissed_at IS NULL));

CREATE INDEX dead_letters_open ON tolva.dead_letters USING btree (tenant_id, queue, kind, failed_at, id) WHERE ((replayed_at IS NULL) AND (dismissed_at IS NULL));

CREATE INDEX idempotency_age ON tolva.idempotency USING btree (made_at);

CREATE INDEX job_words_words ON tolva.job_words USING gin (words) WITH (gin_pending_list_limit='256');

CREATE INDEX jobs_asked ON tolva.jobs USING btree (tenant_id, queue, finished_at) WHERE ((state = 'failed'::text) AND ((error ->> 'type'::text) = 'Unanswered'::text));

CREATE INDEX jobs_children ON tolva.jobs USING btree (parent_id, id) WHERE (parent_id IS NOT NULL);

CREATE INDEX jobs_finished ON tolva.jobs USING btree (tenant_id, queue, state, finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX jobs_listed ON tolva.jobs USING btree (tenant_id, queue, kind, state, id);

CREATE INDEX jobs_of_webhook ON tolva.jobs USING btree (((params ->> 'webhook'::text)), id) WHERE (kind = 'webhook'::text);

CREATE INDEX jobs_open_question ON tolva.jobs USING btree (tenant_id, id) WHERE ((state = 'failed'::text) AND ((error ->> 'type'::text) = 'Unanswered'::text) AND (NOT (error ? 'answered_by'::text)));

CREATE INDEX jobs_queued ON tolva.jobs USING btree (queue, priority, tenant_id, run_at, id) WHERE (state = 'queued'::text);

CREATE INDEX jobs_running ON tolva.jobs USING btree (worker_id) WHERE (state = 'running'::text);

CREATE UNIQUE INDEX jobs_unique_forever ON tolva.jobs USING btree (tenant_id, unique_key) WHERE ((unique_key IS NOT NULL) AND unique_forever);

CREATE UNIQUE INDEX jobs_unique_open ON tolva.jobs USING btree (tenant_id, unique_key) WHERE ((unique_key IS NOT NULL) AND (NOT unique_forever) AND (state = ANY (ARRAY['queued'::text, 'running'::text, 'waiting'::text])));

CREATE INDEX jobs_waiting ON tolva.jobs USING btree (queue) WHERE (state = 'waiting'::text);

CREATE INDEX resumable_uploads_expiry ON tolva.resumable_uploads USING btree (expires_at);

CREATE INDEX resumable_uploads_tenant ON tolva.resumable_uploads USING btree (tenant_id) WHERE (job_id IS NULL);

CREATE INDEX schedules_due ON tolva.schedules USING btree (kind, next_at) WHERE (paused_at IS NULL);

CREATE INDEX sessions_expire ON tolva.sessions USING btree (expires_at);

CREATE INDEX sessions_of_key ON tolva.sessions USING btree (tenant_id, key_id, created_at);

CREATE INDEX uploads_blob ON tolva.uploads USING btree (blob);

CREATE INDEX uploads_content ON tolva.uploads USING btree (tenant_id, blake3);

CREATE INDEX uploads_schema ON tolva.uploads USING btree (tenant_id, schema, job_id);

CREATE INDEX uploads_tenant ON tolva.uploads USING btree (tenant_id, job_id);

CREATE INDEX webhook_outbox_aside ON tolva.webhook_outbox USING btree (at) WHERE (set_aside IS NOT NULL);

CREATE INDEX webhook_outbox_of_tenant ON tolva.webhook_outbox USING btree (tenant_id, id) WHERE (set_aside IS NULL);

CREATE INDEX webhook_outbox_of_webhook ON tolva.webhook_outbox USING btree (webhook_id);

CREATE INDEX webhooks_listening ON tolva.webhooks USING btree (tenant_id) WHERE active;

CREATE INDEX webhooks_of_tenant ON tolva.webhooks USING btree (tenant_id, id);

CREATE TRIGGER hear_webhooks AFTER UPDATE ON tolva.jobs FOR EACH ROW WHEN (((old.finished_at IS NULL) AND (new.finished_at IS NOT NULL) AND (new.kind <> 'webhook'::text))) EXECUTE FUNCTION tolva.hear_webhooks();

ALTER TABLE ONLY tolva.resumable_pieces
    ADD CONSTRAINT resumable_pieces_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES tolva.resumable_uploads(id) ON DELETE CASCADE;

CREATE POLICY own_tenant ON public.products TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

ALTER TABLE public.products ENABLE ROW LEVEL SECURITY;

CREATE POLICY all_tenants ON tolva.audit TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.dead_letters TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.idempotency TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.job_events TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.job_words TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.jobs TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.keys TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.lanes TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.load_ledger TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.locales TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.mappings TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.resumable_pieces TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.resumable_uploads TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.row_errors TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.schedules TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.schemas TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.sessions TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.unclaimed_files TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.uploads TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.webhook_outbox TO tolva_system USING (true);

CREATE POLICY all_tenants ON tolva.webhooks TO tolva_system USING (true);

ALTER TABLE tolva.audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.dead_letters ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.idempotency ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.job_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.job_words ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.lanes ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.load_ledger ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.locales ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.mappings ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_tenant ON tolva.audit TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.dead_letters TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.idempotency TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.job_events TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.job_words TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.jobs TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.keys TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.lanes TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.load_ledger TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.locales TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.mappings TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.resumable_pieces TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.resumable_uploads TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.row_errors TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.schedules TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.schemas TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.sessions TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.unclaimed_files TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.uploads TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.webhook_outbox TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

CREATE POLICY own_tenant ON tolva.webhooks TO tolva_app USING ((tenant_id = current_setting('app.tenant_id'::text, true)));

ALTER TABLE tolva.resumable_pieces ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.resumable_uploads ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.row_errors ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.schedules ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.schemas ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.unclaimed_files ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.uploads ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.webhook_outbox ENABLE ROW LEVEL SECURITY;

ALTER TABLE tolva.webhooks ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA tolva TO tolva_app;
GRANT ALL ON SCHEMA tolva TO tolva_system;

REVOKE ALL ON FUNCTION tolva.abandoned_uploads(p_kept interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.abandoned_uploads(p_kept interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.beat(p_workers uuid[], p_jump double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.beat(p_workers uuid[], p_jump double precision) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.cancel_children(p_parents uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.cancel_jobs(p_jobs uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.cancel_jobs(p_jobs uuid[]) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.child_ended(p_children uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.claim(p_worker uuid, p_queue text, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.claim(p_worker uuid, p_queue text, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.count_ahead(p_job uuid, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.count_ahead(p_job uuid, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.count_asked(p_queue text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.count_asked(p_queue text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.count_finished(p_queue text, p_state text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.count_finished(p_queue text, p_state text, p_from timestamp with time zone, p_before timestamp with time zone, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.count_lines(p_states text[], p_queues text[], p_kinds text[], p_low uuid, p_high uuid, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.count_lines(p_states text[], p_queues text[], p_kinds text[], p_low uuid, p_high uuid, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.count_queued(p_queue text, p_after timestamp with time zone, p_until timestamp with time zone, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.count_queued(p_queue text, p_after timestamp with time zone, p_until timestamp with time zone, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.due_schedules(p_kinds text[], p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.due_schedules(p_kinds text[], p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.ended_since(p_states text[], p_queues text[], p_kinds text[], p_since timestamp with time zone, p_most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.expired_uploads(p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.expired_uploads(p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.find_jobs(p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_ended timestamp with time zone, p_words tsquery, p_open_question boolean, p_walk boolean, p_most integer, OUT ids uuid[], OUT reached uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.find_jobs(p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_ended timestamp with time zone, p_words tsquery, p_open_question boolean, p_walk boolean, p_most integer, OUT ids uuid[], OUT reached uuid) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.find_letters(p_queues text[], p_kinds text[], p_first uuid, p_end uuid, p_words tsquery, p_before timestamp with time zone, p_before_id bigint, p_most integer, OUT ids bigint[], OUT reached_at timestamp with time zone, OUT reached bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.find_letters(p_queues text[], p_kinds text[], p_first uuid, p_end uuid, p_words tsquery, p_before timestamp with time zone, p_before_id bigint, p_most integer, OUT ids bigint[], OUT reached_at timestamp with time zone, OUT reached bigint) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.finish(p_jobs uuid[], p_attempts integer[], p_verbs text[], p_payloads jsonb[], p_delays double precision[], p_progress jsonb[], p_most_losses integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.finish(p_jobs uuid[], p_attempts integer[], p_verbs text[], p_payloads jsonb[], p_delays double precision[], p_progress jsonb[], p_most_losses integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.fire_schedule(p_tenant text, p_name text, p_words text, p_tick timestamp with time zone, p_from timestamp with time zone, p_next timestamp with time zone, p_job uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.fire_schedule(p_tenant text, p_name text, p_words text, p_tick timestamp with time zone, p_from timestamp with time zone, p_next timestamp with time zone, p_job uuid) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.first_queued(p_queue text, p_after timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.first_queued(p_queue text, p_after timestamp with time zone) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.forget_expired_uploads(p_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.forget_expired_uploads(p_ids uuid[]) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.forget_unclaimed(p_age interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.forget_unclaimed(p_age interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.forget_uploads(p_jobs uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.forget_uploads(p_jobs uuid[]) TO tolva_app;

REVOKE ALL ON PROCEDURE tolva.guard(IN p_table regclass, IN p_app text, IN p_system text) FROM PUBLIC;

REVOKE ALL ON PROCEDURE tolva.hand_over() FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.has_keys() FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.has_keys() TO tolva_app;

REVOKE ALL ON FUNCTION tolva.hear_webhooks() FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.in_short(p_object jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.in_short(p_object jsonb) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.job_lines(p_states text[], p_queues text[], p_kinds text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.job_lines(p_states text[], p_queues text[], p_kinds text[]) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.join_worker(p_id uuid, p_host text, p_pid integer, p_queues text[], p_lease interval, p_crew text) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.join_worker(p_id uuid, p_host text, p_pid integer, p_queues text[], p_lease interval, p_crew text) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.key_holder(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.key_holder(p_hash bytea) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.key_overview(p_soon interval) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.key_overview(p_soon interval) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.leave_worker(p_worker uuid, p_reason jsonb, p_culprit uuid, p_culprit_error jsonb, p_delay double precision, p_verb text, p_most_losses integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.leave_worker(p_worker uuid, p_reason jsonb, p_culprit uuid, p_culprit_error jsonb, p_delay double precision, p_verb text, p_most_losses integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.letter_lines(p_queues text[], p_kinds text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.letter_lines(p_queues text[], p_kinds text[]) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.metrics() FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.metrics() TO tolva_app;

REVOKE ALL ON FUNCTION tolva.newest_among(p_jobs uuid[], p_kinds text[], p_low uuid, p_high uuid, p_words tsquery, p_most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.news(p_tenants text[], p_jobs uuid[], p_after bigint[], p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.news(p_tenants text[], p_jobs uuid[], p_after bigint[], p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.note_deaf(p_workers uuid[], p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.note_deaf(p_workers uuid[], p_reason text) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.open_queues(p_names text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.open_queues(p_names text[]) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.prune(p_finished interval, p_failed interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.prune(p_finished interval, p_failed interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.prune_access(p_kept interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.prune_access(p_kept interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.prune_requests(p_kept interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.prune_requests(p_kept interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.prune_webhook_lines(p_kept interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.prune_webhook_lines(p_kept interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.queue_depth(p_queue text) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.queue_depth(p_queue text) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.replay_jobs(p_jobs uuid[], p_run_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.replay_jobs(p_jobs uuid[], p_run_at timestamp with time zone) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.rescue(p_reason jsonb, p_most_losses integer, p_jump double precision, p_latest timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.rescue(p_reason jsonb, p_most_losses integer, p_jump double precision, p_latest timestamp with time zone) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.roll(p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.roll(p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.running(p_worker uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.running(p_worker uuid) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.session_holder(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.session_holder(p_hash bytea) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.set_paused(p_queue text, p_paused boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.set_paused(p_queue text, p_paused boolean) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.silent_jobs(p_silent interval, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.silent_jobs(p_silent interval, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.started_worker(p_id uuid, p_pid integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.started_worker(p_id uuid, p_pid integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.stuck_schedules(p_kinds text[], p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.stuck_schedules(p_kinds text[], p_most integer) TO tolva_app;

GRANT SELECT,INSERT,UPDATE ON TABLE tolva.jobs TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.jobs TO tolva_system;

REVOKE ALL ON FUNCTION tolva.tell_webhooks(p_job tolva.jobs) FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.tenants_with_news() FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.tenants_with_news() TO tolva_app;

REVOKE ALL ON FUNCTION tolva.told_job(p_job tolva.jobs) FROM PUBLIC;

REVOKE ALL ON FUNCTION tolva.uuid_at(p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.uuid_at(p_moment timestamp with time zone) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.waiting_queues(p_queues text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.waiting_queues(p_queues text[]) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.webhook_deliveries(p_webhook text, p_before uuid, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.webhook_deliveries(p_webhook text, p_before uuid, p_most integer) TO tolva_app;

REVOKE ALL ON FUNCTION tolva.webhook_lines_aside(p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION tolva.webhook_lines_aside(p_most integer) TO tolva_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.products TO tolva_app;

GRANT SELECT,INSERT ON TABLE tolva.audit TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.audit TO tolva_system;

GRANT SELECT,INSERT,UPDATE ON TABLE tolva.dead_letters TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.dead_letters TO tolva_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.idempotency TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.idempotency TO tolva_system;

GRANT SELECT,INSERT,UPDATE ON TABLE tolva.job_events TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.job_events TO tolva_system;

GRANT SELECT,INSERT ON TABLE tolva.job_words TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.job_words TO tolva_system;

GRANT SELECT,INSERT ON TABLE tolva.keys TO tolva_app;
GRANT SELECT,UPDATE ON TABLE tolva.keys TO tolva_system;

GRANT UPDATE(revoked_at) ON TABLE tolva.keys TO tolva_app;

GRANT SELECT,INSERT,UPDATE ON TABLE tolva.lanes TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.lanes TO tolva_system;

GRANT SELECT,INSERT ON TABLE tolva.load_ledger TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.load_ledger TO tolva_system;

GRANT UPDATE(left_created) ON TABLE tolva.load_ledger TO tolva_app;

GRANT UPDATE(left_changed) ON TABLE tolva.load_ledger TO tolva_app;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.locales TO tolva_app;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.mappings TO tolva_app;

GRANT SELECT ON TABLE tolva.migrations TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.migrations TO tolva_system;

GRANT SELECT ON TABLE tolva.queues TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.queues TO tolva_system;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.resumable_pieces TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.resumable_pieces TO tolva_system;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.resumable_uploads TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.resumable_uploads TO tolva_system;

GRANT UPDATE("offset") ON TABLE tolva.resumable_uploads TO tolva_app;

GRANT UPDATE(job_id) ON TABLE tolva.resumable_uploads TO tolva_app;

GRANT UPDATE(expires_at) ON TABLE tolva.resumable_uploads TO tolva_app;

GRANT SELECT,INSERT ON TABLE tolva.row_errors TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.row_errors TO tolva_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.schedules TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.schedules TO tolva_system;

GRANT SELECT,INSERT ON TABLE tolva.schemas TO tolva_app;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.sessions TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.sessions TO tolva_system;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.unclaimed_files TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.unclaimed_files TO tolva_system;

GRANT SELECT,INSERT ON TABLE tolva.uploads TO tolva_app;
GRANT SELECT,DELETE ON TABLE tolva.uploads TO tolva_system;

GRANT UPDATE(settled) ON TABLE tolva.uploads TO tolva_app;

GRANT SELECT,DELETE,UPDATE ON TABLE tolva.webhook_outbox TO tolva_app;
GRANT SELECT,INSERT,DELETE ON TABLE tolva.webhook_outbox TO tolva_system;

GRANT SELECT,INSERT,DELETE ON TABLE tolva.webhooks TO tolva_app;
GRANT SELECT ON TABLE tolva.webhooks TO tolva_system;

GRANT UPDATE(url) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(description) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(events) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(kinds) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(queues) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(active) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(off_because) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(secret) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(old_secret) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(old_until) ON TABLE tolva.webhooks TO tolva_app;

GRANT UPDATE(updated_at) ON TABLE tolva.webhooks TO tolva_app;

GRANT SELECT ON TABLE tolva.workers TO tolva_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tolva.workers TO tolva_system;
