"""The schema rules, read from the catalogue of a migrated database, and the migrations that make it."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection

from app.db import Engine
from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.db.engine import connect
from app.db.migrations import ALEMBIC_INI, migrate, migrate_down, run_as_owner
from app.db.revision import Readiness, newest_revision
from app.tables import metadata
from tests.db import statements
from tests.db.looking import rows

pytestmark = pytest.mark.anyio

GLOBAL = {
    "people",
    "identities",
    "credentials",
    "sessions",
    "attempts",
    "email_links",
    "passkeys",
    "passkey_challenges",
    "half_sign_ins",
    "recovery_codes",
    "households",
    "memberships",
    "invitations",
    "guest_links",
    "guest_keys",
    "push_subscriptions",
    "list_alerts",
    "push_outbox",
    "alert_settings",
    "clients",
    "client_assertions",
    "authorization_requests",
    "upstream_sign_ins",
    "grants",
    "grant_households",
    "api_keys",
    "codes",
    "refresh_families",
    "refresh_tokens",
    "signing_keys",
    "audit_events",
    "audit_chain",
    "alembic_version",
}
TENANT = set(statements.TENANT)


async def test_every_table_is_known_as_global_or_tenant(database: DatabaseUrls) -> None:
    found = await rows(
        database.superuser, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    assert {row["relname"] for row in found} == GLOBAL | TENANT


async def test_tenant_tables_have_a_household_in_every_key(database: DatabaseUrls) -> None:
    """Rule 1: primary keys, unique indexes and foreign keys among tenant tables include household_id."""
    indexes = await rows(
        database.superuser,
        """
        SELECT c.relname AS "table", i.indexrelid::regclass::text AS name,
               array_agg(a.attname::text) AS columns
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace GROUP BY 1, 2
        """,
    )
    assert {row["table"] for row in indexes} >= TENANT
    for index in indexes:
        if index["table"] in TENANT:
            assert "household_id" in index["columns"], index
    foreign_keys = await rows(
        database.superuser,
        """
        SELECT conrelid::regclass::text AS "table", confrelid::regclass::text AS target, conname,
               (SELECT array_agg(a.attname::text) FROM pg_attribute a
                WHERE a.attrelid = conrelid AND a.attnum = ANY(conkey)) AS columns
        FROM pg_constraint WHERE contype = 'f'
        """,
    )
    for key in foreign_keys:
        if key["table"] in TENANT:
            assert "household_id" in key["columns"], key
            assert key["target"] != "people", "deleting a person anonymises"
        else:
            assert key["target"] not in TENANT, key


@pytest.mark.proves("""tn-rls MUST own rule; MCP security-considerations
    Postgres itself keeps households apart.
    Here: Forced row-level security on every tenant table, and a role that can't bypass it.""")
async def test_row_level_security_is_forced_on_tenant_tables_by_one_plain_policy(database: DatabaseUrls) -> None:
    """Rule 3: no subqueries, the context or nothing, for reading and for writing."""
    tables = await rows(
        database.superuser,
        """
        SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        """,
    )
    for table in tables:
        expected = table["relname"] in TENANT
        assert (table["relrowsecurity"], table["relforcerowsecurity"]) == (expected, expected), table
    policies = await rows(database.superuser, "SELECT * FROM pg_policies")
    assert {policy["tablename"] for policy in policies} == TENANT
    for policy in policies:
        assert policy["qual"] == policy["with_check"]
        assert "current_setting('app.household_id'" in policy["qual"]
        assert "SELECT" not in policy["qual"].upper()
        assert (policy["permissive"], policy["cmd"]) == ("PERMISSIVE", "ALL")


async def test_there_are_no_sequences_triggers_enums_or_functions(database: DatabaseUrls) -> None:
    """Rules 1 and 5: ids come from the service, and nothing happens behind a statement's back."""
    for query in (
        "SELECT relname FROM pg_class WHERE relkind = 'S'",
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT typname FROM pg_type WHERE typtype = 'e'",
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT column_name FROM information_schema.columns WHERE is_identity = 'YES'",
    ):
        assert not await rows(database.superuser, query), query


