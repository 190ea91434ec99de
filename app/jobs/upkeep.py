"""What is done for the service as a whole when nobody asks."""

from datetime import datetime
from typing import Final

import structlog
from pydantic import SecretStr

from app.db import Engine, transaction
from app.oauth.signing.rotation import rotate_old_keys

_log: Final = structlog.stdlib.get_logger("app.jobs")


async def keep_up(engine: Engine, secret_key: SecretStr | None, now: datetime) -> None:
    """Replace a signing key that has grown old; without `secret_key` there are none. Raises `Unavailable`."""
    if secret_key is None:
        return
    async with transaction(engine) as connection:
        key = await rotate_old_keys(connection, secret_key, now)
    if key is not None:
        _log.info("a new signing key takes over", kid=key.kid, at=key.active_from.isoformat())
