"""What the service keeps in DATA_DIR beside its database: the generated SECRET_KEY and the PUBLIC_URL it serves."""

from pathlib import Path

import pytest

from app.errors import StartupError
from app.settings import Settings
from app.settings.public_url import check_public_url, write_public_url
from app.settings.secret_key import keep_secret_key


@pytest.fixture
def laptop(tmp_path: Path) -> Settings:
    """The settings of a service with an embedded database, and nothing else set."""
    return Settings(_env_file=None, data_dir=tmp_path / "data")  # pyright: ignore[reportCallIssue]


def test_a_secret_key_is_generated_once_for_its_owner_only(laptop: Settings) -> None:
    first = keep_secret_key(laptop)
    path = laptop.data_dir / "secret_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.secret_key is not None
    assert first.secret_key.get_secret_value() == path.read_text()
    assert keep_secret_key(laptop) == first
    assert keep_secret_key(first) is first


def test_a_damaged_secret_key_ends_the_start_and_is_left_as_it_is(laptop: Settings) -> None:
    laptop.data_dir.mkdir()
    path = laptop.data_dir / "secret_key"
    path.write_text("short")
    with pytest.raises(StartupError, match=r"SECRET_KEY: .*secret_key is damaged; restore it from a backup"):
        keep_secret_key(laptop)
    assert path.read_text() == "short"


def test_files_that_cannot_be_read_end_the_start_in_one_line(laptop: Settings) -> None:
    for name in ("secret_key", "public_url"):
        (laptop.data_dir / name).mkdir(parents=True)
    with pytest.raises(StartupError, match=r"SECRET_KEY: .*secret_key can't be read or written: Is a directory"):
        keep_secret_key(laptop)
    with pytest.raises(StartupError, match=r"public_url can't be read; restart the service, which writes it again"):
        check_public_url(laptop)
    with pytest.raises(StartupError, match=r"DATA_DIR .*data can't be used: Is a directory"):
        write_public_url(laptop)


def test_a_command_needs_the_public_url_of_the_service_beside_it(laptop: Settings) -> None:
    check_public_url(laptop)
    laptop.data_dir.mkdir()
    write_public_url(laptop)
    check_public_url(laptop)
    with pytest.raises(StartupError, match=r"was started with http://localhost:8000; give this command"):
        check_public_url(laptop.model_copy(update={"public_url": "http://localhost:9000"}))