async def test_the_service_role_owns_nothing_and_has_only_what_it_needs(database: DatabaseUrls) -> None:
    owned = await rows(database.superuser, "SELECT relname FROM pg_class WHERE relowner = 'shopping_service'::regrole")
    assert owned == []
    granted = await rows(
        database.superuser,
        """
        SELECT table_name AS "table", string_agg(privilege_type::text, ',' ORDER BY privilege_type) AS privileges
        FROM information_schema.role_table_grants
        WHERE grantee = 'shopping_service' AND table_schema = 'public' GROUP BY 1
        """,
    )
    privileges = {row["table"]: set(row["privileges"].split(",")) for row in granted}
    assert set(privileges) == GLOBAL | TENANT
    assert privileges["alembic_version"] == {"SELECT"}
    for table in TENANT | {"households"}:
        assert privileges[table] == {"SELECT", "INSERT", "UPDATE", "DELETE"}, "a household is deleted for good"
    assert privileges["people"] == {"SELECT", "INSERT", "UPDATE"}, "whoever deletes their account stays as a row"
    assert privileges["credentials"] == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert privileges["audit_events"] == {"SELECT", "INSERT", "DELETE"}
    columns = await rows(
        database.superuser,
        """
        SELECT table_name AS "table", string_agg(column_name, ',' ORDER BY column_name) AS columns
        FROM information_schema.role_column_grants
        WHERE grantee = 'shopping_service' AND privilege_type = 'UPDATE' GROUP BY 1
        """,
    )
    changed = {row["table"]: row["columns"] for row in columns if "UPDATE" not in privileges[row["table"]]}
    assert changed == {
        "audit_events": "seal,seal_no",
        "api_keys": "last_used_from,last_used_on",
        "guest_links": "first_used_at,last_used_at",
        "invitations": "uses_left",
        "sessions": "browser,network,seen_at",
        "passkeys": "last_used_at,name,sign_count",
        "upstream_sign_ins": "used_at",
        "grants": "contested_at,contested_from,revoked_at,revoked_because,scopes",
        "refresh_families": "current_generation,used_at,used_from",
    }
    for table, held in privileges.items():
        assert held <= {"SELECT", "INSERT", "UPDATE", "DELETE"}, table
    others = await rows(
        database.superuser,
        "SELECT * FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_schema = 'public'",
    )
    assert others == []


