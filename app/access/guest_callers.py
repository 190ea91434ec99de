"""Keys of guests' assistants as bearer tokens: callers who read one list."""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from app.access.caller import Caller
from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.households.guest_repository import find_link, find_link_with_key
from app.households.guests import actor_of, is_guest_key, note_use
from app.households.models import GuestLink
from app.limits.defaults import CALLS, CALLS_OF_PERSON, UNKNOWN_KEYS
from app.limits.rate_limit import RateLimiter
from app.resources import GUEST
from app.runtime.clock import Clock, system_clock
from app.scopes import LISTS_READ

MOST_KEYS: Final = 10_000


class GuestCallers:
    """Finds the caller of a guest's key.

    Which link a key belongs to never changes and is cached, for at most MOST_KEYS keys by their hash; that is only to
    tell known keys from invented ones. Whether the link is live is read at every call: guests call seldom, and so an
    ended link lets nobody in, in whatever process.
    """

    def __init__(self, engine: Engine, limiter: RateLimiter, issuer: str, *, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._limiter = limiter
        self._issuer = issuer
        self._clock = clock
        self._known: OrderedDict[bytes, UUID] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    async def find(self, key: str, address: str) -> Caller | None:
        """Return the caller, or None for a key that is unknown or whose link has ended.

        Raises `Unavailable`, and `LimitReached` for a link that calls too often, and for an unknown key from an address
        that has sent too many of them.
        """
        if not is_guest_key(key):
            return None
        key_hash = hash_of(key)
        link_id = self._known.get(key_hash)
        if link_id is None:
            await self._limiter.peek(UNKNOWN_KEYS, address)
        else:
            # Before anything is read, so that a key of an ended link can't have it looked up without end.
            await self._limiter.check(CALLS, link_id)
        async with transaction(self._engine) as connection:
            link = await find_link_with_key(connection, key_hash, self._clock())
            if link is not None:
                await note_use(connection, link, self._clock())
        if link is None:
            if link_id is None:
                await self._limiter.count(UNKNOWN_KEYS, address)
            return None
        if link_id is None:
            await self._limiter.check(CALLS, link.id)
        await self._limiter.check(CALLS_OF_PERSON, link.person_id)
        self._keep(key_hash, link.id)
        return self._caller(link)

    async def reload(self, caller: Caller) -> Caller | None:
        """Return a guest's caller as the database has it; None when the link has ended. Raises `Unavailable`."""
        async with transaction(self._engine) as connection:
            link = await find_link(connection, caller.actor.grant_id, self._clock())
        return None if link is None else self._caller(link)

    def _caller(self, link: GuestLink) -> Caller:
        return Caller(actor_of(link), self._issuer, frozenset({LISTS_READ}), GUEST, link.expires_at)

    def _keep(self, key_hash: bytes, link_id: UUID) -> None:
        self._known[key_hash] = link_id
        self._known.move_to_end(key_hash)
        if len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)
