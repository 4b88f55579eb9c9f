-- name: note_file
-- Note a file that is about to be stored, and for which nobody has an upload yet.
INSERT INTO tolva.unclaimed_files (blob, tenant_id) VALUES (%(blob)s, %(tenant_id)s);

-- name: claim_file
-- A file is unclaimed no more.
DELETE FROM tolva.unclaimed_files WHERE blob = %(blob)s;

-- name: forget_unclaimed
-- Forget a portion of the files that nobody claimed in so many seconds; see the function.
SELECT blob FROM tolva.forget_unclaimed(make_interval(secs => %(age)s), %(most)s);

-- name: add_upload
-- Remember a stored file and the job that loads it.
INSERT INTO tolva.uploads (job_id, tenant_id, schema, schema_version, filename, kind, blob, size, blake3, constants, options, settled,
  corrects)
VALUES (%(job_id)s, %(tenant_id)s, %(schema)s, %(schema_version)s, %(filename)s, %(kind)s, %(blob)s, %(size)s, %(blake3)s, %(constants)s,
  %(options)s, %(settled)s, %(corrects)s);

-- name: settle
-- Note what an upload is read by; what was noted first stays.
UPDATE tolva.uploads SET settled = %(settled)s WHERE job_id = %(job_id)s AND settled IS NULL;

-- name: foretold
-- What an upload was read by that a dry run was for, if just this was said of it.
SELECT u.settled FROM tolva.uploads u JOIN tolva.jobs j ON j.id = u.job_id AND j.kind = 'dry_run'
WHERE u.job_id = %(job_id)s AND u.options = %(options)s;

-- name: read_as
-- What an upload was read by, and how its columns wrote numbers and dates.
SELECT u.settled, u.options, j.progress #> '{read,signs}' AS signs
FROM tolva.uploads u LEFT JOIN tolva.jobs j ON j.id = u.job_id WHERE u.job_id = %(job_id)s;

-- name: schemas
-- The latest version of each schema of the tenant that was not withdrawn.
SELECT * FROM (
  SELECT DISTINCT ON (name) name, version, document, created_at FROM tolva.schemas ORDER BY name, version DESC
) latest WHERE document IS NOT NULL ORDER BY name;

-- name: schema_version
-- A version of a schema, the latest without a number.
SELECT name, version, document, created_at FROM tolva.schemas
WHERE name = %(name)s AND (%(version)s::integer IS NULL OR version = %(version)s) ORDER BY version DESC LIMIT 1;

-- name: add_schema
-- The next version of a schema; none is made when another call was quicker.
INSERT INTO tolva.schemas (tenant_id, name, version, document)
SELECT %(tenant_id)s, %(name)s, coalesce(max(version), 0) + 1, %(document)s FROM tolva.schemas WHERE name = %(name)s
ON CONFLICT DO NOTHING RETURNING version;

-- name: mappings
-- What the tenant said last of each column, for people. Where it goes by place, the last word of a field counts as well:
-- that another column was said before to be it is hidden, until the load that said so last is undone.
SELECT name, field, outline FROM (
  SELECT shape, name, field, outline,
    row_number() OVER (PARTITION BY shape, name ORDER BY job_id DESC) AS nth_of_name,
    rank() OVER (PARTITION BY shape, field ORDER BY job_id DESC) AS nth_of_field
  FROM tolva.mappings WHERE schema = %(schema)s
) said
WHERE nth_of_name = 1 AND (nth_of_field = 1 OR shape = '' OR field IS NULL) ORDER BY shape, length(name), name;

-- name: mappings_for
-- What of it can hold for a file of some shape; or could, when the last to have said something was a load.
SELECT name, field, shape FROM (
  SELECT shape, name, field,
    row_number() OVER (PARTITION BY shape, name ORDER BY job_id DESC) AS nth_of_name,
    rank() OVER (PARTITION BY shape, field ORDER BY job_id DESC) AS nth_of_field
  FROM tolva.mappings
  WHERE schema = %(schema)s AND shape IN ('', %(shape)s) AND (%(until)s::uuid IS NULL OR job_id <= %(until)s)
) said
WHERE nth_of_name = 1 AND (nth_of_field = 1 OR shape = '' OR field IS NULL) ORDER BY shape, name;

