"""API keys as bearer tokens."""

from collections import OrderedDict
from datetime import date
from typing import Final
from uuid import UUID

from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.oauth.credentials.repository import find_key_grant, note_key_use
from app.runtime.addresses import known_network
from app.runtime.clock import Clock, system_clock

MOST_KEYS: Final = 10_000


class ApiKeys:
    """Finds the grant of a key.

    A key belongs to one grant for ever, so that is cached: for at most MOST_KEYS keys by their hash; the least recently
    used are dropped first. Whether the grant is live is for the caller to check, at every call.
    """

    def __init__(self, engine: Engine, issuer: str, *, clock: Clock = system_clock) -> None:
        self.issuer = issuer
        self._engine = engine
        self._clock = clock
        self._known: OrderedDict[bytes, UUID] = OrderedDict()
        self._noted: dict[bytes, date] = {}

    def __len__(self) -> int:
        return len(self._known)

    def recall(self, key: str) -> UUID | None:
        """Return the grant, live or not, of a key that was looked up before."""
        key_hash = hash_of(key)
        grant_id = self._known.get(key_hash)
        if grant_id is not None:
            self._known.move_to_end(key_hash)
        return grant_id

    async def look_up(self, key: str) -> UUID | None:
        """Return the grant of a key from the database; None for an unknown key. Raises `Unavailable`."""
        key_hash = hash_of(key)
        async with transaction(self._engine) as connection:
            grant_id = await find_key_grant(connection, key_hash)
        if grant_id is not None:
            self._keep(key_hash, grant_id)
        return grant_id

    async def note_use(self, key: str, address: str | None = None) -> None:
        """Record that a key was used today, from a network address. Raises `Unavailable` when that can't be stored."""
        key_hash, today = hash_of(key), self._clock().date()
        if self._noted.get(key_hash) == today:
            return
        async with transaction(self._engine) as connection:
            await note_key_use(connection, key_hash, today, known_network(address))
        if key_hash in self._known:
            self._noted[key_hash] = today

    def _keep(self, key_hash: bytes, grant_id: UUID) -> None:
        self._known[key_hash] = grant_id
        if len(self._known) > MOST_KEYS:
            oldest, _ = self._known.popitem(last=False)
            self._noted.pop(oldest, None)
