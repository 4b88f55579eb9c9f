-- What lists, searches and counts read. All of it is of the tenant of the transaction. They are functions because under
-- row-level security an index may be searched only by operators that cannot leak what they see, and neither words nor
-- the order of texts is among those; and because each has a plan that must not depend on guesses about the data.
-- They find ids; whoever asks then reads the rows under row-level security.

-- What a list shows of an object: numbers, truths and short texts. Of a very large one nothing, which would have to be
-- fetched from where PostgreSQL keeps what is large.
CREATE FUNCTION tolva.in_short(p_object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_column_size(p_object) > 100000 THEN '{}' ELSE coalesce((
    SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(p_object) e
    WHERE jsonb_typeof(e.value) IN ('number', 'boolean')
      OR jsonb_typeof(e.value) = 'string' AND length(e.value #>> '{}') <= 200), '{}') END
$$;

-- The queues, kinds and states that the tenant has jobs in, out of those asked for (NULL: any).
CREATE FUNCTION tolva.job_lines(p_states text[], p_queues text[], p_kinds text[])
RETURNS TABLE (queue text, kind text, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
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

-- How many jobs match, with ids from p_low to below p_high; counted up to p_most.
CREATE FUNCTION tolva.count_lines(
  p_states text[], p_queues text[], p_kinds text[], p_low uuid, p_high uuid, p_most integer) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.job_lines(p_states, p_queues, p_kinds) l CROSS JOIN LATERAL (
      SELECT FROM tolva.jobs j
      WHERE j.tenant_id = current_setting('app.tenant_id', true)
        AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state AND j.id >= p_low AND j.id < p_high
      LIMIT p_most) h
    LIMIT p_most) t
$$;

-- The newest p_most jobs that match. NULL asks for anything; without an upper bound p_high is the greatest id.
-- p_words is what must be in the label, as words.py writes it.
-- What is looked at one by one is so in sub-selects, which no plan can turn into a join of everything with everything.
CREATE FUNCTION tolva.find_jobs(
  p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_words tsquery,
  p_most integer)
RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_seqscan = off SET work_mem = '16MB' AS $$
DECLARE
  v_tenant CONSTANT text := current_setting('app.tenant_id', true);
  v_few CONSTANT integer := 10000; -- candidates that are looked at one by one at first
  v_many CONSTANT integer := 30000; -- and that may be, where that finds too few
  v_found uuid[];
  v_reached uuid;
BEGIN
  IF p_parent IS NOT NULL THEN
    RETURN QUERY
    SELECT j.id FROM tolva.jobs j
    WHERE j.parent_id = p_parent AND j.tenant_id = v_tenant AND j.id >= p_low AND j.id < p_high
      AND (p_states IS NULL OR j.state = ANY (p_states))
      AND (p_queues IS NULL OR j.queue = ANY (p_queues))
      AND (p_kinds IS NULL OR j.kind = ANY (p_kinds))
      AND (p_words IS NULL OR coalesce((
        SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = j.id), false))
    ORDER BY j.id DESC LIMIT p_most;
    RETURN;
  END IF;

  IF p_words IS NULL THEN
    -- The newest of each line, and the newest of these.
    RETURN QUERY
    SELECT h.id FROM tolva.job_lines(p_states, p_queues, p_kinds) l CROSS JOIN LATERAL (
      SELECT j.id FROM tolva.jobs j
      WHERE j.tenant_id = v_tenant AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state
        AND j.id >= p_low AND j.id < p_high
      ORDER BY j.id DESC LIMIT p_most) h
    ORDER BY h.id DESC LIMIT p_most;
    RETURN;
  END IF;

  -- Common words are among the newest: of all labels, or of the jobs that match otherwise.
  IF p_states IS NULL AND p_queues IS NULL AND p_kinds IS NULL THEN
    WITH newest AS MATERIALIZED (
      SELECT w.job_id, w.words FROM tolva.job_words w
      WHERE w.tenant_id = v_tenant AND w.job_id >= p_low AND w.job_id < p_high
      ORDER BY w.job_id DESC LIMIT v_few
    )
    SELECT (SELECT n.job_id FROM newest n OFFSET v_few - 1), ARRAY(
      SELECT n.job_id FROM newest n WHERE n.words @@ p_words ORDER BY n.job_id DESC LIMIT p_most)
    INTO v_reached, v_found;
  ELSE
    WITH line AS MATERIALIZED (
      SELECT l.queue, l.kind, l.state, greatest(least(v_few, 2 * v_few / count(*) OVER ()), 1) AS share
      FROM tolva.job_lines(p_states, p_queues, p_kinds) l
    ), newest AS MATERIALIZED (
      SELECT h.id, h.place = l.share AS is_last FROM line l CROSS JOIN LATERAL (
        SELECT j.id, row_number() OVER (ORDER BY j.id DESC) AS place FROM tolva.jobs j
        WHERE j.tenant_id = v_tenant AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state
          AND j.id >= p_low AND j.id < p_high
        ORDER BY j.id DESC LIMIT l.share) h
    ), reached AS MATERIALIZED (
      -- all that match are known down to where the first line was left that goes on
      SELECT (SELECT n.id FROM newest n WHERE n.is_last ORDER BY n.id DESC LIMIT 1) AS id
    )
    SELECT r.id, ARRAY(
      SELECT n.id FROM (SELECT n.id FROM newest n ORDER BY n.id DESC OFFSET 0) n
      WHERE n.id >= coalesce(r.id, p_low) AND coalesce((
        SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = n.id), false)
      ORDER BY n.id DESC LIMIT p_most)
    FROM reached r INTO v_reached, v_found;
  END IF;
  IF v_reached IS NULL OR cardinality(v_found) = p_most THEN
    RETURN QUERY SELECT unnest(v_found);
    RETURN;
  END IF;

  IF tolva.count_lines(p_states, p_queues, p_kinds, p_low, p_high, v_many) < v_many THEN
    -- Not very many jobs besides the words: look at the words of each.
    RETURN QUERY
    SELECT h.id FROM tolva.job_lines(p_states, p_queues, p_kinds) l CROSS JOIN LATERAL (
      SELECT j.id FROM tolva.jobs j
      WHERE j.tenant_id = v_tenant AND j.queue = l.queue AND j.kind = l.kind AND j.state = l.state
        AND j.id >= p_low AND j.id < p_high
      LIMIT v_many) h
    WHERE coalesce((
      SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = h.id), false)
    ORDER BY h.id DESC LIMIT p_most;
    RETURN;
  END IF;

  -- Else only the index of the words can know. A search of it names neither tenant nor time, so that no other index
  -- tempts; the mark of the tenant is in the words.
  RETURN QUERY SELECT unnest(v_found);
  RETURN QUERY
  WITH matching AS MATERIALIZED (
    SELECT w.job_id FROM tolva.job_words w WHERE w.words @@ p_words
  )
  SELECT o.job_id FROM (
    SELECT m.job_id FROM matching m WHERE m.job_id >= p_low AND m.job_id < v_reached ORDER BY m.job_id DESC OFFSET 0) o
  WHERE coalesce((
    SELECT j.tenant_id = v_tenant AND (p_states IS NULL OR j.state = ANY (p_states))
      AND (p_queues IS NULL OR j.queue = ANY (p_queues)) AND (p_kinds IS NULL OR j.kind = ANY (p_kinds))
    FROM tolva.jobs j WHERE j.id = o.job_id), false)
  ORDER BY o.job_id DESC LIMIT p_most - cardinality(v_found);
END
$$;

-- How many jobs match, counted up to p_most.
CREATE FUNCTION tolva.count_jobs(
  p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_words tsquery,
  p_most integer)
RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    -- not the newest, which would have to be found among those of all lines
    WHEN p_parent IS NULL AND p_words IS NULL
      THEN tolva.count_lines(p_states, p_queues, p_kinds, p_low, p_high, p_most)
    ELSE (SELECT count(*)::integer
      FROM tolva.find_jobs(p_states, p_queues, p_kinds, p_parent, p_low, p_high, p_words, p_most))
  END
$$;

-- The queues and kinds that the tenant has open dead letters of, out of those asked for (NULL: any).
CREATE FUNCTION tolva.letter_lines(p_queues text[], p_kinds text[]) RETURNS TABLE (queue text, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
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

-- The newest p_most open dead letters that match, before the letter p_before_id of the time p_before (NULL: from the
-- newest on). With p_first, those of the jobs from there to below p_end. It goes about it as find_jobs.
CREATE FUNCTION tolva.find_letters(
  p_queues text[], p_kinds text[], p_first uuid, p_end uuid, p_words tsquery, p_before timestamptz, p_before_id bigint,
  p_most integer)
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_seqscan = off SET work_mem = '16MB' AS $$
DECLARE
  v_tenant CONSTANT text := current_setting('app.tenant_id', true);
  v_before CONSTANT timestamptz := coalesce(p_before, 'infinity');
  v_before_id CONSTANT bigint := coalesce(p_before_id, 0);
  v_few CONSTANT integer := 10000; -- letters that may be looked at one by one
  v_letters bigint[];
  v_found bigint[];
BEGIN
  IF p_first IS NOT NULL THEN
    RETURN QUERY
    SELECT d.id FROM tolva.dead_letters d
    WHERE d.job_id >= p_first AND d.job_id < p_end AND d.tenant_id = v_tenant
      AND d.replayed_at IS NULL AND d.dismissed_at IS NULL AND (d.failed_at, d.id) < (v_before, v_before_id)
      AND (p_queues IS NULL OR d.queue = ANY (p_queues)) AND (p_kinds IS NULL OR d.kind = ANY (p_kinds))
    ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most;
    RETURN;
  END IF;

  IF p_words IS NULL THEN
    RETURN QUERY
    SELECT h.id FROM tolva.letter_lines(p_queues, p_kinds) l CROSS JOIN LATERAL (
      SELECT d.failed_at, d.id FROM tolva.dead_letters d
      WHERE d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
        AND d.queue = l.queue AND d.kind = l.kind AND (d.failed_at, d.id) < (v_before, v_before_id)
      ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most) h
    ORDER BY h.failed_at DESC, h.id DESC LIMIT p_most;
    RETURN;
  END IF;

  v_letters := ARRAY(
    SELECT h.id FROM tolva.letter_lines(p_queues, p_kinds) l CROSS JOIN LATERAL (
      SELECT d.id FROM tolva.dead_letters d
      WHERE d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
        AND d.queue = l.queue AND d.kind = l.kind AND (d.failed_at, d.id) < (v_before, v_before_id)
      LIMIT v_few) h
    LIMIT v_few);
  IF cardinality(v_letters) < v_few THEN
    RETURN QUERY
    SELECT d.id FROM tolva.dead_letters d
    WHERE d.id = ANY (v_letters) AND coalesce((
      SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = d.job_id), false)
    ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most;
    RETURN;
  END IF;

  v_found := ARRAY(
    SELECT n.id FROM (
      SELECT d.failed_at, d.id, d.job_id, d.queue, d.kind FROM tolva.dead_letters d
      WHERE d.tenant_id = v_tenant AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
        AND (d.failed_at, d.id) < (v_before, v_before_id)
      ORDER BY d.failed_at DESC, d.id DESC LIMIT v_few) n
    WHERE (p_queues IS NULL OR n.queue = ANY (p_queues)) AND (p_kinds IS NULL OR n.kind = ANY (p_kinds))
      AND coalesce((
        SELECT w.words @@ p_words FROM tolva.job_words w WHERE w.tenant_id = v_tenant AND w.job_id = n.job_id), false)
    ORDER BY n.failed_at DESC, n.id DESC LIMIT p_most);
  IF cardinality(v_found) = p_most THEN
    RETURN QUERY SELECT unnest(v_found);
    RETURN;
  END IF;

  RETURN QUERY
  WITH matching AS MATERIALIZED (
    SELECT w.job_id FROM tolva.job_words w WHERE w.words @@ p_words
  )
  SELECT d.id FROM matching m CROSS JOIN LATERAL (
    SELECT x.id, x.failed_at FROM tolva.dead_letters x
    WHERE x.job_id = m.job_id AND x.tenant_id = v_tenant AND x.replayed_at IS NULL AND x.dismissed_at IS NULL
      AND (x.failed_at, x.id) < (v_before, v_before_id)
      AND (p_queues IS NULL OR x.queue = ANY (p_queues)) AND (p_kinds IS NULL OR x.kind = ANY (p_kinds))
    LIMIT 1) d -- a job has one letter that is open
  ORDER BY d.failed_at DESC, d.id DESC LIMIT p_most;
END
$$;

-- How many queued jobs of the tenant in a queue have their time after p_after and up to p_until; counted up to p_most.
CREATE FUNCTION tolva.count_queued(p_queue text, p_after timestamptz, p_until timestamptz, p_most integer)
RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
  SELECT count(*)::integer FROM (
    -- one probe for each priority, which the index has before the tenant
    SELECT FROM generate_series(0, 9) p CROSS JOIN LATERAL (
      SELECT FROM tolva.jobs j
      WHERE j.state = 'queued' AND j.queue = p_queue AND j.priority = p::smallint
        AND j.tenant_id = current_setting('app.tenant_id', true) AND j.run_at > p_after AND j.run_at <= p_until
      LIMIT p_most) t
    LIMIT p_most) t
$$;

-- The time of the first queued job of the tenant in a queue whose time is after p_after.
CREATE FUNCTION tolva.first_queued(p_queue text, p_after timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
  SELECT min(t.run_at) FROM generate_series(0, 9) p CROSS JOIN LATERAL (
    SELECT j.run_at FROM tolva.jobs j
    WHERE j.state = 'queued' AND j.queue = p_queue AND j.priority = p::smallint
      AND j.tenant_id = current_setting('app.tenant_id', true) AND j.run_at > p_after
    ORDER BY j.run_at LIMIT 1) t
$$;

-- How many jobs of the tenant in a queue came to an end in a span of time; counted up to p_most.
CREATE FUNCTION tolva.count_finished(
  p_queue text, p_state text, p_from timestamptz, p_before timestamptz, p_most integer) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.jobs j
    WHERE j.tenant_id = current_setting('app.tenant_id', true) AND j.queue = p_queue AND j.state = p_state
      AND j.finished_at >= p_from AND j.finished_at < p_before
    LIMIT p_most) t
$$;

-- How many ready jobs of the tenant have their turn before one of its queued jobs; counted up to p_most.
CREATE FUNCTION tolva.count_ahead(p_job uuid, p_most integer) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
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

CALL tolva.hand_over();
