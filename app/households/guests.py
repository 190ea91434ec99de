"""Links that show one list to guests, people without an account, and keys for their assistants, which only read.

A link is not a membership: what a guest may reach is the list in `Actor.only_list`, and opening a household refuses
such an actor unless it is asked for by name. Call `MembersChanged` after the commit of what ends a link: it ends the
streams of the guest in every process. Calls look the link up each time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.crypto.tokens import GUEST_KEY_PREFIX, GUEST_LINK_PREFIX, hash_of, new_secret
from app.db import Connection, new_id
from app.errors import Conflict, Invalid, LimitReached, NotFound, RoleRefused, gettext_noop
from app.households import guest_repository
from app.households.members import find_member, lock_members
from app.households.models import RANKS, GuestLink, GuestMay, Member, Membership
from app.households.tenant import Actor
from app.people.repository import insert_guest
from app.text import clean

LONGEST_HOURS: Final = 365 * 24
DEFAULT_HOURS: Final = 7 * 24
LINKS: Final = 20
"""The most live links of a household."""

KEYS: Final = 5
"""The most keys of a link."""

LONGEST_NAME: Final = 60
CLIENT_ID: Final = "guest"
"""The client in the history and in the audit record: guests have no OAuth client."""

NO_LINK: Final = gettext_noop(
    "This link has ended, or part of it is missing. Ask the person who sent it to you for a new one."
)

_NOTED_EVERY: Final = timedelta(minutes=5)
_SECRET: Final = "[A-Za-z0-9_-]{43}"  # noqa: S105  # the shape of one
_CODE: Final = re.compile(rf"{GUEST_LINK_PREFIX}{_SECRET}")
_KEY: Final = re.compile(rf"{GUEST_KEY_PREFIX}{_SECRET}")


@dataclass(frozen=True, slots=True)
class NewGuestLink:
    """A link that was just made, with its code, which is shown this once."""

    id: UUID
    code: str = field(repr=False)
    name: str
    may: GuestMay
    expires_at: datetime


async def make_link(
    connection: Connection,
    household_id: UUID,
    list_id: UUID,
    name: str,
    may: GuestMay,
    now: datetime,
    *,
    by: UUID,
    hours: int = DEFAULT_HOURS,
) -> NewGuestLink:
    """Make a link to a list, which must be of the household, as an owner or editor.

    Raises `RoleRefused`, `Invalid` for the name and `hours`, and `LimitReached` when LINKS are live.
    """
    if not 1 <= hours <= LONGEST_HOURS:
        raise Invalid(
            "hours must be from 1 to {most:,} for a guest: at most a year.",
            values={"most": LONGEST_HOURS},
            field="hours",
        )
    name = clean(name, "name", LONGEST_NAME)
    _require_editor(await lock_members(connection, household_id), by)
    if len(await guest_repository.links_of(connection, household_id, now)) >= LINKS:
        raise LimitReached(
            "{most} guests have links, the most a household can have. End one of them first.", values={"most": LINKS}
        )
    link_id, code, expires_at = new_id(), new_secret(GUEST_LINK_PREFIX), now + timedelta(hours=hours)
    guest = await insert_guest(connection, link_id, name_in_history(name), now)
    await guest_repository.insert_link(
        connection, link_id, household_id, list_id, guest.id, hash_of(code), name, may, by, now, expires_at
    )
    await record(connection, _entry(Action.GUEST_LINK_MADE, household_id, by, guest.id, now, detail=may))
    return NewGuestLink(link_id, code, name, may, expires_at)


def name_in_history(name: str) -> str:
    """Return a guest's name as the history shows it."""
    return f"{name} (guest)"


async def find_by_code(connection: Connection, code: str, now: datetime) -> GuestLink:
    """Return the live link with this code. Raises `NotFound`."""
    found = None
    if _CODE.fullmatch(code):
        found = await guest_repository.find_link_with_code(connection, hash_of(code), now)
    if found is None:
        raise NotFound(NO_LINK, field="code")
    return found


def is_guest_key(token: str) -> bool:
    """Whether a bearer token has the shape of a key of a guest's assistant."""
    return _KEY.fullmatch(token) is not None


async def make_key(connection: Connection, code: str, now: datetime) -> tuple[str, GuestLink]:
    """Make a key for an assistant of the guest, which reads the list of the link while that is live; it is shown once.

    Raises `NotFound`, and `LimitReached` when the link has KEYS.
    """
    link = await find_by_code(connection, code, now)
    if not await guest_repository.lock_link(connection, link.id):
        raise NotFound(NO_LINK, field="code")
    if await guest_repository.count_keys(connection, link.id) >= KEYS:
        raise LimitReached(
            "This link has {most} keys, the most it can have. Ask for a new link to get others.", values={"most": KEYS}
        )
    key = new_secret(GUEST_KEY_PREFIX)
    await guest_repository.insert_key(connection, hash_of(key), link.id, now)
    entry = _entry(Action.GUEST_KEY_MADE, link.household_id, link.person_id, None, now)
    await record(connection, entry)
    return key, link


async def note_use(connection: Connection, link: GuestLink, now: datetime) -> None:
    """Store that a link was used, to about five minutes."""
    if link.last_used_at is None or link.last_used_at + _NOTED_EVERY <= now:
        await guest_repository.set_used(connection, link.id, now)


async def end_link(connection: Connection, household_id: UUID, link_id: UUID, now: datetime, *, by: UUID) -> None:
    """End a link and its keys, as an owner or editor. Raises `RoleRefused`, and `Conflict` if it has ended already."""
    _require_editor(await lock_members(connection, household_id), by)
    if not await guest_repository.delete_link(connection, household_id, link_id):
        raise Conflict("That link has already ended.")
    await record(connection, _entry(Action.GUEST_LINK_ENDED, household_id, by, None, now))


def actor_of(link: GuestLink, *, ticks: bool = False) -> Actor:
    """Return the actor that the guest of a link is: one who sees a single list. With `ticks` it may change something,
    for the one use case that does. Raises `RoleRefused` for a guest who may only look."""
    if ticks and link.may != "tick":
        raise RoleRefused("You can look at this list but not tick things off. Ask the person who sent you the link.")
    # A guest is not told the name of the household.
    membership = Membership(
        link.household_id,
        "",
        link.household_ref,
        "editor" if ticks else "viewer",
        link.currency,
        link.locale,
        link.time_zone,
    )
    return Actor(link.person_id, CLIENT_ID, link.id, (membership,), link.household_id, only_list=link.list_id)


def as_members(links: Sequence[GuestLink]) -> list[Member]:
    """Return guests as they are found by name where the history is searched."""
    return [Member(each.person_id, name_in_history(each.name), "viewer") for each in links]


def _require_editor(members: Sequence[Member], person_id: UUID) -> None:
    member = find_member(members, person_id)
    if member is None or RANKS[member.role] < RANKS["editor"]:
        raise RoleRefused("Only an owner or editor of the household can share a list with a guest. Ask one of them.")


def _entry(
    action: Action, household_id: UUID, by: UUID, guest: UUID | None, now: datetime, detail: str | None = None
) -> AuditEntry:
    return AuditEntry(
        action=action, at=now, person_id=by, other_person_id=guest, household_id=household_id, detail=detail
    )
