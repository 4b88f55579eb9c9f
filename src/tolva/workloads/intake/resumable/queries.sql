-- name: begin
-- An upload of which nothing is here yet; none is begun where the tenant has so many under way.
INSERT INTO tolva.resumable_uploads (id, tenant_id, length, arrival, expires_at)
SELECT %(id)s, %(tenant_id)s, %(length)s, %(arrival)s, now() + make_interval(secs => %(kept)s)
WHERE (SELECT count(*) FROM tolva.resumable_uploads WHERE job_id IS NULL AND expires_at > now()) < %(most)s
RETURNING expires_at;

-- name: find
-- How far an upload is, unless its time is over.
SELECT id, length, "offset", arrival, job_id, expires_at FROM tolva.resumable_uploads
WHERE id = %(id)s AND expires_at > now();

-- name: add_piece
-- The next piece of an upload; none is added where another request was quicker, or its time is over.
WITH moved AS (
  UPDATE tolva.resumable_uploads SET "offset" = %(start)s + %(size)s, expires_at = now() + make_interval(secs => %(kept)s)
  WHERE id = %(id)s AND "offset" = %(start)s AND job_id IS NULL AND expires_at > now()
  RETURNING id, tenant_id
)
INSERT INTO tolva.resumable_pieces (upload_id, start, tenant_id, blob, size, blake3)
SELECT id, %(start)s, tenant_id, %(blob)s, %(size)s, %(blake3)s FROM moved RETURNING start;

-- name: pieces
-- The pieces of an upload, in their order.
SELECT blob, size, blake3 FROM tolva.resumable_pieces WHERE upload_id = %(id)s ORDER BY start;

-- name: finish
-- Note that an upload is whole, and what it made.
UPDATE tolva.resumable_uploads SET "offset" = length, job_id = %(job_id)s WHERE id = %(id)s;

-- name: end
-- End the time of an upload, also for transactions that began before.
UPDATE tolva.resumable_uploads SET expires_at = 'epoch' WHERE id = %(id)s;

-- name: forget_pieces
-- Forget the pieces of an upload, once their files are gone.
DELETE FROM tolva.resumable_pieces WHERE upload_id = %(id)s;

-- name: forget
-- Forget an upload, once the files of its pieces are gone.
DELETE FROM tolva.resumable_uploads WHERE id = %(id)s;

-- name: expired
-- Uploads whose time is over; see the function.
SELECT id, blobs FROM tolva.expired_uploads(%(most)s);

-- name: forget_expired
-- Forget uploads whose time is over; see the function.
SELECT tolva.forget_expired_uploads(%(ids)s::uuid[]);
