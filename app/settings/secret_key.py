"""The SECRET_KEY of a service that is not given one: generated once, and kept beside its data."""

import secrets
from pathlib import Path

from pydantic import SecretStr

from app.errors import StartupError
from app.settings.settings import Settings
from app.settings.types import SECRET_KEY_MIN_LENGTH


def keep_secret_key(settings: Settings) -> Settings:
    """Return settings with a SECRET_KEY: the given one, or one generated once in DATA_DIR/secret_key (mode 0600).

    Raises `StartupError` when the file can't be read or written.
    """
    if settings.secret_key is not None:
        return settings
    path = _path(settings)
    try:
        if not path.exists():
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_hex(32))
            fresh.replace(path)
        key = path.read_text().strip()
    except OSError as error:
        raise StartupError(f"SECRET_KEY: {path} can't be read or written: {error.strerror}") from None
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise StartupError(f"SECRET_KEY: {path} is damaged; restore it from a backup")
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def has_secret_key(settings: Settings) -> bool:
    """Whether a SECRET_KEY was given, or generated before."""
    return settings.secret_key is not None or _path(settings).exists()


def _path(settings: Settings) -> Path:
    return settings.data_dir / "secret_key"
