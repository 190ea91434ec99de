"""Who may do what in the embedded database, and what its log does not say."""

import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from tests.db.embedded_service import FAST, execute, servers_of, wait_until_it_answers

pytestmark = pytest.mark.processes

SECRET = "Pregnancy test"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir, settings=FAST)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def urls(server: EmbeddedPostgres) -> DatabaseUrls:
    return server.create_database("another")


def test_owner_and_service_are_ordinary_roles(urls: DatabaseUrls) -> None:
    powers = """
        SELECT count(*) FROM pg_roles WHERE rolname IN ('shopping_owner', 'shopping_service') AND rolcanlogin
        AND NOT (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)
    """
    assert execute(urls.service, powers) == 2
    assert execute(urls.owner, "SELECT count(*) FROM pg_auth_members WHERE member >= 16384") == 0


def test_the_owner_owns_database_and_schema_and_the_service_nothing(urls: DatabaseUrls) -> None:
    assert execute(urls.owner, "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'another'") == (
        "shopping_owner"
    )
    assert execute(urls.owner, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'") == (
        "shopping_owner"
    )
    owned = "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'shopping_service'::regrole AND deptype = 'o'"
    assert execute(urls.superuser, owned) == 0


def test_the_public_has_no_right_at_all(urls: DatabaseUrls) -> None:
    schema = "SELECT count(*) FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = 0"
    assert execute(urls.superuser, schema) == 0
    databases = (
        "SELECT count(*) FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0"
    )
    assert execute(urls.superuser, f"{databases} AND datallowconn") == 0


def test_the_owner_makes_tables_and_grants_them(urls: DatabaseUrls) -> None:
    execute(urls.owner, "CREATE TABLE granted AS SELECT 1 AS n")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        execute(urls.service, "SELECT n FROM granted")
    execute(urls.owner, "GRANT SELECT ON granted TO shopping_service")
    assert execute(urls.service, "SELECT n FROM granted") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE forbidden ()",
        "CREATE TEMPORARY TABLE forbidden ()",
        "CREATE SCHEMA forbidden",
        "CREATE DATABASE forbidden",
        "CREATE ROLE forbidden",
        "SET log_statement = 'all'",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SET ROLE shopping_owner",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'hidden')",
        "SELECT lowrite(0, 'hidden')",
    ],
)
def test_the_service_role_may_not(urls: DatabaseUrls, sql: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        execute(urls.service, sql)


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_the_roles_reach_only_their_databases(urls: DatabaseUrls, database: str) -> None:
    for url in (urls.service, urls.owner):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            execute(url.replace("/another?", f"/{database}?"), "SELECT 1")


def test_nobody_connects_without_the_right_password(urls: DatabaseUrls) -> None:
    for url in (urls.service, urls.owner, urls.superuser):
        role, password = url.split("//")[1].split("@")[0].split(":")
        assert len(password) >= 32
        with pytest.raises(asyncpg.InvalidPasswordError):
            execute(url.replace(password, "wrong"), "SELECT 1")
        stored = f"SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = '{role}'"
        assert execute(urls.superuser, stored)
    methods = "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules"
    assert execute(urls.superuser, methods) == ["scram-sha-256"]


def test_it_listens_on_no_network(data_dir: Path, urls: DatabaseUrls) -> None:
    assert execute(urls.superuser, "SHOW listen_addresses") == ""
    (server,) = servers_of(data_dir)
    assert [each for each in server.net_connections("inet") if each.laddr] == []


def test_only_its_account_reads_its_files(data_dir: Path, urls: DatabaseUrls) -> None:
    for name in ("postgres.json", "postgres.log", "lock", "postgres.lock"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600
    socket_dir = Path(str(execute(urls.superuser, "SHOW unix_socket_directories")))
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "pg").stat().st_mode) == 0o700


def test_no_password_stands_in_the_list_of_processes_or_the_log(data_dir: Path, urls: DatabaseUrls) -> None:
    (server,) = servers_of(data_dir)
    written = " ".join(server.cmdline()) + (data_dir / "postgres.log").read_text()
    for url in (urls.service, urls.owner, urls.superuser):
        assert url.split("//")[1].split("@")[0].split(":")[1] not in written


def test_production_flushes_to_disk(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as urls:
        assert execute(urls.service, "SHOW fsync") == "on"
        assert execute(urls.service, "SHOW synchronous_commit") == "on"
        assert execute(urls.service, "SHOW full_page_writes") == "on"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'Pregnancy test'::int",
        "VALUES ('Pregnancy test', nothing)",
        "DO $$ BEGIN RAISE WARNING 'Pregnancy test'; RAISE LOG 'seen'; END $$",
        "INSERT INTO items VALUES ('Pregnancy test'), ('Pregnancy test')",
    ],
)
def test_a_failing_statement_leaves_no_item_text_in_the_log(data_dir: Path, urls: DatabaseUrls, sql: str) -> None:
    execute(urls.owner, "CREATE TABLE IF NOT EXISTS items (name text PRIMARY KEY)")
    if "RAISE" in sql:
        execute(urls.owner, sql)
    else:
        with pytest.raises(asyncpg.PostgresError):
            execute(urls.owner, sql)
    assert SECRET not in (data_dir / "postgres.log").read_text()


def test_a_crash_in_the_middle_of_a_statement_leaves_no_item_text_in_the_log(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, settings=FAST) as urls:
        crash = f"COPY (SELECT pg_backend_pid(), '{SECRET}') TO PROGRAM 'read pid rest; kill -SEGV $pid; cat'"
        with pytest.raises((asyncpg.PostgresError, ConnectionError)):
            execute(urls.superuser, crash)
        # PostgreSQL 18 never ends after a fast shutdown that arrives while it starts again, until it is told to quit.
        wait_until_it_answers(urls.service)
    log = (tmp_path / "postgres.log").read_text()
    assert "terminated by signal 11" in log
    assert SECRET not in log


def test_the_log_holds_one_run_and_the_one_before(tmp_path: Path) -> None:
    for _ in range(3):
        with EmbeddedPostgres(tmp_path, settings=FAST):
            pass
    logs = sorted(path.name for path in tmp_path.glob("postgres.log*"))
    assert logs == ["postgres.log", "postgres.log.1"]
    for name in logs:
        assert (tmp_path / name).read_text().count("starting PostgreSQL") == 1


def test_a_role_changed_by_hand_is_put_right_at_the_next_start(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, settings=FAST) as urls:
        execute(urls.superuser, "ALTER ROLE shopping_service SUPERUSER PASSWORD 'guessed'")
    with EmbeddedPostgres(tmp_path, settings=FAST) as urls:
        assert not execute(urls.service, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
