"""The kinds of notifications, and how they are written into the payload of a NOTIFY.

Any database role can send a NOTIFY, so a payload proves nothing: it is validated strictly, and a notification is only
ever a reason to look at the database again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

LONGEST_PAYLOAD: Final = 7_999
"""In bytes; PostgreSQL refuses 8,000 and more."""

MOST_PER_PAYLOAD: Final = 40
"""The longest notification takes 170 bytes, so that this many always fit."""

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class ListChanged:
    """A list has a new revision: items on it, or with `itself` the list, which was made, renamed or deleted, say."""

    __pydantic_config__ = _STRICT

    household_id: UUID
    list_id: UUID
    rev: Annotated[int, Field(ge=0, lt=2**63)]
    itself: bool = False
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class GrantEnded:
    """A grant was revoked."""

    __pydantic_config__ = _STRICT

    grant_id: UUID
    kind: Literal["grant"] = "grant"


@dataclass(frozen=True, slots=True)
class MembersChanged:
    """Somebody joined a household, left it, or has another role in it."""

    __pydantic_config__ = _STRICT

    household_id: UUID
    kind: Literal["members"] = "members"


@dataclass(frozen=True, slots=True)
class Refetch:
    """Notifications may have been missed: anything may have changed."""

    __pydantic_config__ = _STRICT

    kind: Literal["refetch"] = "refetch"


Notification = ListChanged | GrantEnded | MembersChanged | Refetch


@dataclass(frozen=True, slots=True)
class Message:
    """The content of one payload: notifications, and the process they come from.

    Processes of several versions talk to one another during a rollout, so the fields keep their names.
    """

    __pydantic_config__ = _STRICT

    origin: UUID
    cues: Annotated[list[Annotated[Notification, Field(discriminator="kind")]], Field(max_length=MOST_PER_PAYLOAD)]


_MESSAGE: Final = TypeAdapter(Message)


def payloads_of(origin: UUID, notifications: Iterable[Notification]) -> list[str]:
    """Return payloads of at most LONGEST_PAYLOAD bytes; a single empty one if there are no notifications."""
    remaining = iter(notifications)
    payloads = [_payload(origin, list(islice(remaining, MOST_PER_PAYLOAD)))]
    while chunk := list(islice(remaining, MOST_PER_PAYLOAD)):
        payloads.append(_payload(origin, chunk))
    return payloads


def read_payload(payload: object) -> Message | None:
    """Return the message in a payload, or None if this service didn't send it."""
    if not isinstance(payload, str):
        return None
    try:
        return _MESSAGE.validate_json(payload)
    except ValidationError:
        return None


def _payload(origin: UUID, notifications: list[Notification]) -> str:
    return _MESSAGE.dump_json(Message(origin, notifications)).decode()
