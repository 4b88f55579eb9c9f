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

-- Keep tenants apart in a table: as tolva_app one sees and writes the rows of app.tenant_id alone, as tolva_system all.
-- What they may do with it is said as in GRANT.
CREATE PROCEDURE tolva.guard(p_table regclass, p_app text, p_system text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
  EXECUTE format('CREATE POLICY own_tenant ON %s TO tolva_app
    USING (tenant_id = current_setting(''app.tenant_id'', true))', p_table);
  EXECUTE format('CREATE POLICY all_tenants ON %s TO tolva_system USING (true)', p_table);
  EXECUTE format('GRANT %s ON %s TO tolva_app', p_app, p_table);
  IF p_system IS NOT NULL THEN
    EXECUTE format('GRANT %s ON %s TO tolva_system', p_system, p_table);
  END IF;
END
$$;

-- Hand the functions made since the last time over to tolva_system, for tolva_app alone to call.
CREATE PROCEDURE tolva.hand_over()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_made regprocedure;
BEGIN
  FOR v_made IN
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.pronamespace = 'tolva'::regnamespace AND p.prokind = 'f' AND p.proowner <> 'tolva_system'::regrole
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tolva_system', v_made);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_made);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tolva_app', v_made);
  END LOOP;
END
$$;

REVOKE ALL ON PROCEDURE tolva.guard(regclass, text, text), tolva.hand_over() FROM PUBLIC;
