-- name: enqueue
-- Make jobs of one tenant. One whose unique key is taken is left out of the answer.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest(
    %(ids)s::uuid[], %(queues)s::text[], %(kinds)s::text[], %(labels)s::text[], %(words)s::text[],
    %(priorities)s::smallint[], %(max_attempts)s::integer[], %(soft_limits)s::double precision[],
    %(hard_limits)s::double precision[], %(run_ats)s::timestamptz[], %(params)s::jsonb[], %(unique_keys)s::text[],
    %(unique_forevers)s::boolean[]
  ) AS g(id, queue, kind, label, words, priority, max_attempts, soft_limit, hard_limit, run_at, params, unique_key,
    unique_forever)
), made AS (
  INSERT INTO tolva.jobs (id, tenant_id, queue, kind, label, priority, max_attempts, soft_limit, hard_limit, run_at,
    params, parent_id, unique_key, unique_forever, trace)
  SELECT g.id, %(tenant_id)s, g.queue, g.kind, g.label, g.priority, g.max_attempts, g.soft_limit, g.hard_limit,
    coalesce(g.run_at, clock_timestamp()), g.params, %(parent_id)s, g.unique_key, g.unique_forever, %(trace)s
  FROM given g
  ON CONFLICT DO NOTHING
  RETURNING id, queue, run_at
), found_by AS (
  INSERT INTO tolva.job_words (tenant_id, job_id, words)
  SELECT %(tenant_id)s, g.id, array_to_tsvector(string_to_array(g.words, ' '))
  FROM given g WHERE g.words <> '' AND g.id IN (SELECT m.id FROM made m)
)
SELECT id::text, queue, run_at <= clock_timestamp() AS rings FROM made;

-- name: holder_of_open_key
-- The open job that holds a unique key of the tenant.
SELECT id FROM tolva.jobs
WHERE unique_key = %(unique_key)s AND NOT unique_forever AND state IN ('queued', 'running', 'waiting');

-- name: holder_of_key_for_ever
-- The job, open or not, that holds a unique key of the tenant for ever.
SELECT id FROM tolva.jobs WHERE unique_key = %(unique_key)s AND unique_forever;

-- name: get_job
-- One job of the tenant, whole.
SELECT * FROM tolva.jobs WHERE id = %(id)s;

