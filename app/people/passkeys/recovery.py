"""Recovery codes: each stands in once for a passkey that is lost, as the second step after the password.

They are shown when they are made, and stored as hashes. A code has 80 random bits, so a plain hash suffices.
"""

import secrets
from base64 import b32encode
from datetime import datetime
from typing import Final
from uuid import UUID

from app.crypto.tokens import hash_of
from app.db import Connection
from app.people.passkeys import repository

CODES: Final = 10
_BYTES: Final = 10
_GROUP: Final = 4


async def make_codes(connection: Connection, person_id: UUID, now: datetime) -> list[str]:
    """Return new codes in place of those that the person had. The caller has locked the person."""
    codes = [b32encode(secrets.token_bytes(_BYTES)).decode() for _ in range(CODES)]
    await repository.replace_codes(connection, person_id, [hash_of(each) for each in codes], now)
    return ["-".join(each[at : at + _GROUP] for at in range(0, len(each), _GROUP)) for each in codes]


async def take_code(connection: Connection, person_id: UUID, typed: str) -> bool:
    """Use up one of a person's codes, however it was typed; False if it is none."""
    code = "".join(each for each in typed.upper() if each.isalnum())
    return await repository.delete_code(connection, person_id, hash_of(code))
