"""The commands: `migrate` by itself, and what is no command. `serve` is everywhere else."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.db.embedded.process import is_locked
from app.db.revision import newest_revision
from tests.command import run_program as run
from tests.conftest import Cluster
from tests.db.embedded_service import FAST, execute, servers_of
from tests.documents import ROOT

DONE = (0, "The database is up to date.\n")
VERSION = "SELECT version_num FROM alembic_version"


@pytest.mark.processes
def test_migrate_makes_the_embedded_database_and_leaves_no_server(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    ended = run(tmp_path, "migrate", DATA_DIR=str(data_dir))
    assert (ended.returncode, ended.stdout) == DONE, ended.stderr
    assert servers_of(data_dir) == []
    assert not is_locked(data_dir / "postgres.lock")
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.owner, VERSION) == newest_revision()
        execute(urls.owner, "CREATE TABLE kept ()")
    again = run(tmp_path, "migrate", DATA_DIR=str(data_dir))
    assert (again.returncode, again.stdout) == DONE, again.stderr
    assert servers_of(data_dir) == []
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.owner, "SELECT to_regclass('kept') IS NOT NULL")


@pytest.fixture
def empty(cluster: Cluster) -> DatabaseUrls:
    """An external database without tables."""
    return cluster.server.create_database(f"empty_{uuid4().hex}")


@pytest.mark.processes
def test_migrate_brings_an_external_database_up_to_date_and_makes_none_of_its_own(
    empty: DatabaseUrls, tmp_path: Path
) -> None:
    external = {
        "DATABASE_URL": empty.service,
        "MIGRATION_DATABASE_URL": empty.owner,
        "SECRET_KEY": "a secret that only these tests know, 0123456789",
        "DATA_DIR": str(tmp_path / "data"),
    }
    for _ in range(2):
        ended = run(tmp_path, "migrate", **external)
        assert (ended.returncode, ended.stdout) == DONE, ended.stderr
        assert execute(empty.owner, VERSION) == newest_revision()
        assert execute(empty.service, "SELECT count(*) FROM lists") == 0
    assert not (tmp_path / "data").exists()


def test_a_python_without_the_dependencies_is_told_which_one_has_them() -> None:
    bare = [sys.executable, "-S", "-m", "app", "clients", "list"]
    ended = subprocess.run(bare, cwd=ROOT, env={"PATH": os.defpath}, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith("shopping-list-mcp: No module named ")
    assert ".venv/bin/python -m app" in line


def test_an_unknown_command_names_those_that_exist(tmp_path: Path) -> None:
    ended = run(tmp_path, "frobnicate")
    assert ended.returncode == 2
    known = "'people', 'households', 'clients', 'grants', 'api-keys', 'service-accounts', 'signing-keys', 'audit'"
    expected = f"invalid choice: 'frobnicate' (choose from 'serve', 'stdio', 'migrate', {known})"
    assert expected in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