-- name: said_otherwise_since
-- Whether a later load said something else of headers than this one did of some of them.
SELECT EXISTS (
  SELECT FROM tolva.mappings later LEFT JOIN unnest(%(names)s::text[], %(fields)s::text[]) m (name, field) USING (name)
  WHERE later.schema = %(schema)s AND later.shape = '' AND later.name = ANY (%(headers)s::text[])
    AND later.job_id > %(job_id)s AND (m.name IS NULL OR later.field IS DISTINCT FROM m.field)
) AS otherwise;

-- name: keep_mappings
-- Remember what a load said of columns.
INSERT INTO tolva.mappings (tenant_id, schema, shape, outline, job_id, name, field)
SELECT %(tenant_id)s, %(schema)s, %(shape)s, %(outline)s, %(job_id)s, m.* FROM unnest(%(names)s::text[], %(fields)s::text[]) m
ON CONFLICT DO NOTHING;

-- name: prune_mappings
-- Forget what was said of columns long before what was said last.
DELETE FROM tolva.mappings m USING (
  SELECT shape, name, job_id, row_number() OVER (PARTITION BY shape, name ORDER BY job_id DESC) AS nth
  FROM tolva.mappings WHERE schema = %(schema)s AND shape IN ('', %(shape)s) AND name = ANY (%(names)s::text[])
) said
WHERE m.schema = %(schema)s AND (m.shape, m.name, m.job_id) = (said.shape, said.name, said.job_id) AND said.nth > %(most)s;

-- name: forget_mappings
-- Forget what was said of a column, with what that had hidden; or of all.
DELETE FROM tolva.mappings m WHERE schema = %(schema)s AND (%(name)s::text IS NULL OR name = %(name)s OR EXISTS (
  SELECT FROM tolva.mappings said WHERE said.schema = m.schema AND said.shape = m.shape AND said.shape <> ''
    AND said.name = %(name)s AND said.field = m.field AND said.job_id > m.job_id));

-- name: forget_mappings_of
-- Forget what a load said of columns.
DELETE FROM tolva.mappings WHERE schema = %(schema)s AND job_id = %(job_id)s;

-- name: keep_locale
-- Remember what a load said of the numbers and dates of files like its own.
INSERT INTO tolva.locales (tenant_id, schema, files, outline, constants, locale, job_id)
VALUES (%(tenant_id)s, %(schema)s, %(files)s, %(outline)s, %(constants)s, %(locale)s, %(job_id)s)
ON CONFLICT DO NOTHING;

-- name: prune_locales
-- Forget what was said of files like these long before what was said last.
DELETE FROM tolva.locales WHERE schema = %(schema)s AND files = %(files)s AND job_id <= (
  SELECT job_id FROM tolva.locales WHERE schema = %(schema)s AND files = %(files)s
  ORDER BY job_id DESC OFFSET %(most)s LIMIT 1);

-- name: locale_for
-- What was said last of files like these; a NULL where it was that nothing holds. Or when the last to have said something
-- was a load.
SELECT locale FROM tolva.locales WHERE schema = %(schema)s AND files = %(files)s
  AND (%(until)s::uuid IS NULL OR job_id <= %(until)s) ORDER BY job_id DESC LIMIT 1;

-- name: locales
-- What the tenant said last of numbers and dates, for people.
SELECT locale, outline, constants FROM (
  SELECT DISTINCT ON (files) files, locale, outline, constants FROM tolva.locales
  WHERE schema = %(schema)s ORDER BY files, job_id DESC
) latest WHERE locale IS NOT NULL ORDER BY locale, files;

-- name: forget_locales
-- Forget all that was said of the files of which it was this locale last, or of all; of those alone that came with these
-- constants, where some are named.
DELETE FROM tolva.locales WHERE schema = %(schema)s AND (%(constants)s::jsonb IS NULL OR constants = %(constants)s)
  AND (%(locale)s::text IS NULL OR files IN (
  SELECT files FROM (
    SELECT DISTINCT ON (files) files, locale FROM tolva.locales WHERE schema = %(schema)s ORDER BY files, job_id DESC
  ) latest WHERE locale = %(locale)s));

-- name: forget_locales_of
-- Forget what a load said of numbers and dates.
DELETE FROM tolva.locales WHERE schema = %(schema)s AND job_id = %(job_id)s;

-- name: upload_of
-- The upload that a job loads.
SELECT * FROM tolva.uploads WHERE job_id = %(job_id)s;

