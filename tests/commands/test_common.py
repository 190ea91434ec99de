"""Commands beside the service: they use the database that is there, running or not."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.commands.common import run_with_database
from app.db import Engine, transaction
from app.db.embedded import EmbeddedPostgres
from app.db.embedded.process import take_lock
from app.db.migrations import migrate
from app.errors import StartupError
from app.settings import Settings
from app.settings.public_url import write_public_url
from app.settings.secret_key import keep_secret_key
from tests.conftest import Cluster
from tests.db.embedded_service import FAST


async def service_role(settings: Settings, engine: Engine) -> tuple[str, bool]:
    async with transaction(engine) as connection:
        role: str = (await connection.execute(text("SELECT current_user"))).scalar_one()
    return role, settings.secret_key is not None


DONE = ("shopping_service", True)


@pytest.mark.processes
def test_a_command_finds_the_database_of_the_running_service(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with EmbeddedPostgres(tmp_path, settings=FAST) as urls:
        with pytest.raises(StartupError, match=r"^SECRET_KEY: give this command the one of the service"):
            run_with_database(settings, service_role)
        assert not (tmp_path / "secret_key").exists()
        keep_secret_key(settings)  # as the service does that was given none
        with pytest.raises(StartupError, match="has a different version"):
            run_with_database(settings, service_role)
        migrate(urls.owner, urls.service)
        assert run_with_database(settings, service_role) == DONE
        assert run_with_database(settings, service_role) == DONE  # it has not stopped anything
    assert run_with_database(settings, service_role) == DONE  # it starts one of its own
    assert take_lock(tmp_path / "lock") is not None


@pytest.mark.processes
def test_a_command_says_so_when_the_service_is_just_starting(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "lock")
    assert lock is not None
    with pytest.raises(StartupError, match="just starting or stopping"):
        run_with_database(Settings(data_dir=tmp_path), service_role)


def test_a_command_makes_no_database(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(StartupError, match=f"DATA_DIR {elsewhere} holds no database; give this command the DATA_DIR"):
        run_with_database(Settings(data_dir=elsewhere), service_role)
    assert not elsewhere.exists()


def test_a_command_with_another_public_address_than_the_service_is_refused(tmp_path: Path) -> None:
    write_public_url(Settings(data_dir=tmp_path, public_url="https://lists.example.org"))
    with pytest.raises(StartupError, match="holds no database"):
        run_with_database(Settings(data_dir=tmp_path, public_url="https://lists.example.org/"), service_role)
    with pytest.raises(StartupError, match=r"^PUBLIC_URL is http://localhost:9000 here, .* https://lists.example.org;"):
        run_with_database(Settings(data_dir=tmp_path, port=9000), service_role)


def test_a_directory_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(StartupError, match=f"DATA_DIR {tmp_path} can't be used: "):
        run_with_database(Settings(data_dir=tmp_path), service_role)


def test_a_command_uses_an_external_database_and_leaves_migrating_it_to_the_service(
    cluster: Cluster, tmp_path: Path
) -> None:
    urls = cluster.server.create_database(f"commands_{tmp_path.name}")
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "database_url": urls.service,
            "migration_database_url": urls.owner,
            "secret_key": "x" * 32,
        }
    )
    for _ in range(2):
        with pytest.raises(StartupError, match="has a different version than this program; only `serve` and `migrate`"):
            run_with_database(settings, service_role)
    migrate(urls.owner, urls.service)
    assert run_with_database(settings, service_role) == DONE