-- name: find_jobs
-- The ids of the jobs that match, newest first, and how far they were looked for; see the function.
SELECT ids::text[], reached::text FROM tolva.find_jobs(
  %(states)s::text[], %(queues)s::text[], %(kinds)s::text[], %(parent)s::uuid,
  greatest(%(first)s::uuid, tolva.uuid_at(%(created_from)s), '00000000-0000-0000-0000-000000000000'),
  least(%(end)s::uuid, tolva.uuid_at(%(created_before)s), %(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  %(ended_since)s, %(words)s::tsquery, %(open_question)s, %(walk)s, %(most)s);

-- name: count_lines
-- How many jobs match, words, parents and times of ending aside, up to a limit; see the function.
SELECT tolva.count_lines(
  %(states)s::text[], %(queues)s::text[], %(kinds)s::text[],
  greatest(%(first)s::uuid, tolva.uuid_at(%(created_from)s), '00000000-0000-0000-0000-000000000000'),
  least(%(end)s::uuid, tolva.uuid_at(%(created_before)s), 'ffffffff-ffff-ffff-ffff-ffffffffffff'), %(most)s) AS jobs;

-- name: list_jobs
-- These jobs of the tenant, newest first, with what a list shows of them.
SELECT id, kind, queue, label, state, priority, attempt, failures, max_attempts, run_at, created_at, updated_at,
  started_at, finished_at, cancel_requested_at, parent_id, open_children, undone_by, tolva.in_short(progress) AS progress,
  tolva.in_short(result) AS result,
  CASE WHEN error IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object(
    'type', error->'type', 'message', error->'message', 'answered_by', error->'answered_by')) END AS error
FROM tolva.jobs WHERE id = ANY (%(ids)s::uuid[]) ORDER BY id DESC;

-- name: questions_among
-- How many of these jobs of the tenant left a question open, and how many of those still wait for the answer.
SELECT count(*) AS asked, count(*) FILTER (WHERE NOT error ? 'answered_by') AS open
FROM tolva.jobs WHERE id = ANY (%(ids)s::uuid[]) AND state = 'failed' AND error->>'type' = 'Unanswered';

-- name: asking_among
-- Those of these jobs of the tenant that left a question open, answered or not.
SELECT id::text FROM tolva.jobs WHERE id = ANY (%(ids)s::uuid[]) AND state = 'failed' AND error->>'type' = 'Unanswered';

-- name: any_job_between
-- Whether the tenant has a job with such an id.
SELECT EXISTS (SELECT FROM tolva.jobs WHERE id >= %(first)s AND id < %(end)s) AS found;

-- name: jobs_among
-- Those of these jobs of the tenant that are in one of these states, newest first.
SELECT id::text, kind, label, state FROM tolva.jobs WHERE id = ANY (%(ids)s::uuid[]) AND state = ANY (%(states)s) ORDER BY id DESC;

-- name: events_after
-- What happened to a job of the tenant after a sequence number.
SELECT seq, at, type, data FROM tolva.job_events
WHERE job_id = %(id)s AND seq > %(after)s
ORDER BY seq LIMIT %(most)s;

-- name: news
-- What happened to many jobs of many tenants; see the function.
SELECT job_id::text, seq, at, type, data, is_last
FROM tolva.news(%(tenants)s::text[], %(jobs)s::uuid[], %(afters)s::bigint[], %(most)s);

-- name: children_of
-- The children of a job, oldest first; all of them, without a limit.
SELECT id, kind, state, result, error - 'detail' AS error FROM tolva.jobs WHERE parent_id = %(id)s ORDER BY id LIMIT %(most)s;

-- name: owned
-- Whether an attempt still owns its job (a row), and whether somebody cancelled it.
SELECT cancel_requested_at IS NOT NULL AS cancelled FROM tolva.jobs
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running';

-- name: save
-- Commit an attempt's checkpoint and progress with its transaction; refused (no row) when another attempt owns the job.
WITH saved AS (
  UPDATE tolva.jobs SET
    checkpoint = coalesce(%(checkpoint)s, checkpoint),
    progress = coalesce(%(progress)s, progress),
    open_children = open_children + %(spawned)s,
    losses = CASE WHEN %(checkpoint)s::jsonb IS NULL THEN losses ELSE 0 END,
    updated_at = clock_timestamp(),
    seq = seq + (%(progress)s::jsonb IS NOT NULL)::integer
  WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running'
  RETURNING id, seq, tenant_id
), noted AS (
  INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
  SELECT id, seq, tenant_id, 'progress', %(progress)s FROM saved WHERE %(progress)s::jsonb IS NOT NULL
)
SELECT seq FROM saved;

-- name: finish
-- End attempts; see the function.
SELECT job_id::text, queue, state, rings FROM tolva.finish(
  %(jobs)s::uuid[], %(attempts)s::integer[], %(verbs)s::text[], %(payloads)s::jsonb[],
  %(delays)s::double precision[], %(progress)s::jsonb[], %(most_losses)s);

-- name: give_back
-- Release attempts that nobody works on; see the function `finish`.
SELECT job_id::text, queue, state, rings FROM tolva.finish(
  %(jobs)s::uuid[], %(attempts)s::integer[], array_fill('release'::text, ARRAY[cardinality(%(jobs)s::uuid[])]),
  array_fill(NULL::jsonb, ARRAY[cardinality(%(jobs)s::uuid[])]),
  array_fill(0::double precision, ARRAY[cardinality(%(jobs)s::uuid[])]),
  array_fill(NULL::jsonb, ARRAY[cardinality(%(jobs)s::uuid[])]), 1);

-- name: claim
-- Take the best jobs of a queue; see the function.
SELECT id::text, tenant_id, queue, kind, params, checkpoint, attempt, failures, max_attempts, soft_limit, progress,
  open_children, waited, trace
FROM tolva.claim(%(worker)s, %(queue)s, %(most)s);

-- name: waiting_queues
-- Seconds until each of these queues has work; see the function.
SELECT queue, seconds FROM tolva.waiting_queues(%(queues)s::text[]);

-- name: running
-- The jobs that this worker still owns; see the function.
SELECT job_id::text, attempt, cancel_requested FROM tolva.running(%(worker)s);

-- name: open_queues
-- Announce queues; see the function.
SELECT tolva.open_queues(%(names)s::text[]);

-- name: join_worker
-- Begin a worker's lease; see the function.
SELECT tolva.join_worker(
  %(id)s, %(host)s, %(pid)s, %(queues)s::text[], make_interval(secs => %(lease)s), %(crew)s);

-- name: crew
-- The workers of a crew, with whether each of them runs something.
SELECT w.id::text, w.pid, EXISTS (
  SELECT FROM tolva.running(w.id)) AS busy
FROM tolva.workers w WHERE w.crew = %(crew)s;

-- name: companion
-- The living companion of a crew: the worker that serves no queues.
SELECT pid FROM tolva.workers WHERE crew = %(crew)s AND queues = '{}' AND lease_until > clock_timestamp() LIMIT 1;

-- name: note_deaf
-- Note why workers do not hear their rings; see the function.
SELECT tolva.note_deaf(%(workers)s, %(reason)s);

-- name: started_worker
-- Note a worker's process id; see the function.
SELECT tolva.started_worker(%(id)s, %(pid)s);

-- name: living_worker
-- A worker of a queue whose lease has not run out.
SELECT id FROM tolva.workers WHERE lease_until > clock_timestamp() AND %(queue)s = ANY (queues) LIMIT 1;

-- name: workers_of_host
-- The worker processes that registered on a host, without the companions, which serve no queues.
SELECT pid, queues, deaf, extract(epoch FROM clock_timestamp() - lease_until)::float8 AS late
FROM tolva.workers WHERE host = %(host)s AND queues <> '{}' ORDER BY started_at, id;

-- name: roster
-- The workers that have a lease, with the jobs of the tenant that they run.
SELECT w.id, w.host, w.pid, w.queues, w.started_at, w.lease_until, w.lease_until > clock_timestamp() AS alive,
  coalesce((
    SELECT jsonb_agg(jsonb_build_object(
        'id', j.id, 'kind', j.kind, 'queue', j.queue, 'label', j.label, 'since', j.started_at)
      ORDER BY j.started_at, j.id)
    FROM tolva.jobs j WHERE j.worker_id = w.id AND j.state = 'running'), '[]') AS running
FROM tolva.workers w ORDER BY w.started_at, w.id;

-- name: beat
-- Prolong leases; see the function.
SELECT worker_id, overdue FROM tolva.beat(%(workers)s::uuid[], %(jump)s);

-- name: leave_worker
-- A worker has ended; see the function.
SELECT job_id::text, queue, state, rings FROM tolva.leave_worker(
  %(worker)s, %(reason)s, %(culprit)s, %(culprit_error)s, %(delay)s, %(verb)s, %(most_losses)s);

-- name: rescue
-- Give back the jobs of lost workers; see the function.
SELECT job_id::text, queue, state, rings FROM tolva.rescue(
  %(reason)s, %(most_losses)s, %(jump)s, coalesce(%(latest)s::timestamptz, 'infinity'));

-- name: clock
-- PostgreSQL's clock.
SELECT clock_timestamp() AS now;

-- name: cancel
-- Cancel jobs; see the function.
SELECT job_id::text, queue, state, rings FROM tolva.cancel_jobs(%(ids)s::uuid[]);

-- name: replay
-- Queue ended jobs again; see the function.
SELECT job_id::text, queue, state, rings FROM tolva.replay_jobs(%(ids)s::uuid[], %(run_at)s);

-- name: set_paused
-- Pause or resume a queue; see the function.
SELECT tolva.set_paused(%(queue)s, %(paused)s) AS known;

-- name: pause_lane
-- Pause or resume a queue for one tenant.
INSERT INTO tolva.lanes (queue, tenant_id, paused_at)
VALUES (%(queue)s, %(tenant_id)s, CASE WHEN %(paused)s THEN now() END)
ON CONFLICT (queue, tenant_id) DO UPDATE
  SET paused_at = CASE WHEN %(paused)s THEN coalesce(lanes.paused_at, now()) END;

-- name: set_lane
-- The tenant's weight and rate limit in a queue.
INSERT INTO tolva.lanes (queue, tenant_id, weight, rate, burst, tokens)
VALUES (%(queue)s, %(tenant_id)s, %(weight)s, %(rate)s, %(burst)s, %(burst)s)
ON CONFLICT (queue, tenant_id) DO UPDATE SET weight = excluded.weight, rate = excluded.rate, burst = excluded.burst,
  -- what it has gathered at its old rate; a tenant without a limit begins with a full bucket
  tokens = least(excluded.burst, CASE WHEN lanes.rate IS NULL THEN excluded.burst
    ELSE lanes.tokens + lanes.rate * extract(epoch FROM clock_timestamp() - lanes.tokens_at) END),
  tokens_at = clock_timestamp();

-- name: queue_states
-- Every queue, and how many jobs of the tenant stand in it, each number counted up to a limit.
SELECT name, coalesce(q.paused_at, n.paused_at) AS paused_at,
  CASE WHEN q.paused_at IS NOT NULL THEN 'installation' WHEN n.paused_at IS NOT NULL THEN 'tenant' END AS paused_by,
  coalesce(n.weight, 1) AS weight, n.rate, CASE WHEN n.rate IS NOT NULL THEN n.burst END AS burst,
  tolva.count_queued(name, '-infinity', now, %(most)s) AS ready,
  tolva.count_queued(name, now, 'infinity', %(most)s) AS scheduled,
  tolva.count_lines('{running}', ARRAY[name], NULL, least, greatest, %(most)s) AS running,
  tolva.count_lines('{waiting}', ARRAY[name], NULL, least, greatest, %(most)s) AS waiting,
  tolva.first_queued(name, '-infinity') AS first_queued,
  tolva.first_queued(name, now) AS next_run,
  tolva.count_finished(name, 'completed', now - interval '1 minute', 'infinity', %(most)s) AS completed_last_minute,
  tolva.count_finished(name, 'failed', now - interval '1 minute', 'infinity', %(most)s) AS failed_last_minute,
  tolva.count_asked(name, now - interval '1 minute', 'infinity', %(most)s) AS asked_last_minute,
  tolva.count_finished(name, 'completed', now - interval '1 hour', 'infinity', %(most)s) AS completed_last_hour,
  tolva.count_finished(name, 'failed', now - interval '1 hour', 'infinity', %(most)s) AS failed_last_hour,
  tolva.count_asked(name, now - interval '1 hour', 'infinity', %(most)s) AS asked_last_hour,
  now
FROM tolva.queues q LEFT JOIN tolva.lanes n ON n.queue = q.name, ( -- of lanes, one sees the tenant's own
  SELECT statement_timestamp(), '00000000-0000-0000-0000-000000000000'::uuid,
    'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) t(now, least, greatest)
ORDER BY name;

-- name: throughput
-- How many jobs of the tenant were done, failed or asked something in each of the last minutes, oldest first; of a queue
-- up to a limit, from which on what asked something counts as failed.
SELECT m.minute,
  coalesce(sum(n.completed), 0)::integer AS completed,
  coalesce(sum(CASE WHEN n.failed < %(most)s THEN n.failed - n.asked ELSE n.failed END), 0)::integer AS failed,
  coalesce(sum(n.asked) FILTER (WHERE n.failed < %(most)s), 0)::integer AS asked
FROM generate_series(
    date_trunc('minute', statement_timestamp()) - make_interval(mins => %(minutes)s - 1), statement_timestamp(),
    '1 minute') m(minute)
  LEFT JOIN tolva.queues q ON q.name <> ALL (%(without)s::text[])
  CROSS JOIN LATERAL (
    SELECT tolva.count_finished(q.name, 'completed', m.minute, m.minute + interval '1 minute', %(most)s) AS completed,
      tolva.count_finished(q.name, 'failed', m.minute, m.minute + interval '1 minute', %(most)s) AS failed,
      tolva.count_asked(q.name, m.minute, m.minute + interval '1 minute', %(most)s) AS asked) n
GROUP BY m.minute ORDER BY m.minute;

-- name: line_of
-- What holds up the jobs of the tenant in a queue: a pause, no worker, its rate limit.
SELECT coalesce(
    (SELECT q.paused_at FROM tolva.queues q WHERE q.name = %(queue)s),
    (SELECT n.paused_at FROM tolva.lanes n WHERE n.queue = %(queue)s AND n.tenant_id = %(tenant_id)s)) AS paused_at,
  EXISTS (
    SELECT FROM tolva.workers w WHERE w.lease_until > statement_timestamp() AND %(queue)s = ANY (w.queues)) AS manned,
  (SELECT n.tokens_at + make_interval(secs => greatest(1 - n.tokens, 0) / n.rate) FROM tolva.lanes n
   WHERE n.queue = %(queue)s AND n.tenant_id = %(tenant_id)s AND n.rate IS NOT NULL) AS next_token,
  statement_timestamp() AS now;

-- name: count_ahead
-- How many jobs of the tenant have their turn before one of them, up to a limit; see the function.
SELECT tolva.count_ahead(%(id)s, %(most)s) AS jobs;

-- name: paused_queues
-- The queues that stand still for the tenant: since when, and for whom.
SELECT name, coalesce(q.paused_at, n.paused_at) AS paused_at,
  CASE WHEN q.paused_at IS NOT NULL THEN 'installation' ELSE 'tenant' END AS paused_by
FROM tolva.queues q LEFT JOIN tolva.lanes n ON n.queue = q.name -- of lanes, one sees the tenant's own
WHERE coalesce(q.paused_at, n.paused_at) IS NOT NULL ORDER BY name;

-- name: queue_names
-- Every queue, and since when it is paused.
SELECT name, paused_at FROM tolva.queues;

-- name: find_letters
-- The dead letters that match, newest first, with their jobs and times, and how far they were looked for; see the function.
SELECT ids, reached_at, reached, jobs, times
FROM tolva.find_letters(
  %(queues)s::text[], %(kinds)s::text[], %(first)s::uuid, %(end)s::uuid, %(words)s::tsquery, %(failed_before)s,
  %(before)s, %(most)s),
LATERAL (
  SELECT coalesce(array_agg(d.job_id::text ORDER BY place), '{}') AS jobs,
    coalesce(array_agg(d.failed_at ORDER BY place), '{}') AS times
  FROM unnest(ids) WITH ORDINALITY f(id, place) JOIN tolva.dead_letters d USING (id)) met;

-- name: dead_letters
-- These dead letters of the tenant, newest first, with what a list shows of them.
SELECT id, job_id, queue, kind, label, failed_at, jsonb_array_length(attempts) AS tries,
  jsonb_strip_nulls(jsonb_build_object(
    'type', error->'type', 'message', error->'message', 'detail', error->'detail')) AS error
FROM tolva.dead_letters WHERE id = ANY (%(ids)s::bigint[]) ORDER BY failed_at DESC, id DESC;

-- name: letters_of
-- The open dead letters of these jobs, newest first.
SELECT job_id::text, failed_at, id FROM tolva.dead_letters
WHERE replayed_at IS NULL AND dismissed_at IS NULL AND job_id = ANY (%(job_ids)s::uuid[])
ORDER BY failed_at DESC, id DESC;

-- name: get_letter
-- The newest dead letter of a job, whole, open or not.
SELECT * FROM tolva.dead_letters WHERE job_id = %(job_id)s ORDER BY id DESC LIMIT 1;

-- name: hold_jobs
-- Whoever replays or dismisses letters of these jobs of the tenant waits until the transaction has ended.
SELECT id FROM tolva.jobs
-- With their parents, which a replay is going to count up: all who take both take the elder first.
WHERE id = ANY (%(ids)s::uuid[] || ARRAY(
  SELECT c.parent_id FROM tolva.jobs c WHERE c.id = ANY (%(ids)s::uuid[]) AND c.parent_id IS NOT NULL))
ORDER BY id FOR UPDATE;

-- name: dismiss_letters
-- Close the open dead letters of these jobs, and note at each job who did it. Their jobs are held first, as a replay does.
WITH held AS MATERIALIZED (
  SELECT id FROM tolva.jobs WHERE id = ANY (%(job_ids)s::uuid[]) ORDER BY id FOR UPDATE
), dismissed AS (
  UPDATE tolva.dead_letters d SET dismissed_at = clock_timestamp(), dismissed_by = %(by)s
  FROM held h WHERE d.job_id = h.id AND d.replayed_at IS NULL AND d.dismissed_at IS NULL
  RETURNING d.job_id
), moved AS (
  UPDATE tolva.jobs j SET seq = j.seq + 1, updated_at = clock_timestamp()
  FROM dismissed d WHERE j.id = d.job_id
  RETURNING j.id, j.seq, j.tenant_id
), noted AS (
  INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
  SELECT m.id, m.seq, m.tenant_id, 'dismissed', jsonb_build_object('by', %(by)s::text) FROM moved m
)
SELECT m.id::text FROM moved m ORDER BY m.id DESC;

-- name: note_answer
-- Note at those of these jobs of the tenant that left a question open, or still may, which job has its answer: the latest
-- one counts. Their rows are locked in one order, so that two answers can never wait for each other.
WITH asked AS MATERIALIZED (
  SELECT id, state = 'failed' AS asks FROM tolva.jobs
  WHERE id = ANY (%(asked)s::uuid[]) AND answered_by IS DISTINCT FROM %(by)s::uuid
    AND (finished_at IS NULL OR state = 'failed' AND error->>'type' = 'Unanswered')
  ORDER BY id FOR UPDATE
), answered AS (
  UPDATE tolva.jobs j SET answered_by = %(by)s,
    error = CASE WHEN a.asks THEN j.error || jsonb_build_object('answered_by', %(by)s::text) ELSE j.error END,
    seq = j.seq + a.asks::integer, updated_at = clock_timestamp()
  FROM asked a WHERE j.id = a.id
  RETURNING j.id, j.seq, j.tenant_id, a.asks
)
INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
SELECT a.id, a.seq, a.tenant_id, 'answered', jsonb_build_object('job', %(by)s::text) FROM answered a WHERE a.asks;

-- name: note_undone
-- Note at a job of the tenant which other one has put back all that it did; a second time changes nothing.
WITH undone AS (
  UPDATE tolva.jobs SET undone_by = %(by)s, seq = seq + 1, updated_at = clock_timestamp()
  WHERE id = %(id)s AND finished_at IS NOT NULL AND undone_by IS NULL
  RETURNING id, seq, tenant_id
)
INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
SELECT id, seq, tenant_id, 'undone', jsonb_build_object('job', %(by)s::text) FROM undone;

-- name: prune
-- Delete a portion of what has outlived its time; see the function.
SELECT tolva.prune(make_interval(secs => %(finished)s), make_interval(secs => %(failed)s), %(most)s) AS jobs;

-- name: announce
-- Wake whoever watches jobs. Nothing is lost if a crash takes it away, so nobody waits for the disk.
SELECT set_config('synchronous_commit', 'off', true), pg_notify(%(channel)s, '');

-- name: notify
-- Wake those who listen on a channel.
SELECT pg_notify(%(channel)s, %(payload)s);

-- name: lock_schedules
-- Whoever makes a schedule of the tenant waits here for the others who do.
SELECT pg_advisory_xact_lock(hashtextextended('tolva.schedules ' || current_setting('app.tenant_id', true), 0));

-- name: count_other_schedules
-- How many schedules the tenant has besides one. Asked behind the lock, in a statement of its own: one that waited for the
-- lock would not see what the others made.
SELECT count(*) AS schedules FROM tolva.schedules WHERE name <> %(name)s;

-- name: put_schedule
-- Make a schedule of the tenant, or change it. A new cron or time zone starts from now, and so does one that was paused.
INSERT INTO tolva.schedules AS s (tenant_id, name, cron, timezone, missed, kind, queue, priority, max_attempts,
  soft_limit, hard_limit, params, next_at, paused_at)
VALUES (%(tenant_id)s, %(name)s, %(cron)s, %(timezone)s, %(missed)s, %(kind)s, %(queue)s, %(priority)s,
  %(max_attempts)s, %(soft_limit)s, %(hard_limit)s, %(params)s, %(next_at)s, CASE WHEN %(paused)s THEN now() END)
ON CONFLICT (tenant_id, name) DO UPDATE SET missed = excluded.missed, kind = excluded.kind, queue = excluded.queue,
  priority = excluded.priority, max_attempts = excluded.max_attempts, soft_limit = excluded.soft_limit,
  hard_limit = excluded.hard_limit, params = excluded.params, cron = excluded.cron, timezone = excluded.timezone,
  paused_at = CASE WHEN coalesce(%(paused)s, s.paused_at IS NOT NULL) THEN coalesce(s.paused_at, now()) END,
  next_at = CASE
    WHEN (s.cron, s.timezone) = (excluded.cron, excluded.timezone) AND (s.paused_at IS NULL OR %(paused)s IS NOT FALSE)
      THEN s.next_at
    ELSE excluded.next_at END,
  trouble = NULL, look_at = NULL
RETURNING *;

-- name: get_schedule
-- One schedule of the tenant, whole.
SELECT * FROM tolva.schedules WHERE name = %(name)s;

-- name: pause_schedule
-- Let a schedule of the tenant make no more jobs.
UPDATE tolva.schedules SET paused_at = coalesce(paused_at, now()) WHERE name = %(name)s RETURNING *;

-- name: resume_schedule
-- Let a schedule of the tenant go on, from its next tick; what passed while it was paused is not made up for.
UPDATE tolva.schedules SET next_at = CASE WHEN paused_at IS NULL THEN next_at ELSE %(next_at)s END, paused_at = NULL,
  trouble = NULL, look_at = NULL
WHERE name = %(name)s RETURNING *;

-- name: list_schedules
-- The tenant's schedules by name, after a cursor; of their parameters what is short.
SELECT name, cron, timezone, missed, kind, queue, priority, tolva.in_short(params) AS params, paused_at, last_at, next_at,
  trouble, created_at
FROM tolva.schedules WHERE name > %(after)s ORDER BY name LIMIT %(most)s;

-- name: drop_schedule
-- Delete a schedule of the tenant.
DELETE FROM tolva.schedules WHERE name = %(name)s RETURNING name;

-- name: due_schedules
-- A portion of the schedules of every tenant that are due; see the function.
SELECT * FROM tolva.due_schedules(%(kinds)s, %(most)s);

-- name: stuck_schedules
-- The schedules of every tenant that make no jobs; see the function.
SELECT *, NULL AS paused_at FROM tolva.stuck_schedules(%(kinds)s, %(most)s);

-- name: note_trouble
-- The tick of a schedule of the tenant could make no job: why, and when it is tried again.
UPDATE tolva.schedules SET trouble = %(why)s, look_at = now() + make_interval(secs => %(seconds)s)
WHERE name = %(name)s AND next_at = %(next_at)s;

-- name: fire_schedule
-- One tick; see the function.
SELECT job_id::text, queue, state, rings FROM tolva.fire_schedule(
  %(tenant_id)s, %(name)s, %(words)s, %(tick)s, %(from)s, %(next)s, %(job)s);

-- name: latest_progress
-- The last reports of a job of the tenant: when, and how many of its units were done. The newest first.
SELECT at, (data->>'processed')::double precision AS done FROM tolva.job_events
WHERE job_id = %(id)s AND type = 'progress' AND jsonb_typeof(data->'processed') = 'number'
ORDER BY seq DESC LIMIT %(most)s;

-- name: milestones
-- What happened to a job of the tenant besides its progress; the newest first.
SELECT seq, at, type, data FROM tolva.job_events
WHERE job_id = %(id)s AND type <> 'progress'
ORDER BY seq DESC LIMIT %(most)s;

-- name: living_workers
-- The workers whose lease has not run out, the longest-serving first.
SELECT id, host, pid, queues, started_at, lease_until FROM tolva.workers
WHERE lease_until > clock_timestamp() ORDER BY started_at, id;

-- name: attendance
-- Who serves each of these queues: the living workers, why some hear none of their rings, and the jobs that wait.
SELECT q.name AS queue, tolva.queue_depth(q.name) AS jobs,
  array_remove(array_agg(w.id::text), NULL) AS workers,
  coalesce(array_agg(DISTINCT w.deaf ORDER BY w.deaf) FILTER (WHERE w.deaf IS NOT NULL), '{}') AS deaf
FROM unnest(%(queues)s::text[]) WITH ORDINALITY q(name, place)
LEFT JOIN tolva.workers w ON w.lease_until > clock_timestamp() AND q.name = ANY (w.queues)
GROUP BY q.name, q.place ORDER BY q.place;

-- name: silent_jobs
-- Running jobs of every tenant that have reported nothing for a while; see the function.
SELECT id::text, tenant_id, queue, kind, silent FROM tolva.silent_jobs(make_interval(secs => %(silent)s), %(most)s);

-- name: metrics
-- What an operator watches, of all tenants; see the function.
SELECT name, queue, state, value FROM tolva.metrics();
