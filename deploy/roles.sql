-- Run once by a superuser, with psql: the database, the role that owns its tables, and the role that the service works
-- as, which owns nothing. The passwords come from the environment.
\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD

CREATE ROLE shopping_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE shopping_service LOGIN PASSWORD :'service_password';

CREATE DATABASE shopping OWNER shopping_owner;
REVOKE ALL ON DATABASE shopping FROM PUBLIC;
GRANT CONNECT ON DATABASE shopping TO shopping_service;

\connect shopping
ALTER SCHEMA public OWNER TO shopping_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO shopping_service;

-- Large objects belong to no household and count in no quota, so nobody may write them.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read$|write$)' \gexec
