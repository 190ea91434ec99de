"""The keys that sign access tokens, as tests look at them."""

from typing import Final

import jwt
from pydantic import SecretStr

from app.db import Engine
from app.oauth.signing.key_ring import KeyRing
from app.runtime.clock import Clock, system_clock
from app.settings import Settings

OTHER_SECRET: Final = SecretStr("another secret key of these tests, 0123456789")


async def loaded(engine: Engine, settings: Settings, clock: Clock = system_clock) -> KeyRing:
    """The keys of a process that has just started."""
    keys = KeyRing(engine, settings.secret_keys, clock=clock)
    await keys.load()
    return keys


def kid_of(token: str) -> str:
    """The id of the key that signed a token."""
    return jwt.get_unverified_header(token)["kid"]
