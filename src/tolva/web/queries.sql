-- name: forget_keys
-- Delete this key of the tenant and a portion of the others, where they have outlived their time.
DELETE FROM tolva.idempotency WHERE made_at < now() - make_interval(secs => %(kept)s)
  AND (key = %(key)s OR key = ANY (ARRAY(
    SELECT key FROM tolva.idempotency WHERE made_at < now() - make_interval(secs => %(kept)s) LIMIT 100)));

-- name: take_key
-- Take a key. Waits for whoever is taking it in this moment; no row when it is taken.
INSERT INTO tolva.idempotency (tenant_id, key, asked) VALUES (%(tenant_id)s, %(key)s, %(asked)s)
ON CONFLICT DO NOTHING RETURNING key;

-- name: taken_key
-- What a key was used for, and what was answered.
SELECT asked, answer FROM tolva.idempotency WHERE key = %(key)s;

-- name: keep_answer
-- What was answered to the request that took a key.
UPDATE tolva.idempotency SET answer = %(answer)s WHERE key = %(key)s;
