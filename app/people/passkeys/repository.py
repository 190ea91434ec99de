"""SQL on passkeys, the codes that stand in for them, challenges, and sign-ins that wait for a passkey."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from app.crypto.tokens import hash_of
from app.db import Connection
from app.people.models import Person
from app.people.passkeys.models import Passkey, Purpose
from app.people.repository import person_or_none, select_people
from app.people.tables import half_sign_ins, passkey_challenges, passkeys, people, recovery_codes

CHALLENGE_LIFE: Final = timedelta(minutes=10)
OPEN_CHALLENGES: Final = 10
"""How many challenges of one browser can be answered: those of its last tabs."""

HALF_LIFE: Final = timedelta(minutes=10)
"""How long the second step may take."""

_COLUMNS: Final = tuple(passkeys.c[each.name] for each in fields(Passkey))


async def insert_challenge(
    connection: Connection, challenge_hash: bytes, browser_hash: bytes, purpose: Purpose, now: datetime
) -> None:
    """Insert a challenge that this browser may answer, and forget its oldest beyond OPEN_CHALLENGES."""
    of_browser = passkey_challenges.c.browser_hash == browser_hash
    oldest = (
        select(passkey_challenges.c.challenge_hash)
        .where(of_browser)
        .order_by(passkey_challenges.c.created_at.desc())
        .offset(OPEN_CHALLENGES - 1)
    )
    await connection.execute(delete(passkey_challenges).where(passkey_challenges.c.challenge_hash.in_(oldest)))
    await connection.execute(
        insert(passkey_challenges).values(
            challenge_hash=challenge_hash,
            browser_hash=browser_hash,
            purpose=purpose,
            created_at=now,
            expires_at=now + CHALLENGE_LIFE,
        )
    )


async def take_challenge(
    connection: Connection, challenge_hash: bytes, browser_hash: bytes, purpose: Purpose, now: datetime
) -> bool:
    """Use up a challenge; of several callers at once, one gets True. False if it isn't this browser's, has expired, was
    used or is for another purpose."""
    found = await connection.execute(
        delete(passkey_challenges)
        .where(
            passkey_challenges.c.challenge_hash == challenge_hash,
            passkey_challenges.c.browser_hash == browser_hash,
            passkey_challenges.c.purpose == purpose,
            passkey_challenges.c.expires_at > now,
        )
        .returning(passkey_challenges.c.challenge_hash)
    )
    return found.first() is not None


async def insert_passkey(connection: Connection, passkey: Passkey) -> bool:
    """Insert a passkey; False if somebody has one with this credential id."""
    inserted = await connection.execute(
        insert_or_skip(passkeys)
        .values(asdict(passkey))
        .on_conflict_do_nothing(index_elements=[passkeys.c.credential_id])
        .returning(passkeys.c.id)
    )
    return inserted.first() is not None


async def find_by_credential(connection: Connection, credential_id: bytes) -> Passkey | None:
    """Return the passkey with this credential id."""
    found = await connection.execute(select(*_COLUMNS).where(passkeys.c.credential_id == credential_id))
    row = found.first()
    return None if row is None else Passkey(*row)


async def find_passkeys(connection: Connection, person_id: UUID) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    rows = await connection.execute(
        select(*_COLUMNS).where(passkeys.c.person_id == person_id).order_by(passkeys.c.created_at, passkeys.c.id)
    )
    return [Passkey(*row) for row in rows]


async def count_passkeys(connection: Connection, person_id: UUID) -> int:
    """Return how many passkeys a person has."""
    query = select(func.count()).select_from(passkeys).where(passkeys.c.person_id == person_id)
    return (await connection.execute(query)).scalar_one()


async def note_use(connection: Connection, passkey: Passkey, sign_count: int, now: datetime) -> bool:
    """Store that a passkey was used; False if it is gone, or was used by another answer since it was read."""
    noted = await connection.execute(
        update(passkeys)
        .where(passkeys.c.id == passkey.id, passkeys.c.sign_count == passkey.sign_count)
        .values(sign_count=sign_count, last_used_at=now)
        .returning(passkeys.c.id)
    )
    return noted.first() is not None


async def rename_passkey(connection: Connection, person_id: UUID, passkey_id: UUID, name: str) -> bool:
    """Give a person's passkey another name; False if they have none with this id."""
    renamed = await connection.execute(
        update(passkeys)
        .where(passkeys.c.id == passkey_id, passkeys.c.person_id == person_id)
        .values(name=name)
        .returning(passkeys.c.id)
    )
    return renamed.first() is not None


