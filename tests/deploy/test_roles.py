"""The roles of deploy/roles.sql: enough for the service to work, and no more."""

import asyncio
import os
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from app.db.embedded import EmbeddedPostgres
from app.db.embedded.programs import program_dir
from tests.documents import ROOT
from tests.service import free_port, start

# A password with everything that quoting could get wrong.
pytestmark = pytest.mark.processes

PASSWORDS = {"OWNER_PASSWORD": 'owner\'s "pass" \\word', "SERVICE_PASSWORD": "service-password"}


def execute(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def run_script(superuser: str, passwords: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script as the PostgreSQL image does: psql, the superuser, variables in the environment."""
    url = make_url(superuser)
    connection = {"PGHOST": str(url.query["host"]), "PGPORT": str(url.query["port"]), "PGDATABASE": "postgres"}
    credentials = {"PGUSER": str(url.username), "PGPASSWORD": str(url.password)}
    return subprocess.run(
        [program_dir() / "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", ROOT / "deploy/roles.sql"],
        env={"PATH": os.defpath, **connection, **credentials, **passwords},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def superuser(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A PostgreSQL as an installation leaves it: one superuser, none of the service's roles."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), settings={"fsync": "off"})
    with server as urls:
        maintenance = make_url(urls.superuser).set(database="postgres").render_as_string(hide_password=False)
        execute(
            maintenance,
            "DROP DATABASE shopping",
            "GRANT CONNECT ON DATABASE postgres TO PUBLIC",
            "DROP ROLE shopping_owner",
            "DROP ROLE shopping_service",
        )
        yield maintenance


@pytest.fixture(scope="module")
def urls(superuser: str) -> dict[str, str]:
    """The database that the script makes, as each of its roles reaches it."""
    ended = run_script(superuser, PASSWORDS)
    assert ended.returncode == 0, ended.stderr
    base = make_url(superuser).set(drivername="postgresql", database="shopping")
    roles = {"owner": PASSWORDS["OWNER_PASSWORD"], "service": PASSWORDS["SERVICE_PASSWORD"]}
    return {
        role: base.set(username=f"shopping_{role}", password=password).render_as_string(hide_password=False)
        for role, password in roles.items()
    }


def test_the_script_refuses_to_make_roles_without_passwords(superuser: str) -> None:
    ended = run_script(superuser, {})
    assert ended.returncode == 3
    assert "shopping_owner" not in ended.stdout


def test_the_service_runs_with_these_roles(urls: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "PORT": str(port),
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": urls["service"],
        "MIGRATION_DATABASE_URL": urls["owner"],
        "SECRET_KEY": "a secret that only these tests know, 0123456789",
    }
    service = start(environment, f"http://localhost:{port}")
    try:
        service.wait_until_started()
        assert httpx.get(f"{service.url}/readyz").status_code == 200
    finally:
        assert service.stop() == 0
    assert not (tmp_path / "data").exists()


def test_the_service_role_can_make_nothing(urls: dict[str, str]) -> None:
    tables = ("CREATE TABLE mine ()", "CREATE TEMPORARY TABLE mine ()")
    for statement in (*tables, "CREATE SCHEMA mine", "SELECT lo_create(0)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            execute(urls["service"], statement)


def test_other_roles_of_the_server_cannot_connect(superuser: str, urls: dict[str, str]) -> None:
    execute(superuser, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    stranger = make_url(urls["service"]).set(username="stranger", password="stranger")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        execute(stranger.render_as_string(hide_password=False), "SELECT 1")
