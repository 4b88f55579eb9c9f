-- name: count_webhooks
-- How many webhooks the tenant has. Whoever asks holds the lock of those who make one.
SELECT pg_advisory_xact_lock(hashtext('tolva.webhooks ' || current_setting('app.tenant_id', true))),
  (SELECT count(*) FROM tolva.webhooks) AS webhooks;

-- name: add_webhook
-- Keep a webhook of the tenant.
INSERT INTO tolva.webhooks (id, tenant_id, url, description, events, kinds, queues, active, secret, created_by)
VALUES (%(id)s, %(tenant_id)s, %(url)s, %(description)s, %(events)s, %(kinds)s, %(queues)s, %(active)s, %(secret)s,
  %(created_by)s)
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at;

-- name: list_webhooks
-- The tenant's webhooks, oldest first, without their secrets.
SELECT id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at
FROM tolva.webhooks ORDER BY id;

-- name: get_webhook
-- One webhook of the tenant, without its secret.
SELECT id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at
FROM tolva.webhooks WHERE id = %(id)s;

-- name: change_webhook
-- Change a webhook of the tenant.
UPDATE tolva.webhooks SET url = %(url)s, description = %(description)s, events = %(events)s, kinds = %(kinds)s,
  queues = %(queues)s, active = %(active)s, off_because = NULL, updated_at = now()
WHERE id = %(id)s
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at;

-- name: drop_webhook
-- Delete a webhook of the tenant.
DELETE FROM tolva.webhooks WHERE id = %(id)s RETURNING id;

-- name: rotate_secret
-- Give a webhook of the tenant a new secret. The old one signs, too, for a while; one that does so already stays, as the
-- receiver may not have got to know the secret after it.
UPDATE tolva.webhooks SET old_secret = CASE WHEN old_until > now() THEN old_secret ELSE secret END,
  old_until = now() + make_interval(secs => %(overlap)s),
  secret = %(secret)s, updated_at = now()
WHERE id = %(id)s
RETURNING id, url, description, events, kinds, queues, active, off_because, created_at, created_by, updated_at;

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
-- Take the first lines out of the tenant's outbox, with where each goes, unless somebody else is taking them.
DELETE FROM tolva.webhook_outbox WHERE id = ANY (ARRAY(
  SELECT id FROM tolva.webhook_outbox ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED))
RETURNING id, webhook_id, (SELECT url FROM tolva.webhooks w WHERE w.id = webhook_id) AS url, event_id, type, at, data;

-- name: deliveries
-- The deliveries of a webhook of the tenant, newest first, after a cursor; see the function.
SELECT id, params -> 'event' AS event, state, attempt, failures, progress, error, created_at, finished_at,
  CASE WHEN state = 'queued' THEN run_at END AS next_try_at
FROM tolva.webhook_deliveries(%(webhook)s, %(before)s, %(most)s);
