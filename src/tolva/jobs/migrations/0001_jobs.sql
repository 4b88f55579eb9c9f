-- The durable job core. PostgreSQL rows are the truth; engines only carry rings.

-- A line of jobs. Claimers of one queue take turns on its row, which also holds the clock of fair queuing.
CREATE TABLE tolva.queues (
  name text PRIMARY KEY,
  paused_at timestamptz,
  clock double precision NOT NULL DEFAULT 0,
  clock_lately double precision NOT NULL DEFAULT 0, -- where it stood one to two seconds ago
  clock_noted double precision NOT NULL DEFAULT 0,  -- and at `noted_at`: what `clock_lately` will be next
  noted_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- A tenant's share of a queue: its weight, how far it has been served, and its rate limit as a token bucket.
CREATE TABLE tolva.lanes (
  queue text NOT NULL,
  tenant_id text NOT NULL,
  weight double precision NOT NULL DEFAULT 1 CHECK (weight > 0),
  served double precision NOT NULL DEFAULT '-infinity', -- until it is served for the first time
  rate double precision CHECK (rate > 0), -- jobs per second; NULL is unlimited
  burst double precision NOT NULL DEFAULT 1 CHECK (burst >= 1),
  tokens double precision NOT NULL DEFAULT 0,
  tokens_at timestamptz NOT NULL DEFAULT now(),
  paused_at timestamptz, -- for this tenant alone
  PRIMARY KEY (queue, tenant_id)
);

-- A living worker process. Its lease covers every job that it runs; the row is gone when the lease is lost.
CREATE TABLE tolva.workers (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  crew text,                -- of a process that another program started: whose children are beaten for together
  queues text[] NOT NULL,
  deaf text,                -- why it does not hear the rings of its queues at the moment
  lease interval NOT NULL,
  lease_until timestamptz NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tolva.jobs (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  queue text NOT NULL,
  kind text NOT NULL,
  label text,                           -- what people know it by, say the name of its file
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 9),
  state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
  attempt integer NOT NULL DEFAULT 0,   -- the fence: grows with every claim
  failures integer NOT NULL DEFAULT 0,  -- attempts that failed by themselves
  losses integer NOT NULL DEFAULT 0,    -- attempts lost with their worker since the last checkpoint
  max_attempts integer NOT NULL CHECK (max_attempts > 0),
  soft_limit double precision NOT NULL CHECK (soft_limit > 0),  -- seconds of one attempt
  hard_limit double precision NOT NULL CHECK (hard_limit >= soft_limit),
  run_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,   -- of the latest attempt
  finished_at timestamptz,
  worker_id uuid,
  cancel_requested_at timestamptz,
  parent_id uuid,
  open_children integer NOT NULL DEFAULT 0,
  unique_key text,
  unique_forever boolean NOT NULL DEFAULT false,
  seq bigint NOT NULL DEFAULT 0,        -- of the latest event
  params jsonb NOT NULL,
  progress jsonb NOT NULL DEFAULT '{}',
  checkpoint jsonb,
  result jsonb,
  error jsonb,
  answered_by uuid,         -- the job that has the answer to the question that it leaves open, or would
  undone_by uuid,           -- the job that has put back all that it did
  trace text,               -- the span that made it, as a W3C traceparent
  CONSTRAINT running_has_worker CHECK ((state = 'running') = (worker_id IS NOT NULL)),
  CONSTRAINT running_has_started CHECK (state <> 'running' OR (attempt > 0 AND started_at IS NOT NULL)),
  CONSTRAINT finished_has_time CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CONSTRAINT failed_has_error CHECK (state <> 'failed' OR error IS NOT NULL),
  CONSTRAINT waiting_has_children CHECK (state <> 'waiting' OR open_children > 0),
  CONSTRAINT children_are_counted CHECK (open_children >= 0),
  CONSTRAINT failures_are_attempts CHECK (failures BETWEEN 0 AND attempt)
)
-- Rows change state a few times and then rest: vacuum by count of changes, not by share of the table.
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
      autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
      autovacuum_vacuum_cost_delay = 0);

