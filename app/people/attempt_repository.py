"""SQL on the counters of sign-in attempts and e-mails."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.db import Connection
from app.people.tables import attempts


@dataclass(frozen=True, slots=True)
class Counter:
    """`failures` in a row as of `counted_at`; the next attempt is allowed at `next_at`; deleted after `expires_at`."""

    key_hash: bytes
    failures: int
    counted_at: datetime
    next_at: datetime
    expires_at: datetime


async def exists(connection: Connection, key_hash: bytes, now: datetime) -> bool:
    """Whether there is a counter that has not expired."""
    found = await connection.execute(
        select(attempts.c.key_hash).where(attempts.c.key_hash == key_hash, attempts.c.expires_at > now)
    )
    return found.first() is not None


async def lock(connection: Connection, key_hash: bytes, now: datetime) -> Counter:
    """Lock a counter until the transaction ends and return it; insert it if there is none."""
    new = insert_or_skip(attempts).values(asdict(Counter(key_hash, 0, now, now, now)))
    # The update changes nothing: it is there because DO NOTHING would neither lock nor return an existing row.
    found = await connection.execute(
        new.on_conflict_do_update(
            index_elements=[attempts.c.key_hash], set_={"failures": attempts.c.failures}
        ).returning(attempts)
    )
    return Counter(*found.one())


async def update_counter(connection: Connection, counter: Counter) -> None:
    """Store the new state of a locked counter."""
    values = asdict(counter)
    await connection.execute(update(attempts).where(attempts.c.key_hash == values.pop("key_hash")).values(values))


async def forget(connection: Connection, keys: Sequence[bytes]) -> None:
    """Delete counters."""
    await connection.execute(delete(attempts).where(attempts.c.key_hash.in_(keys)))
