"""The address that a service with an embedded database was started with, for the commands beside it."""

from pathlib import Path

from app.errors import StartupError
from app.settings.settings import Settings


def leave_public_url(settings: Settings) -> None:
    """Write PUBLIC_URL into DATA_DIR, where `check_public_url` finds it. Raises `StartupError` when it can't."""
    path = _path(settings)
    try:
        fresh = path.with_suffix(".new")
        fresh.write_text(f"{settings.public_url}\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise StartupError(f"DATA_DIR {settings.data_dir} can't be used: {error.strerror}") from None


def check_public_url(settings: Settings) -> None:
    """Raises `StartupError` when the settings name another PUBLIC_URL than the one that the service left.

    The links that a command prints for another address would lead nowhere.
    """
    try:
        left = _path(settings).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise StartupError(f"{_path(settings)} can't be read; restart the service, which writes it anew") from None
    if left != settings.public_url:
        raise StartupError(
            f"PUBLIC_URL is {settings.public_url} here, but the service in DATA_DIR {settings.data_dir} was started "
            f"with {left}; set PUBLIC_URL and PORT for this command as for the service, best in .env"
        )


def _path(settings: Settings) -> Path:
    return settings.data_dir / "public_url"
