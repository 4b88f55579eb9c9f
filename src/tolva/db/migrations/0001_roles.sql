-- Two roles that nobody logs in as.
--   tolva_app     what the application acts as (SET ROLE): sees the rows of app.tenant_id alone
--   tolva_system  owns the few functions that must see every tenant; nobody acts as it otherwise
-- Roles belong to the cluster, so a second database may find them there, or another migrator may be quicker.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['tolva_app', 'tolva_system'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', wanted);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- made by another migrator in this very moment
    END;
    -- A superuser may become anybody; any other login must be a member to hand functions over and to act as tolva_app.
    -- Since 16 whoever makes a role is its member without the right to become it.
    IF NOT pg_has_role(current_user, wanted,
      CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
    END IF;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA tolva TO tolva_app, tolva_system;
GRANT CREATE ON SCHEMA tolva TO tolva_system;