-- What the claim reads. Its cost depends on the tenants that wait, not on history or backlog.
CREATE INDEX jobs_queued ON tolva.jobs (queue, priority, tenant_id, run_at, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON tolva.jobs (worker_id) WHERE state = 'running';
CREATE INDEX jobs_waiting ON tolva.jobs (queue) WHERE state = 'waiting';
CREATE INDEX jobs_children ON tolva.jobs (parent_id, id) WHERE parent_id IS NOT NULL;
-- What lists read: the newest of each queue, kind and state of a tenant, whatever else the tenants have.
CREATE INDEX jobs_listed ON tolva.jobs (tenant_id, queue, kind, state, id);
-- What the rates of a tenant's queues are counted from.
CREATE INDEX jobs_finished ON tolva.jobs (tenant_id, queue, state, finished_at) WHERE finished_at IS NOT NULL;
-- Jobs that left a question open are no failures to people: those without an answer are listed, all are counted apart.
CREATE INDEX jobs_open_question ON tolva.jobs (tenant_id, id)
  WHERE state = 'failed' AND error->>'type' = 'Unanswered' AND NOT error ? 'answered_by';
CREATE INDEX jobs_asked ON tolva.jobs (tenant_id, queue, finished_at)
  WHERE state = 'failed' AND error->>'type' = 'Unanswered';
CREATE UNIQUE INDEX jobs_unique_open ON tolva.jobs (tenant_id, unique_key)
  WHERE unique_key IS NOT NULL AND NOT unique_forever AND state IN ('queued', 'running', 'waiting');
CREATE UNIQUE INDEX jobs_unique_forever ON tolva.jobs (tenant_id, unique_key)
  WHERE unique_key IS NOT NULL AND unique_forever;

-- The words of the labels, apart from the jobs: those change often, and each change would write to the GIN index.
-- A word begins with a mark of its tenant, so that a search reads the matches of one tenant alone; see words.py.
CREATE TABLE tolva.job_words (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  words tsvector NOT NULL,
  PRIMARY KEY (tenant_id, job_id)
);
-- Every search reads the list of pending entries from end to end: a short one.
CREATE INDEX job_words_words ON tolva.job_words USING gin (words) WITH (gin_pending_list_limit = 256);

-- What happened to a job, in order. No foreign key: it would lock the job's row once more for every event;
-- `prune` deletes both together.
CREATE TABLE tolva.job_events (
  job_id uuid NOT NULL,
  seq bigint NOT NULL,
  tenant_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  type text NOT NULL,
  data jsonb,
  PRIMARY KEY (job_id, seq)
);

-- The last failure of a job, open until it is replayed or dismissed; pruned with its job.
CREATE TABLE tolva.dead_letters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id uuid NOT NULL,
  tenant_id text NOT NULL,
  queue text NOT NULL,
  kind text NOT NULL,
  label text,
  params jsonb NOT NULL,
  error jsonb NOT NULL,
  attempts jsonb NOT NULL,   -- the events that ended its attempts
  failed_at timestamptz NOT NULL DEFAULT now(),
  replayed_at timestamptz,
  dismissed_at timestamptz,
  dismissed_by text,         -- as in the audit log
  CONSTRAINT dismissed_by_somebody CHECK ((dismissed_at IS NULL) = (dismissed_by IS NULL))
);
CREATE INDEX dead_letters_open ON tolva.dead_letters (tenant_id, queue, kind, failed_at, id)
  WHERE replayed_at IS NULL AND dismissed_at IS NULL;
CREATE INDEX dead_letters_newest ON tolva.dead_letters (tenant_id, failed_at, id)
  WHERE replayed_at IS NULL AND dismissed_at IS NULL;
CREATE INDEX dead_letters_job ON tolva.dead_letters (job_id);

-- Cron in a time zone. `next_at` is the tick that is still to come; moving it on is what makes a tick happen once.
CREATE TABLE tolva.schedules (
  tenant_id text NOT NULL,
  name text NOT NULL,
  cron text NOT NULL,
  timezone text NOT NULL,
  missed text NOT NULL DEFAULT 'all' CHECK (missed IN ('all', 'latest')),
  kind text NOT NULL,
  queue text NOT NULL,
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 9),
  max_attempts integer NOT NULL,
  soft_limit double precision NOT NULL,
  hard_limit double precision NOT NULL,
  params jsonb NOT NULL,
  paused_at timestamptz,
  last_at timestamptz,
  next_at timestamptz NOT NULL,
  trouble text,                -- why its tick made no job when it was tried last
  look_at timestamptz,         -- then it is tried again
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);
CREATE INDEX schedules_due ON tolva.schedules (kind, next_at) WHERE paused_at IS NULL;

CALL tolva.guard('tolva.lanes', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE');
CALL tolva.guard('tolva.jobs', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE');
CALL tolva.guard('tolva.job_words', 'SELECT, INSERT', 'SELECT, INSERT, UPDATE, DELETE');
CALL tolva.guard('tolva.job_events', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE');
CALL tolva.guard('tolva.dead_letters', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE');
CALL tolva.guard('tolva.schedules', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE, DELETE');
GRANT SELECT ON tolva.queues, tolva.workers, tolva.migrations TO tolva_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON tolva.queues, tolva.workers, tolva.migrations TO tolva_system;
