"""The embedded server starts wherever DATA_DIR is and whatever the environment says, or says in one line why not."""

import subprocess
from pathlib import Path

import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.embedded.account import choose_account
from app.db.embedded.programs import program_dir
from app.errors import StartupError
from tests.db.embedded_service import FAST, Service, execute, servers_of

pytestmark = pytest.mark.processes


def refusal(data_dir: Path, **settings: str) -> str:
    """The line with which a start on `data_dir` is refused."""
    with pytest.raises(StartupError) as refused:
        EmbeddedPostgres(data_dir, settings=FAST | settings).start()
    assert servers_of(data_dir) == []
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("environment", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {}])
def test_text_is_unicode_whatever_the_locale_of_the_shell(tmp_path: Path, environment: dict[str, str]) -> None:
    with Service(tmp_path / "Einkäufe", environment=environment) as service:
        owner = service.urls()["owner"]
        assert execute(owner, "SELECT lower('MÜSLI ÉPICÉ')") == "müsli épicé"
        assert execute(owner, "SHOW server_encoding") == "UTF8"
        assert service.end() == (0, "")


def test_variables_meant_for_another_server_change_nothing(tmp_path: Path) -> None:
    foreign = {"PGPORT": "1", "PGHOST": "nowhere.example", "PGUSER": "x", "PGOPTIONS": "-c x=y", "TMPDIR": "/nowhere"}
    with Service(tmp_path, environment=foreign) as service:
        assert execute(service.urls()["service"], "SELECT 1") == 1
        assert service.end() == (0, "")


def test_a_directory_of_two_hundred_characters_is_fine(tmp_path: Path) -> None:
    data_dir = tmp_path / ("x" * (199 - len(str(tmp_path))))
    assert len(str(data_dir)) == 200
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.service, "SELECT 1") == 1


def test_a_directory_whose_name_a_shell_would_read_is_fine(tmp_path: Path) -> None:
    data_dir = tmp_path / 'die "Einkäufe" von $(touch oops) `touch oops` & Co'
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.service, "SELECT 1") == 1
    assert list(tmp_path.rglob("oops*")) == []


def test_a_relative_directory_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with EmbeddedPostgres(Path("data"), settings=FAST) as urls:
        monkeypatch.chdir("/")
        assert execute(urls.service, "SELECT 1") == 1
    assert (tmp_path / "data" / "pg" / "PG_VERSION").exists()


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.touch()
    assert refusal(data_dir) == f"DATA_DIR {data_dir} can't be used: File exists ({data_dir})"


def test_something_else_in_the_place_of_the_data_is_left_alone(tmp_path: Path) -> None:
    photo = tmp_path / "pg" / "photo"
    photo.parent.mkdir()
    photo.touch()
    assert refusal(tmp_path).startswith(f"DATA_DIR {tmp_path} can't be used: Directory not empty")
    assert photo.exists()


def test_data_of_another_major_version_is_left_alone_and_named(tmp_path: Path) -> None:
    programs = program_dir().parents[1] / "pginstall" / "bin"
    account = choose_account(tmp_path, programs)
    pg_dir = tmp_path / "pg"
    pg_dir.mkdir()
    account.own(pg_dir)
    initdb = [*account.prefix, programs / "initdb", "--no-sync", "--auth=scram-sha-256", "--pwprompt", pg_dir]
    subprocess.run(initdb, input="password\n" * 2, text=True, check=True, capture_output=True)
    assert refusal(tmp_path) == (
        f"{pg_dir} holds PostgreSQL 16 data, but this release needs 18: use the release that wrote it, "
        "or dump the data with that and restore it into an empty DATA_DIR"
    )
    assert (pg_dir / "PG_VERSION").read_text() == "16\n"


def test_a_setting_that_the_server_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    assert "max_connections" in refusal(tmp_path, max_connections="no number")
    with EmbeddedPostgres(tmp_path, settings=FAST) as urls:
        assert execute(urls.service, "SELECT 1") == 1


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_without_its_passwords_the_data_is_not_touched(tmp_path: Path, harm: str) -> None:
    with EmbeddedPostgres(tmp_path, settings=FAST):
        pass
    path = tmp_path / "postgres.json"
    kept = path.read_text()
    path.unlink()
    if harm == "damaged":
        path.write_text("{")
    line = refusal(tmp_path)
    assert line.startswith(f"{path} is {harm}")
    assert line.endswith("put it back from a backup")
    path.write_text(kept)
    with EmbeddedPostgres(tmp_path, settings=FAST) as urls:
        assert execute(urls.service, "SELECT 1") == 1
