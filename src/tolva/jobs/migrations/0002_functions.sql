-- The few things that must be done across tenants. Each is one call, so a client that freezes in the middle
-- leaves no open transaction behind. All belong to tolva_system.

-- Announce queues, so that they can be claimed from and paused.
CREATE FUNCTION tolva.open_queues(p_names text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO tolva.queues (name) SELECT unnest(p_names) ON CONFLICT DO NOTHING
$$;

-- Pause or resume a queue; false when there is no such queue.
CREATE FUNCTION tolva.set_paused(p_queue text, p_paused boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE tolva.queues SET paused_at = CASE WHEN p_paused THEN coalesce(paused_at, now()) END WHERE name = p_queue;
  RETURN FOUND;
END
$$;

-- A worker process begins its life under a lease.
CREATE FUNCTION tolva.join_worker(
  p_id uuid, p_host text, p_pid integer, p_queues text[], p_lease interval, p_crew text DEFAULT NULL)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO tolva.workers (id, host, pid, crew, queues, lease, lease_until)
  VALUES (p_id, p_host, p_pid, p_crew, p_queues, p_lease, clock_timestamp() + p_lease)
$$;

-- The process of a worker has begun: the lease came first, so that it may claim at once.
CREATE FUNCTION tolva.started_worker(p_id uuid, p_pid integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE tolva.workers SET pid = p_pid WHERE id = p_id
$$;

-- Note why these workers do not hear their rings; null when they do again.
CREATE FUNCTION tolva.note_deaf(p_workers uuid[], p_reason text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE tolva.workers SET deaf = p_reason WHERE id = ANY (p_workers) AND deaf IS DISTINCT FROM p_reason
$$;

-- Prolong the leases of these workers. A worker that is not in the answer has lost its lease for good.
-- `overdue` names a job of it that has passed its hard limit, if there is one. When the clock has jumped by `p_jump`
-- seconds since the last beat, their jobs began so much later, or earlier.
CREATE FUNCTION tolva.beat(p_workers uuid[], p_jump double precision DEFAULT 0)
RETURNS TABLE (worker_id uuid, overdue uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- What a worker process must know about its running jobs: which it still owns, and which were cancelled.
CREATE FUNCTION tolva.running(p_worker uuid) RETURNS TABLE (job_id uuid, attempt integer, cancel_requested boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT id, attempt, cancel_requested_at IS NOT NULL FROM tolva.jobs WHERE worker_id = p_worker AND state = 'running'
$$;

-- For each of these queues in which a job waits for its time: seconds until the first one is ready (0 or less: now).
CREATE FUNCTION tolva.waiting_queues(p_queues text[]) RETURNS TABLE (queue text, seconds double precision)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- Hand the best jobs of a queue, at most p_most, to a worker: priority first, then tenants in turn by weight.
-- Turns are kept by start-time fair queuing: each tenant has a `served` clock that moves by 1/weight with each job;
-- the tenant with the least goes first. One that was idle starts where the queue's clock stood a second or two ago, as if
-- it had waited in line since then: a burst of short jobs goes at once, nobody is delayed by more than that, and a longer
-- absence neither costs anything nor saves anything up.
-- Claimers of a queue take turns on the queue's row.
CREATE FUNCTION tolva.claim(p_worker uuid, p_queue text, p_most integer)
RETURNS TABLE (
  id uuid, tenant_id text, queue text, kind text, params jsonb, checkpoint jsonb, attempt integer, failures integer,
  max_attempts integer, soft_limit double precision, progress jsonb, open_children integer,
  waited double precision, trace text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- The plan must be the one for a long backlog, even when it was first made on an empty table.
SET enable_seqscan = off AS $$
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

-- End attempts, many at once. Refused (absent from the answer) is what another attempt owns by now.
-- Also accounts for parents: when the last child ends, a waiting parent is queued again.
-- Answers with every job that moved; `rings` means that its queue has work now. Arrays that are shorter than the jobs'
-- end with NULLs, so what no ending has need not be sent.
CREATE FUNCTION tolva.finish(
  p_jobs uuid[], p_attempts integer[], p_verbs text[], p_payloads jsonb[], p_delays double precision[],
  p_progress jsonb[], p_most_losses integer)
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
-- One probe for each job, also by a plan that was first made on an empty table.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off AS $$
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

-- These jobs have just ended: count them off at their parents, and queue those parents that waited for the last one.
-- The parents' rows are locked by the caller, or locked here in order.
CREATE FUNCTION tolva.child_ended(p_children uuid[])
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- Ask jobs to stop: what does not run is cancelled at once, what runs is told. Returns those that it concerned.
-- Under a tenant, only that tenant's.
CREATE FUNCTION tolva.cancel_jobs(p_jobs uuid[])
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- Cancel what is still open below these parents.
CREATE FUNCTION tolva.cancel_children(p_parents uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- A worker process ended, and its supervisor saw it: give its jobs back at once. The culprit, if there is one, failed.
CREATE FUNCTION tolva.leave_worker(
  p_worker uuid, p_reason jsonb, p_culprit uuid, p_culprit_error jsonb, p_delay double precision,
  p_verb text, p_most_losses integer)
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- Give back the jobs of workers whose lease has run out. A server that was down for a while gives every worker
-- a full lease to report again, since nobody could beat meanwhile; so does a clock that has jumped by `p_jump` since it
-- was last looked at. `p_latest` is what it can show by now, unless it jumped in between.
CREATE FUNCTION tolva.rescue(
  p_reason jsonb, p_most_losses integer, p_jump double precision DEFAULT 0, p_latest timestamptz DEFAULT 'infinity')
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- Queue ended jobs again, at their last checkpoint, with a clean slate of tries. Under a tenant, only that tenant's.
-- Left out is a job whose unique key an open job holds by now; of several with the same key, the newest goes on.
CREATE FUNCTION tolva.replay_jobs(p_jobs uuid[], p_run_at timestamptz)
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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

-- A portion of the schedules that are due now, of every tenant, for jobs of these kinds. Without their parameters, which may
-- be large; the tick takes them from the row. now(), as an index can be searched by it, unlike by clock_timestamp().
CREATE FUNCTION tolva.due_schedules(p_kinds text[], p_most integer)
RETURNS TABLE (tenant_id text, name text, cron text, timezone text, missed text, next_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.tenant_id, d.name, d.cron, d.timezone, d.missed, d.next_at
  FROM unnest(p_kinds) k(kind) CROSS JOIN LATERAL (
    SELECT s.* FROM tolva.schedules s
    WHERE s.kind = k.kind AND s.paused_at IS NULL AND s.next_at <= now() AND (s.look_at IS NULL OR s.look_at <= now())
    ORDER BY s.next_at LIMIT p_most) d
  ORDER BY d.next_at LIMIT p_most
$$;

-- The schedules of every tenant, up to a number, that make no jobs though nobody paused them: of other kinds than these, or
-- in trouble.
CREATE FUNCTION tolva.stuck_schedules(p_kinds text[], p_most integer)
RETURNS TABLE (tenant_id text, name text, kind text, cron text, timezone text, trouble text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.tenant_id, s.name, s.kind, s.cron, s.timezone, s.trouble FROM tolva.schedules s
  WHERE s.paused_at IS NULL AND (s.kind <> ALL (p_kinds) OR s.trouble IS NOT NULL)
  ORDER BY s.tenant_id, s.name LIMIT p_most
$$;

-- Jobs of every tenant that are queued, for now or for later; counted up to 10,000. Also of a queue that nobody served yet.
CREATE FUNCTION tolva.queue_depth(p_queue text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT count(*) FROM (
    SELECT FROM tolva.jobs j WHERE j.state = 'queued' AND j.queue = p_queue LIMIT 10000) queued
$$;

-- Running jobs of every tenant, up to a number, that have reported nothing for a while; the longest silent first.
CREATE FUNCTION tolva.silent_jobs(p_silent interval, p_most integer)
RETURNS TABLE (id uuid, tenant_id text, queue text, kind text, silent double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT j.id, j.tenant_id, j.queue, j.kind, extract(epoch FROM now() - j.updated_at)::double precision
  FROM tolva.jobs j WHERE j.state = 'running' AND j.updated_at < now() - p_silent
  ORDER BY j.updated_at LIMIT p_most
$$;

-- One tick of a schedule: makes its job and moves the schedule on, unless somebody else already did. The job's label is
-- the schedule's name, and p_words its words.
CREATE FUNCTION tolva.fire_schedule(
  p_tenant text, p_name text, p_words text, p_tick timestamptz, p_from timestamptz, p_next timestamptz, p_job uuid)
RETURNS TABLE (job_id uuid, queue text, state text, rings boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- Delete a portion of what has outlived its time; returns how many jobs went. Old ids come first (UUIDv7), so what
-- failed stays at least as long as what did not.
-- Open children keep their parent, and an open parent its children.
CREATE FUNCTION tolva.prune(p_finished interval, p_failed interval, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
-- The primary key gives old jobs first; a plan made on an empty table would rather sort all that have ended.
SET enable_sort = off AS $$
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

-- What happened to each of these jobs after a sequence number, at most p_most events of each; `is_last` marks the end of
-- a job that has ended. The live streams of an API process ask for all jobs that they watch in one call, across tenants;
-- each job is named together with its tenant, so that the id of another tenant's job is answered with nothing.
CREATE FUNCTION tolva.news(p_tenants text[], p_jobs uuid[], p_after bigint[], p_most integer)
RETURNS TABLE (job_id uuid, seq bigint, at timestamptz, type text, data jsonb, is_last boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
-- One probe for each job, also by a plan that was first made on an empty table.
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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

-- The least UUIDv7 of a moment; of those before 1970, that of 1970.
CREATE FUNCTION tolva.uuid_at(p_moment timestamptz) RETURNS uuid
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT (lpad(to_hex((greatest(extract(epoch FROM p_moment), 0) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- What an operator watches, of all tenants together: one row for each figure, under the name of its metric.
-- Looks at no more than 10,000 rows of a kind, and 1,000 pairs of priority and tenant, so it costs the same on bad days.
CREATE FUNCTION tolva.metrics() RETURNS TABLE (name text, queue text, state text, value double precision)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET jit = off AS $$ -- compiling would take longer than all the rest
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

CALL tolva.hand_over();
-- steps of the others, never called alone
REVOKE ALL ON FUNCTION tolva.child_ended(uuid[]), tolva.cancel_children(uuid[]) FROM tolva_app;
