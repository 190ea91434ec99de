"""People, their accounts, and the links sent to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the rest of the service sees them. The e-mail is what they typed, and proves nothing."""

    id: UUID
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person, and the issuer that vouches for them."""

    id: UUID
    name: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person sees of their account. `verified_at`: when the e-mail was confirmed, None if it never was;
    `signs_in_here`: with a password or a passkey, and not elsewhere."""

    verified_at: datetime | None
    has_password: bool
    signs_in_here: bool


@dataclass(frozen=True, slots=True)
class PasswordAccount:
    """A person and the hash of their password."""

    person: Person
    secret_hash: str


Purpose = Literal["sign_up", "verify", "reset"]


@dataclass(frozen=True, slots=True)
class EmailLink:
    """A one-time link. `person_id` is None where it creates the account; `mailed`: it came through the mailbox."""

    purpose: Purpose
    email: str
    person_id: UUID | None
    mailed: bool
