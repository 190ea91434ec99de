"""API keys that people make for themselves, on their page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.db import Connection
from app.errors import Conflict, Invalid
from app.households.models import Membership
from app.oauth.authorize.consent_choices import LEVELS, NEED_CONFIRMED_EMAIL
from app.oauth.credentials.api_keys import LONGEST_NAME, IssuedKey, NewKey, create_api_key
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS, find_connected_apps
from app.oauth.grants.create import has_room
from app.oauth.grants.models import GrantKind
from app.people.models import Person, Profile
from app.resources import MAIN
from app.scopes import expand
from app.text import clean

DAYS: Final = (7, 30, 90, 365)
"""How long a key that a person makes may last."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key as its person asks for it: what it is for, in which household, at which level, and for how many days."""

    name: str
    household: Membership
    level: str
    days: int


def levels_for(profile: Profile, *, can_verify: bool) -> list[str]:
    """Return the levels that a person may give to a key: the same that they may give to an app."""
    is_unproven = can_verify and profile.signs_in_here and profile.verified_at is None
    return [level for level in LEVELS if not (is_unproven and level in NEED_CONFIRMED_EMAIL)]


async def create_own_key(
    connection: Connection,
    person: Person,
    public_url: str,
    wanted: OwnKey,
    levels: list[str],
    now: datetime,
    address: str | None,
) -> IssuedKey:
    """Create a key for the person who asks for it; the person must be locked.

    Raises `Invalid` for what the page does not offer, and `Conflict` for a name that another of their keys has, so that
    a form that is sent twice makes one key, and for a person with too many connections.
    """
    name = clean(wanted.name, "name", LONGEST_NAME)
    if wanted.level not in levels:
        raise Invalid("Choose what the key may do.", field="level")
    if wanted.days not in DAYS:
        raise Invalid("Choose how long the key is valid.", field="days")
    mine = await find_connected_apps(connection, person.id, now)
    if any(each.kind == GrantKind.KEY and each.name == name for each in mine):
        raise Conflict("You have a key with this name already. End it first, or choose another name.", field="name")
    if not await has_room(connection, person.id, now):
        raise Conflict(
            "You have {most} connections, which is the limit. End some first.", values={"most": MOST_CONNECTIONS}
        )
    new = NewKey(
        str(person.id),
        wanted.household.ref,
        tuple(expand([LEVELS[wanted.level]])),
        wanted.days,
        name,
        by_command=False,
        address=address,
    )
    return await create_api_key(connection, MAIN.identifier(public_url), new, now)
