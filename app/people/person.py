"""Someone who signs in."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the rest of the service sees them. The e-mail is what they typed, not proof of anything."""

    id: UUID
    name: str
    email: str | None
