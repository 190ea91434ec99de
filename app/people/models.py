"""A person, and what they see of their own account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the rest of the service sees them. The e-mail is what they typed, not proof of anything."""

    id: UUID
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """Since when the address is proven to be the person's (None: it is a login name and no more); whether they sign
    in with a password of ours."""

    verified_at: datetime | None
    has_password: bool
