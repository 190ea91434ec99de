"""A person in a household."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["owner", "editor", "viewer"]


@dataclass(frozen=True, slots=True)
class Membership:
    """One household of one person: what it is called, and what the person may do there."""

    household_id: UUID
    name: str
    ref: str
    role: Role
    currency: str
    locale: str


@dataclass(frozen=True, slots=True)
class NamedHousehold:
    """A household and what it is called."""

    id: UUID
    name: str
    ref: str


@dataclass(frozen=True, slots=True)
class Member:
    """One person of one household."""

    person_id: UUID
    name: str
    role: Role
