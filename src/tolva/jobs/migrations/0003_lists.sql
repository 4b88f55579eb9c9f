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

-- Jobs of these states and queues that ended since p_since, p_most at most. Of queues that have no job of p_kinds there
-- are none; the others' jobs may be of any kind, which the index does not know.
CREATE FUNCTION tolva.ended_since(p_states text[], p_queues text[], p_kinds text[], p_since timestamptz, p_most integer)
RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
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

-- The newest p_most of these jobs of the tenant that match otherwise, looked at one by one.
CREATE FUNCTION tolva.newest_among(
  p_jobs uuid[], p_kinds text[], p_low uuid, p_high uuid, p_words tsquery, p_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
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

-- The newest p_most jobs that match. NULL asks for anything; without an upper bound p_high is the greatest id.
-- p_ended is the time since which they ended; p_words is what must be in the label, as words.py writes it; with
-- p_open_question those alone that left a question open which nobody has answered.
-- No call looks at more than the numbers below say. Where that was not enough to find p_most or to know that there are
-- no more, `reached` is the last id that was looked at: whoever asks goes on with it as p_high. With p_walk it looks at
-- the newest alone: for whoever goes on to the end, where other ways were of no help.
-- What is looked at one by one is so in sub-selects, which no plan can turn into a join of everything with everything.
CREATE FUNCTION tolva.find_jobs(
  p_states text[], p_queues text[], p_kinds text[], p_parent uuid, p_low uuid, p_high uuid, p_ended timestamptz,
  p_words tsquery, p_open_question boolean, p_walk boolean, p_most integer, OUT ids uuid[], OUT reached uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_seqscan = off SET work_mem = '16MB' AS $$
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

-- The newest p_most dead letters that match and are open, before the letter p_before_id of the time p_before
-- (NULL: from the newest on). With p_first, those of the jobs from there to below p_end. It goes about it as find_jobs;
-- where it did not see all, `reached_at` and `reached` are time and id of the last letter that was looked at.
CREATE FUNCTION tolva.find_letters(
  p_queues text[], p_kinds text[], p_first uuid, p_end uuid, p_words tsquery, p_before timestamptz, p_before_id bigint,
  p_most integer, OUT ids bigint[], OUT reached_at timestamptz, OUT reached bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_seqscan = off SET work_mem = '16MB' AS $$
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

-- How many of those that failed left a question open, answered or not; counted up to p_most.
CREATE FUNCTION tolva.count_asked(p_queue text, p_from timestamptz, p_before timestamptz, p_most integer)
RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
  SELECT count(*)::integer FROM (
    SELECT FROM tolva.jobs j
    WHERE j.tenant_id = current_setting('app.tenant_id', true) AND j.queue = p_queue AND j.state = 'failed'
      AND j.error->>'type' = 'Unanswered' AND j.finished_at >= p_from AND j.finished_at < p_before
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
-- Steps of find_jobs.
REVOKE ALL ON FUNCTION tolva.ended_since(text[], text[], text[], timestamptz, integer),
  tolva.newest_among(uuid[], text[], uuid, uuid, tsquery, integer) FROM tolva_app;
