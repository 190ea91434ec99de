"""The browsers that get pushes, in the database. Each row ends with its browser's session (a foreign key)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.alerts.models import PushAddress, PushBrowser
from app.alerts.push_addresses import decrypt_address, encrypt_address
from app.alerts.tables import push_subscriptions
from app.crypto.tokens import hash_of
from app.db import Connection, new_id
from app.people.tables import sessions

MOST_BROWSERS: Final = 10
"""Of a person. One more takes the place of the one that was added first."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser as pushes need it; `address` is None where it can't be decrypted."""

    id: UUID
    person_id: UUID
    public_key: str
    address: PushAddress | None


async def save_subscription(
    connection: Connection,
    person_id: UUID,
    session: str,
    address: PushAddress,
    public_key: str,
    secret_key: SecretStr,
    now: datetime,
) -> UUID:
    """Have pushes sent to the browser whose session has this cookie value, and forget its earlier address or session.

    The session is the person's, and the caller keeps it from ending until the commit.
    """
    of_session = push_subscriptions.c.session_hash == hash_of(session)
    await connection.execute(delete(push_subscriptions).where(of_session))
    subscription_id = new_id()
    values = {
        "id": subscription_id,
        "person_id": person_id,
        "session_hash": hash_of(session),
        "sealed": encrypt_address(address, subscription_id, secret_key),
        "public_key": public_key,
        "created_at": now,
    }
    added = insert(push_subscriptions).values(**values, endpoint_hash=hash_of(address.endpoint))
    # An endpoint is one browser: whoever is signed in there now gets its pushes, and nobody else. What waited for
    # somebody else there is not for them, so the row is not changed but made again.
    await connection.execute(
        delete(push_subscriptions).where(push_subscriptions.c.endpoint_hash == hash_of(address.endpoint))
    )
    done = await connection.execute(added.on_conflict_do_nothing().returning(push_subscriptions.c.id))
    if done.first() is not None:
        oldest = (
            select(push_subscriptions.c.id)
            .where(push_subscriptions.c.person_id == person_id)
            .order_by(push_subscriptions.c.created_at.desc(), push_subscriptions.c.id.desc())
            .offset(MOST_BROWSERS)
        )
        await connection.execute(delete(push_subscriptions).where(push_subscriptions.c.id.in_(oldest)))
    return subscription_id


async def find_browsers(connection: Connection, person_id: UUID, now: datetime) -> list[PushBrowser]:
    """Return the browsers of a person that get pushes, the newest first."""
    rows = await connection.execute(
        select(
            push_subscriptions.c.id,
            push_subscriptions.c.session_hash,
            push_subscriptions.c.created_at,
            push_subscriptions.c.pushed_at,
            sessions.c.browser,
        )
        .join(sessions, sessions.c.id_hash == push_subscriptions.c.session_hash)
        .where(push_subscriptions.c.person_id == person_id, sessions.c.expires_at > now)
        .order_by(push_subscriptions.c.created_at.desc(), push_subscriptions.c.id)
        .limit(MOST_BROWSERS)
    )
    return [PushBrowser(row.id, row.session_hash.hex(), *row[2:]) for row in rows]


async def remove_browser(connection: Connection, person_id: UUID, subscription_id: UUID) -> bool:
    """Send a browser of a person no more pushes; False if it gets none, or isn't theirs."""
    removed = await connection.execute(
        delete(push_subscriptions)
        .where(push_subscriptions.c.id == subscription_id, push_subscriptions.c.person_id == person_id)
        .returning(push_subscriptions.c.id)
    )
    return removed.first() is not None


async def find_subscription(
    connection: Connection, subscription_id: UUID, secret_keys: Sequence[SecretStr], now: datetime
) -> Subscription | None:
    """Return a browser that gets pushes while its session lasts."""
    found = await connection.execute(
        select(
            push_subscriptions.c.id,
            push_subscriptions.c.person_id,
            push_subscriptions.c.public_key,
            push_subscriptions.c.sealed,
        )
        .join(sessions, sessions.c.id_hash == push_subscriptions.c.session_hash)
        .where(push_subscriptions.c.id == subscription_id, sessions.c.expires_at > now)
    )
    row = found.first()
    return None if row is None else Subscription(*row[:3], decrypt_address(row.sealed, row.id, secret_keys))


async def delete_subscription(connection: Connection, subscription_id: UUID) -> None:
    """Forget a browser, because its address has ended."""
    await connection.execute(delete(push_subscriptions).where(push_subscriptions.c.id == subscription_id))


async def note_pushed(connection: Connection, subscription_id: UUID, now: datetime) -> None:
    """Note that a push arrived at the browser's push service."""
    await connection.execute(
        update(push_subscriptions).where(push_subscriptions.c.id == subscription_id).values(pushed_at=now, failures=0)
    )


async def note_failed(connection: Connection, subscription_id: UUID, most: int) -> None:
    """Count a push that was given up, and forget the browser after so many in a row."""
    of_it = push_subscriptions.c.id == subscription_id
    await connection.execute(update(push_subscriptions).where(of_it).values(failures=push_subscriptions.c.failures + 1))
    await connection.execute(delete(push_subscriptions).where(of_it, push_subscriptions.c.failures >= most))
