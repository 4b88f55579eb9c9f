-- name: forget_request
-- Free a key of the tenant that has outlived its time.
DELETE FROM tolva.idempotency WHERE key = %(key)s AND made_at < now() - make_interval(secs => %(kept)s);

-- name: take_request
-- Take a key. Waits for whoever is taking it in this moment; no row when it is taken.
INSERT INTO tolva.idempotency (tenant_id, key, asked) VALUES (%(tenant_id)s, %(key)s, %(asked)s)
ON CONFLICT DO NOTHING RETURNING key;

-- name: taken_request
-- What a key was used for, and what was answered.
SELECT asked, answer FROM tolva.idempotency WHERE key = %(key)s;

-- name: keep_answer
-- What was answered to the request that took a key.
UPDATE tolva.idempotency SET answer = %(answer)s WHERE key = %(key)s;

-- name: prune_requests
-- Delete what was answered longer ago than it is kept; see the function.
SELECT tolva.prune_requests(make_interval(secs => %(kept)s), %(most)s) AS gone;
