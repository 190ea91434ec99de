"""The SECRET_KEY of a service that is not given one: generated once, and kept beside its data."""

import os
import secrets
import tempfile
from contextlib import suppress
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
            _write_new(path)
        key = path.read_text().strip()
    except OSError as error:
        raise StartupError(f"SECRET_KEY: {path} can't be read or written: {error.strerror}") from None
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise StartupError(f"SECRET_KEY: {path} is damaged; restore it from a backup")
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def _write_new(path: Path) -> None:
    """Write a new key, unless another process has just done so."""
    descriptor, fresh = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # readable by us only
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.unlink(fresh)


def has_secret_key(settings: Settings) -> bool:
    """Whether a SECRET_KEY was given, or generated before."""
    return settings.secret_key is not None or _path(settings).exists()


def _path(settings: Settings) -> Path:
    return settings.data_dir / "secret_key"
