-- What was answered to requests with an Idempotency-Key, so that whoever sends one again gets the same answer. Jobs need
-- none of it: their unique key does the same.
CREATE TABLE tolva.idempotency (
  tenant_id text NOT NULL,
  key text NOT NULL,
  asked bytea NOT NULL,       -- SHA-256 of what was asked for: a key is for one thing alone
  answer jsonb,               -- without secrets; NULL only inside the transaction that does the work
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_age ON tolva.idempotency (tenant_id, made_at);

ALTER TABLE tolva.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE tolva.idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tolva.idempotency TO tolva_app USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON tolva.idempotency TO tolva_app;