-- name: schemas_of
-- The schemas that these uploads were made for.
SELECT job_id, schema, schema_version FROM tolva.uploads WHERE job_id = ANY (%(ids)s::uuid[]);

-- name: asked_before
-- The last earlier uploads of the file of an upload, for the same rows, whose jobs asked something, or still may. Of a
-- load, only another load is an answer; of a sheet that was named, only the same one. Where none was, to name one is an
-- answer that the question offers.
SELECT u.job_id FROM tolva.uploads mine JOIN tolva.jobs own ON own.id = mine.job_id
JOIN tolva.uploads u ON u.tenant_id = mine.tenant_id AND u.blake3 = mine.blake3
JOIN tolva.jobs j ON j.id = u.job_id AND (j.kind = own.kind OR own.kind = 'bulk_upload')
WHERE mine.job_id = %(job_id)s AND u.job_id < mine.job_id AND u.schema = mine.schema AND u.constants = mine.constants
  AND coalesce(u.options #> '{read,sheet}' = mine.options #> '{read,sheet}', u.options #> '{read,sheet}' IS NULL)
  AND (j.finished_at IS NULL OR j.state = 'failed' AND j.error->>'type' = 'Unanswered')
ORDER BY u.job_id DESC LIMIT %(most)s;

-- name: list_uploads
-- Uploads with their jobs, newest first, before one of them.
SELECT u.job_id AS id, j.kind, j.state, j.label, u.schema, u.filename, u.size, u.constants, u.corrects, j.undone_by,
  tolva.in_short(j.progress) AS progress, tolva.in_short(j.result) AS result, j.created_at, j.started_at, j.finished_at
FROM tolva.uploads u JOIN tolva.jobs j ON j.id = u.job_id
WHERE u.job_id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY u.job_id DESC LIMIT %(most)s;

-- name: latest_uploads
-- The last uploads, each with its job: how far it is, and what became of it.
SELECT j.id, j.kind, j.state, j.failures, j.run_at, j.cancel_requested_at, j.error, j.created_at,
  tolva.in_short(j.progress) AS progress,
  -- of the counts those that are shown: pages ask every few seconds, and a result holds counts of everything
  jsonb_build_object('accepted', j.result->'accepted', 'rejected', j.result->'rejected') AS result,
  j.undone_by, u.schema, u.filename, u.size, u.constants
FROM tolva.uploads u JOIN tolva.jobs j ON j.id = u.job_id
ORDER BY u.job_id DESC LIMIT %(most)s;

-- name: effective_load
-- A load of a file for the same rows that is under way, or of which something stands: rather a whole one, then the last.
-- `again_id`: the last one after it that found all rows as they were.
WITH alike AS (
    SELECT j.id, j.state, j.created_at, j.finished_at FROM tolva.uploads u
    JOIN tolva.jobs j ON j.id = u.job_id AND j.kind = 'bulk_upload'
    WHERE u.blake3 = %(blake3)s AND u.schema = %(schema)s AND u.constants = %(constants)s
      AND u.options = %(options)s
)
SELECT a.id, a.state, a.created_at, a.finished_at, again.id AS again_id, again.finished_at AS again_at
FROM alike a LEFT JOIN LATERAL (
    SELECT s.id, s.finished_at FROM alike s
    WHERE s.state = 'completed' AND s.id > a.id
      AND NOT EXISTS (SELECT FROM tolva.load_ledger l WHERE l.job_id = s.id AND l.touched > 0)
    ORDER BY s.id DESC LIMIT 1
) again ON true
WHERE a.finished_at IS NULL OR EXISTS (SELECT FROM tolva.load_ledger l WHERE l.job_id = a.id AND l.stands > 0)
ORDER BY a.finished_at IS NULL DESC, a.state = 'completed' DESC, a.id DESC LIMIT 1;

-- name: load_of
-- A job, with the name of its file if an upload is for it.
SELECT j.kind, j.state, j.label, u.filename FROM tolva.jobs j LEFT JOIN tolva.uploads u ON u.job_id = j.id WHERE j.id = %(job_id)s;

-- name: upload_or_undo
-- Whether a job is one whose rows can have errors.
SELECT kind FROM tolva.jobs WHERE id = %(job_id)s AND (kind = 'undo'
  OR EXISTS (SELECT FROM tolva.uploads u WHERE u.job_id = %(job_id)s));

-- name: intake_status
-- A job with its upload, for the uniform status call.
SELECT j.id, j.kind, j.state, j.label, u.schema, u.filename, u.size, u.blake3, u.constants, u.options, u.corrects, j.progress, j.result,
  j.error, j.undone_by, j.created_at, j.started_at, j.finished_at, j.seq
FROM tolva.jobs j LEFT JOIN tolva.uploads u ON u.job_id = j.id
WHERE j.id = %(job_id)s AND (u.job_id IS NOT NULL OR j.kind = 'undo');

-- name: upload_status
-- A load of one schema, for the status call of the contract.
SELECT u.filename, u.constants, j.id, j.state, j.created_at, j.updated_at, j.finished_at, j.progress,
  j.result, j.error, j.attempt, j.seq
FROM tolva.uploads u JOIN tolva.jobs j ON j.id = u.job_id
WHERE u.job_id = %(job_id)s AND u.schema = %(schema)s AND j.kind = %(kind)s;

-- name: bad_rows
-- The rows that were refused, one line each, in file order.
SELECT "row", string_agg(message, '; ' ORDER BY n) AS message FROM tolva.row_errors
WHERE job_id = %(job_id)s AND "row" > %(after)s GROUP BY "row" ORDER BY "row" LIMIT %(most)s;

-- name: row_errors
-- The faults of the refused rows in file order, after one of them; of an undo, each conflict with its key.
SELECT "row", n, key, "column", value, code, message FROM tolva.row_errors
WHERE job_id = %(job_id)s AND ("row", n) > (%(row)s, %(n)s) ORDER BY "row", n LIMIT %(most)s;

-- name: found_errors
-- The same, of one column or code or with a text in them; of no more than %(looked)s errors, whatever is found among those.
SELECT * FROM (
  SELECT "row", n, key, "column", value, code, message FROM tolva.row_errors
  WHERE job_id = %(job_id)s AND ("row", n) > (%(row)s, %(n)s) ORDER BY "row", n LIMIT %(looked)s
) looked
WHERE (%(column)s::text IS NULL OR "column" = %(column)s) AND (%(code)s::text IS NULL OR code = %(code)s)
  AND (%(search)s::text IS NULL
    OR strpos(lower(concat_ws(' ', "row", "column", value, message, key)), lower(%(search)s)) > 0)
ORDER BY "row", n LIMIT %(most)s;

-- name: looked_as_far_as
-- The last of so many errors after one of them, if there are more.
SELECT "row", n FROM tolva.row_errors
WHERE job_id = %(job_id)s AND ("row", n) > (%(row)s, %(n)s) ORDER BY "row", n OFFSET %(looked)s - 1 LIMIT 1;

-- name: error_counts
-- How many of the first errors are of which column and code.
SELECT "column", code, count(*) AS errors FROM (
  SELECT "column", code FROM tolva.row_errors WHERE job_id = %(job_id)s ORDER BY "row", n LIMIT %(looked)s
) looked GROUP BY "column", code ORDER BY errors DESC, "column", code;

-- name: add_errors
-- Remember the faults of one chunk.
INSERT INTO tolva.row_errors (job_id, tenant_id, "row", n, "column", value, code, message, key)
SELECT %(job_id)s, %(tenant_id)s, e.* FROM unnest(%(row)s::bigint[], %(n)s::integer[], %(column)s::text[],
  %(value)s::text[], %(code)s::text[], %(message)s::text[], %(key)s::jsonb[]) e;

-- name: abandoned_uploads
-- Uploads whose job was pruned; see the function.
SELECT job_id, blob FROM tolva.abandoned_uploads(make_interval(secs => %(kept)s), %(most)s);

-- name: forget_uploads
-- Forget uploads whose files are deleted; see the function.
SELECT tolva.forget_uploads(%(jobs)s::uuid[]);

-- name: add_ledger
-- Note what chunks did, or would have done; see the table.
INSERT INTO tolva.load_ledger (job_id, last_row, tenant_id, created, updated, unchanged, created_keys, created_hashes,
  changed_rows, changed_keys, fields, was, became, left_created, left_changed)
SELECT job_id, last_row, tenant_id, created, updated, unchanged, created_keys, created_hashes,
  changed_rows, changed_keys, fields, was, became, left_created, left_changed
FROM jsonb_populate_recordset(NULL::tolva.load_ledger, %(lines)s);

-- name: add_ledger_late
-- The same for chunks of a job that has ended and may have noted them.
INSERT INTO tolva.load_ledger (job_id, last_row, tenant_id, created, updated, unchanged, created_keys, created_hashes,
  changed_rows, changed_keys, fields, was, became, left_created, left_changed)
SELECT job_id, last_row, tenant_id, created, updated, unchanged, created_keys, created_hashes,
  changed_rows, changed_keys, fields, was, became, left_created, left_changed
FROM jsonb_populate_recordset(NULL::tolva.load_ledger, %(lines)s)
ON CONFLICT DO NOTHING;

-- name: ledger_line
-- What the next chunk did that ends at a row or behind it.
SELECT last_row, created_keys, changed_rows, changed_keys, fields, was, became FROM tolva.load_ledger
WHERE job_id = %(job_id)s AND last_row >= %(from)s ORDER BY last_row LIMIT 1;

-- name: last_line
-- What the last chunk of a load before a row did, of which something is not put back.
SELECT last_row, created_keys, created_hashes, changed_rows, changed_keys, fields, was, became, left_created, left_changed
FROM tolva.load_ledger
WHERE job_id = %(job_id)s AND (%(before)s::bigint IS NULL OR last_row < %(before)s) AND stands > 0
ORDER BY last_row DESC LIMIT 1;

-- name: made_before
-- Which of these keys a load had made before one of its chunks.
SELECT made.key FROM tolva.load_ledger l, unnest(l.created_keys) made (key)
WHERE l.job_id = %(job_id)s AND l.last_row < %(before)s AND made.key = ANY (%(keys)s::text[]);

-- name: mark_undone
-- Note that a chunk is put back, but for what had to be left.
UPDATE tolva.load_ledger SET left_created = %(left_created)s, left_changed = %(left_changed)s
WHERE job_id = %(job_id)s AND last_row = %(last_row)s;

-- name: later_loads
-- The last loads for a schema, and with constants for these, that came after a load and of which something stands. Only so
-- many uploads for the schema are looked at, the last ones.
SELECT job_id AS id, filename FROM (
  SELECT job_id, filename, constants FROM tolva.uploads
  WHERE schema = %(schema)s AND job_id > %(job_id)s ORDER BY job_id DESC LIMIT %(looked)s
) u
WHERE (%(constants)s::jsonb IS NULL OR constants = %(constants)s)
  -- one look-up for each: as joins they could read every job and every ledger
  AND (SELECT j.kind FROM tolva.jobs j WHERE j.id = u.job_id) = 'bulk_upload'
  AND (SELECT true FROM tolva.load_ledger l WHERE l.job_id = u.job_id AND l.stands > 0 LIMIT 1)
ORDER BY job_id DESC LIMIT %(most)s;

-- name: further_upload
-- Whether more than so many uploads for a schema came after a load.
SELECT job_id FROM tolva.uploads
WHERE schema = %(schema)s AND job_id > %(job_id)s ORDER BY job_id DESC OFFSET %(looked)s LIMIT 1;

-- name: last_undo
-- The last undo of a load that was completed. It came later and waited in the same queue.
SELECT id FROM tolva.jobs
WHERE queue = (SELECT queue FROM tolva.jobs WHERE id = %(job_id)s) AND kind = 'undo' AND state = 'completed'
  AND id > %(job_id)s AND unique_key = %(unique_key)s ORDER BY id DESC LIMIT 1;

-- name: open_undo
-- Whether a load is being undone.
SELECT id FROM tolva.jobs
WHERE unique_key = %(unique_key)s AND NOT unique_forever AND state IN ('queued', 'running', 'waiting');

-- name: standing
-- Whether a load did something, and whether something of it is not put back yet.
SELECT coalesce(bool_or(touched > 0), false) AS did, coalesce(bool_or(stands > 0), false) AS left
FROM tolva.load_ledger WHERE job_id = %(job_id)s;

-- name: ledger_size
-- How much a load has left to undo: rows that it made or changed, chunk by chunk, and those that it made alone.
SELECT coalesce(sum(touched), 0) AS touched, coalesce(sum(stands), 0) AS left,
  coalesce(sum(coalesce(cardinality(left_created), cardinality(created_keys))), 0)::bigint AS left_created
FROM tolva.load_ledger WHERE job_id = %(job_id)s;
