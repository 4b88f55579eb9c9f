-- name: key_holder
-- The caller behind a key; see the function.
SELECT key_id::text, tenant_id, name, role FROM tolva.key_holder(%(hash)s);

-- name: session_holder
-- The caller behind a login; see the function.
SELECT key_id::text, tenant_id, name, role FROM tolva.session_holder(%(hash)s);

-- name: has_keys
-- Whether any key was ever made; see the function.
SELECT tolva.has_keys() AS has_keys;

-- name: roll
-- What the hashes of keys and logins in force begin with; see the function.
SELECT beginning FROM tolva.roll(%(most)s) AS beginning;

-- name: key_in_force
-- A key of the tenant, if it is neither revoked nor expired.
SELECT id FROM tolva.keys WHERE id = %(id)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: add_key
-- Keep a key of the tenant.
INSERT INTO tolva.keys (id, tenant_id, name, role, hash, beginning, created_by, expires_at)
VALUES (%(id)s, %(tenant_id)s, %(name)s, %(role)s, %(hash)s, %(beginning)s, %(created_by)s, %(expires_at)s)
RETURNING id, name, role, beginning, created_at, created_by, expires_at, revoked_at, last_used_at;

-- name: list_keys
-- The tenant's keys, newest first, after the last one of the page before.
SELECT id, name, role, beginning, created_at, created_by, expires_at, revoked_at, last_used_at FROM tolva.keys
WHERE id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT %(most)s;

-- name: revoke_key
-- End a key of the tenant; its logins end with it.
UPDATE tolva.keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %(id)s
RETURNING id, name, role, beginning, created_at, created_by, expires_at, revoked_at, last_used_at;

-- name: begin_session
-- Keep a login.
INSERT INTO tolva.sessions (hash, tenant_id, key_id, expires_at)
VALUES (%(hash)s, %(tenant_id)s, %(key_id)s, now() + make_interval(secs => %(lasts)s));

-- name: end_oldest_sessions
-- Forget the logins of a key but the latest.
DELETE FROM tolva.sessions WHERE hash IN (
  SELECT s.hash FROM tolva.sessions s WHERE s.key_id = %(key_id)s ORDER BY s.created_at DESC OFFSET %(most)s);

-- name: end_session
-- Forget a login.
DELETE FROM tolva.sessions WHERE hash = %(hash)s;

-- name: note
-- Write a line into the audit log.
INSERT INTO tolva.audit (id, tenant_id, actor, key_id, action, target, detail)
VALUES (%(id)s, %(tenant_id)s, %(actor)s, %(key_id)s, %(action)s, %(target)s, %(detail)s);

-- name: notes
-- The tenant's audit log, newest first, after the last line of the page before.
SELECT id, at, actor, key_id, action, target, detail, true AS matches, false AS is_last FROM tolva.audit
WHERE id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT %(most)s;

-- name: notes_of_target
-- The same of what was done to something, perhaps by one actor, or of one kind. Each such query has an index of its own,
-- looks at so many of its lines, and gives the last of them also where it does not match.
SELECT id, at, actor, key_id, action, target, detail, matches, is_last FROM (
  SELECT n.*, row_number() OVER (ORDER BY n.id DESC) = %(looked)s AS is_last,
    (%(actor)s::text IS NULL OR n.actor = %(actor)s) AND (%(action)s::text IS NULL OR n.action = %(action)s) AS matches
  FROM (
    SELECT id, at, actor, key_id, action, target, detail FROM tolva.audit
    WHERE target = %(target)s AND id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY id DESC LIMIT %(looked)s) n) l
WHERE matches OR is_last ORDER BY id DESC LIMIT %(most)s;

-- name: notes_of_actor
-- The same of what somebody did, perhaps of one kind.
SELECT id, at, actor, key_id, action, target, detail, matches, is_last FROM (
  SELECT n.*, row_number() OVER (ORDER BY n.id DESC) = %(looked)s AS is_last,
    %(action)s::text IS NULL OR n.action = %(action)s AS matches
  FROM (
    SELECT id, at, actor, key_id, action, target, detail FROM tolva.audit
    WHERE actor = %(actor)s AND id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY id DESC LIMIT %(looked)s) n) l
WHERE matches OR is_last ORDER BY id DESC LIMIT %(most)s;

-- name: notes_of_action
-- The same of one kind of action: all of them match.
SELECT id, at, actor, key_id, action, target, detail, true AS matches, false AS is_last FROM tolva.audit
WHERE action = %(action)s AND id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT %(most)s;

-- name: key_overview
-- How many keys are in force, of every tenant and role; see the function.
SELECT tenant_id, role, keys, expiring FROM tolva.key_overview(make_interval(secs => %(soon)s));

-- name: prune_access
-- Delete what has outlived its time; see the function.
SELECT tolva.prune_access(make_interval(secs => %(kept)s), %(most)s) AS gone;
