"""What a person sees of their own account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db import Connection
from app.people import store


@dataclass(frozen=True, slots=True)
class Profile:
    """Since when the address is proven to be the person's (None: it is a login name and no more); whether they sign
    in with a password of ours."""

    verified_at: datetime | None
    has_password: bool


async def find_profile(connection: Connection, person_id: UUID) -> Profile:
    """The profile of a person who exists."""
    return Profile(await store.find_verified_at(connection, person_id), await store.has_password(connection, person_id))