async def delete_passkey(connection: Connection, person_id: UUID, passkey_id: UUID) -> bool:
    """Delete a person's passkey; False if they have none with this id."""
    deleted = await connection.execute(
        delete(passkeys).where(passkeys.c.id == passkey_id, passkeys.c.person_id == person_id).returning(passkeys.c.id)
    )
    return deleted.first() is not None


async def delete_passkeys(connection: Connection, person_id: UUID) -> None:
    """Delete every passkey and recovery code of a person; their password is enough again."""
    for table in (passkeys, recovery_codes):
        await connection.execute(delete(table).where(table.c.person_id == person_id))
    await set_needs_passkey(connection, person_id, needed=False)


async def needs_passkey(connection: Connection, person_id: UUID) -> bool:
    """Return whether a person's password is not enough by itself."""
    return bool((await connection.execute(select(people.c.needs_passkey).where(people.c.id == person_id))).scalar())


async def set_needs_passkey(connection: Connection, person_id: UUID, *, needed: bool) -> None:
    """Store whether a person's password is not enough by itself."""
    await connection.execute(update(people).where(people.c.id == person_id).values(needs_passkey=needed))


async def insert_half_sign_in(connection: Connection, person_id: UUID, browser: str, now: datetime) -> None:
    """Note that the password was right in the browser with this new cookie."""
    await connection.execute(
        insert(half_sign_ins).values(browser_hash=hash_of(browser), person_id=person_id, expires_at=now + HALF_LIFE)
    )


async def find_half_signed_in(connection: Connection, browser: str, now: datetime) -> Person | None:
    """Return whose password was right in the browser with this cookie."""
    found = await connection.execute(
        select_people()
        .join(half_sign_ins, half_sign_ins.c.person_id == people.c.id)
        .where(half_sign_ins.c.browser_hash == hash_of(browser), half_sign_ins.c.expires_at > now)
    )
    return person_or_none(found.first())


async def end_half_sign_in_of(connection: Connection, person_id: UUID, browser_hash: bytes) -> bool:
    """Forget that this person's password was right in a browser, by its cookie's hash; False if it wasn't."""
    ended = await connection.execute(
        delete(half_sign_ins)
        .where(half_sign_ins.c.browser_hash == browser_hash, half_sign_ins.c.person_id == person_id)
        .returning(half_sign_ins.c.browser_hash)
    )
    return ended.first() is not None


async def end_half_sign_in(connection: Connection, browser: str) -> None:
    """Forget that the password was right in the browser with this cookie."""
    await connection.execute(delete(half_sign_ins).where(half_sign_ins.c.browser_hash == hash_of(browser)))


async def replace_codes(connection: Connection, person_id: UUID, hashes: Sequence[bytes], now: datetime) -> None:
    """Store a person's recovery codes in place of those that they had."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
    rows = [{"code_hash": each, "person_id": person_id, "created_at": now} for each in hashes]
    await connection.execute(insert(recovery_codes), rows)


async def delete_code(connection: Connection, person_id: UUID, code_hash: bytes) -> bool:
    """Delete one of a person's recovery codes; False if they have none with this hash."""
    deleted = await connection.execute(
        delete(recovery_codes)
        .where(recovery_codes.c.code_hash == code_hash, recovery_codes.c.person_id == person_id)
        .returning(recovery_codes.c.code_hash)
    )
    return deleted.first() is not None


async def count_codes(connection: Connection, person_id: UUID) -> int:
    """Return how many recovery codes a person has left."""
    query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.person_id == person_id)
    return (await connection.execute(query)).scalar_one()