async def test_the_service_role_can_not_change_the_schema(engine: Engine, database: DatabaseUrls) -> None:
    connection = await connect(database.service)
    for statement in (
        "CREATE TABLE mine (id int)",
        "ALTER TABLE lists DISABLE ROW LEVEL SECURITY",
        "DROP POLICY household ON lists",
        "CREATE POLICY all_of_it ON lists USING (true)",
        "TRUNCATE lists",
        "DELETE FROM people",
        "SET ROLE shopping_owner",
        "CREATE TEMP TABLE mine (id int)",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            await connection.execute(statement)
    await connection.close()


def test_autogenerate_finds_nothing_to_change(database: DatabaseUrls) -> None:
    differences: list[Any] = []

    def compare(connection: SyncConnection) -> None:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences.extend(compare_metadata(context, metadata))

    run_as_owner(database.owner, compare)
    assert differences == []


@pytest.fixture
def empty(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> DatabaseUrls:
    """A database without tables."""
    server: EmbeddedPostgres = cluster.server
    return server.create_database(f"empty_{tmp_path_factory.mktemp('x').name}")


async def tables_in(database: DatabaseUrls) -> set[str]:
    found = await rows(
        database.superuser, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {row["relname"] for row in found}


def test_migrations_go_up_down_and_up_again(empty: DatabaseUrls) -> None:
    migrate(empty.owner, empty.service)
    assert asyncio.run(tables_in(empty)) == GLOBAL | TENANT
    migrate_down(empty.owner, empty.service)
    assert asyncio.run(tables_in(empty)) == {"alembic_version"}
    migrate(empty.owner, empty.service)
    assert asyncio.run(tables_in(empty)) == GLOBAL | TENANT


async def set_up_lists(database: DatabaseUrls) -> None:
    """Two households: a list with two open and one checked item, and one without any; a removed item counts nowhere."""
    connection = await connect(database.superuser)
    await connection.execute("""
        INSERT INTO households (id, ref, name, currency, locale)
        SELECT gen_random_uuid(), 'ref' || n, 'Home', 'EUR', 'en' FROM generate_series(1, 2) AS n;
        INSERT INTO lists (household_id, id, no, name, name_key, rev)
        SELECT id, gen_random_uuid(), 1, ref, ref, 0 FROM households;
        INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev, checked_at, deleted_at)
        SELECT household_id, gen_random_uuid(), id, n, n::text, n::text, n, 0,
               CASE WHEN n = 3 THEN now() END, CASE WHEN n = 4 THEN now() END
        FROM lists, generate_series(1, 4) AS n WHERE name = 'ref1'""")
    await connection.close()


def test_lists_that_were_there_before_learn_how_much_is_on_them(empty: DatabaseUrls) -> None:
    migrate(empty.owner, empty.service, "0004")
    asyncio.run(set_up_lists(empty))
    migrate(empty.owner, empty.service)
    found = asyncio.run(rows(empty.superuser, "SELECT name, open_items, checked_items FROM lists ORDER BY name"))
    assert [tuple(row.values()) for row in found] == [("ref1", 2, 1), ("ref2", 0, 0)]


async def set_up_clients(database: DatabaseUrls) -> None:
    """An added client and a service account, as they were when both were of one kind."""
    connection = await connect(database.superuser)
    await connection.execute("""
        INSERT INTO people (id, issuer, subject, name) VALUES (gen_random_uuid(), 'client', 'svc_robot', 'Robot');
        INSERT INTO clients (id, kind, name, redirect_uris, token_endpoint_auth_method, metadata, created_at,
                             last_used_at)
        SELECT id, 'preregistered', id, '[]', 'client_secret_basic', '{}', now(), now()
        FROM unnest(ARRAY['app_home', 'svc_robot']) AS id;
        INSERT INTO grants (id, kind, person_id, client_id, client, scopes, resource, created_at)
        SELECT gen_random_uuid(), 'service', id, 'svc_robot', '{}', '{}', '', now() FROM people""")
    await connection.close()


def test_service_accounts_that_were_there_before_get_a_kind_of_their_own(empty: DatabaseUrls) -> None:
    migrate(empty.owner, empty.service, "0011")
    asyncio.run(set_up_clients(empty))
    migrate(empty.owner, empty.service)
    found = asyncio.run(rows(empty.superuser, "SELECT id, kind FROM clients ORDER BY id"))
    assert [tuple(row.values()) for row in found] == [("app_home", "preregistered"), ("svc_robot", "service")]


def test_the_newest_revision_is_the_one_that_migrations_end_with() -> None:
    assert newest_revision() == ScriptDirectory.from_config(Config(ALEMBIC_INI)).get_current_head()


def test_concurrent_starts_migrate_once(empty: DatabaseUrls) -> None:
    with ProcessPoolExecutor(3) as pool:
        starts = [pool.submit(migrate, empty.owner, empty.service) for _ in range(3)]
        for start in starts:
            start.result(60)
    applied = asyncio.run(rows(empty.superuser, "SELECT version_num FROM alembic_version"))
    assert [row["version_num"] for row in applied] == [newest_revision()]


@pytest.mark.own_database
async def test_a_database_that_is_not_migrated_is_not_ready(engine: Engine, database: DatabaseUrls) -> None:
    is_ready = Readiness(engine)
    assert await is_ready()
    owner = await connect(database.owner)
    await owner.execute("UPDATE alembic_version SET version_num = '0001'")
    await owner.close()
    assert not await is_ready()
