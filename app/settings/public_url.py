"""The PUBLIC_URL that a service with an embedded database was started with, for the commands run beside it."""

from pathlib import Path

from app.errors import StartupError
from app.settings.settings import Settings


def write_public_url(settings: Settings) -> None:
    """Write PUBLIC_URL to a file in DATA_DIR for `check_public_url`. Raises `StartupError` when that fails."""
    path = _path(settings)
    try:
        fresh = path.with_suffix(".new")
        fresh.write_text(f"{settings.public_url}\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise StartupError(f"DATA_DIR {settings.data_dir} can't be used: {error.strerror}") from None


def check_public_url(settings: Settings) -> None:
    """Raise `StartupError` when PUBLIC_URL differs from the one that the service wrote.

    Links that a command prints with another address would not work.
    """
    try:
        written = _path(settings).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise StartupError(f"{_path(settings)} can't be read; restart the service, which writes it again") from None
    if written != settings.public_url:
        raise StartupError(
            f"PUBLIC_URL is {settings.public_url} here, but the service in DATA_DIR {settings.data_dir} was started "
            f"with {written}; give this command the PUBLIC_URL and PORT of the service, preferably in .env"
        )


def _path(settings: Settings) -> Path:
    return settings.data_dir / "public_url"
