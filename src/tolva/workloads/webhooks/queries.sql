-- name: lock_webhooks
-- Whoever makes a webhook of the tenant waits here for the others who do.
SELECT pg_advisory_xact_lock(hashtextextended('tolva.webhooks ' || current_setting('app.tenant_id', true), 0));

-- name: count_webhooks
-- How many webhooks the tenant has. Asked behind the lock, in a statement of its own: one that waited for the lock would not
-- see what the others made.
SELECT count(*) AS webhooks FROM tolva.webhooks;

-- name: add_webhook
-- Keep a webhook of the tenant.
INSERT INTO tolva.webhooks (id, tenant_id, url, description, events, kinds, queues, active, secret, created_by)
VALUES (%(id)s, %(tenant_id)s, %(url)s, %(description)s, %(events)s, %(kinds)s, %(queues)s, %(active)s, %(secret)s,
  %(created_by)s)
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at,
  CASE WHEN old_until > now() THEN old_until END AS old_secret_until;

-- name: list_webhooks
-- The tenant's webhooks, oldest first, without their secrets.
SELECT id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at,
  CASE WHEN old_until > now() THEN old_until END AS old_secret_until
FROM tolva.webhooks ORDER BY id;

-- name: get_webhook
-- One webhook of the tenant, without its secret.
SELECT id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at,
  CASE WHEN old_until > now() THEN old_until END AS old_secret_until
FROM tolva.webhooks WHERE id = %(id)s;

-- name: change_webhook
-- Change a webhook of the tenant.
UPDATE tolva.webhooks SET url = %(url)s, description = %(description)s, events = %(events)s, kinds = %(kinds)s,
  queues = %(queues)s, active = %(active)s, off_because = NULL, updated_at = now()
WHERE id = %(id)s
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at,
  CASE WHEN old_until > now() THEN old_until END AS old_secret_until;

-- name: switch_webhook
-- Switch a webhook of the tenant on or off, and leave the rest of it as it is.
UPDATE tolva.webhooks SET active = %(active)s, off_because = NULL, updated_at = now() WHERE id = %(id)s
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at,
  CASE WHEN old_until > now() THEN old_until END AS old_secret_until;

-- name: drop_webhook
-- Delete a webhook of the tenant.
DELETE FROM tolva.webhooks WHERE id = %(id)s RETURNING id;

-- name: rotate_secret
-- Give a webhook of the tenant a new secret. The old one signs, too, for a while; no row while an older one still does, unless
-- that is to end.
UPDATE tolva.webhooks SET old_secret = secret, old_until = now() + make_interval(secs => %(overlap)s),
  secret = %(secret)s, updated_at = now()
WHERE id = %(id)s AND (%(force)s OR old_until IS NULL OR old_until <= now())
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at,
  old_until AS old_secret_until;

-- name: switch_off
-- Tell a webhook of the tenant nothing any more.
UPDATE tolva.webhooks SET active = false, off_because = %(because)s, updated_at = now() WHERE id = %(id)s AND active;

-- name: addressee
-- Where a delivery of the tenant goes, and what signs it.
SELECT url, active, ARRAY[secret] || CASE WHEN old_until > now() THEN ARRAY[old_secret] ELSE '{}' END AS secrets
FROM tolva.webhooks WHERE id = %(id)s;

-- name: tenants_with_news
-- The tenants that have something to tell; see the function.
SELECT tenant_id FROM tolva.tenants_with_news() AS t(tenant_id);

-- name: take_news
-- Take the first lines out of the tenant's outbox, with where each goes, unless somebody else is taking them; of these ids
-- alone where some are named.
DELETE FROM tolva.webhook_outbox WHERE id = ANY (ARRAY(
  SELECT id FROM tolva.webhook_outbox WHERE set_aside IS NULL AND (%(ids)s::bigint[] IS NULL OR id = ANY (%(ids)s))
  ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED))
RETURNING id, webhook_id, (SELECT url FROM tolva.webhooks w WHERE w.id = webhook_id) AS url, event_id, type, at, data;

-- name: waiting_news
-- The first lines of the tenant's outbox.
SELECT id FROM tolva.webhook_outbox WHERE set_aside IS NULL ORDER BY id LIMIT %(most)s;

-- name: note_refusal
-- A line of the tenant's outbox could not be handed over; after so many tries it is set aside.
UPDATE tolva.webhook_outbox SET tries = tries + 1, set_aside = CASE WHEN tries + 1 >= %(most_tries)s THEN %(why)s END
WHERE id = %(id)s RETURNING set_aside;

-- name: try_again
-- Hand over again what was set aside for a webhook of the tenant.
UPDATE tolva.webhook_outbox SET tries = 0, set_aside = NULL WHERE webhook_id = %(id)s AND set_aside IS NOT NULL;

-- name: drop_lines
-- Forget what was to be told to a webhook of the tenant.
DELETE FROM tolva.webhook_outbox WHERE webhook_id = %(id)s;

-- name: waiting_deliveries
-- The deliveries of a webhook of the tenant that wait for their turn, among so many, the newest.
SELECT id::text FROM tolva.webhook_deliveries(%(webhook)s, NULL, %(looked)s) WHERE state = 'queued';

-- name: lines_aside
-- Lines of every tenant that were set aside; see the function.
SELECT * FROM tolva.webhook_lines_aside(%(most)s);

-- name: prune_lines
-- Delete what was set aside and is older than it is kept; see the function.
SELECT tolva.prune_webhook_lines(make_interval(secs => %(kept)s), %(most)s) AS gone;

-- name: deliveries
-- The deliveries of a webhook of the tenant, newest first, after a cursor; see the function.
SELECT id, params -> 'event' AS event, state, attempt, failures, progress, checkpoint ->> 'answer' AS answer, error, created_at,
  finished_at,
  CASE WHEN state = 'queued' THEN run_at END AS next_try_at
FROM tolva.webhook_deliveries(%(webhook)s, %(before)s, %(most)s);
