"""Households and the people in them."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["owner", "editor", "viewer"]


@dataclass(frozen=True, slots=True)
class Membership:
    """A household of a person, with the role they have there."""

    household_id: UUID
    name: str
    ref: str
    role: Role
    currency: str
    locale: str


@dataclass(frozen=True, slots=True)
class NamedHousehold:
    """A household with its name and ref."""

    id: UUID
    name: str
    ref: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a household; `is_me` where it is the caller."""

    person_id: UUID
    name: str
    role: Role
    is_me: bool = False
