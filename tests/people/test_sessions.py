"""Browser sessions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.db import Connection, Engine, transaction
from app.people.accounts import create_account, prepare_account
from app.people.passwords import PasswordHashing
from app.people.session_repository import SESSION_LIFE, close_session, find_person, open_session
from app.people.tables import sessions

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def someone(connection: Connection, email: str) -> UUID:
    hashing = PasswordHashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    made = await create_account(connection, await prepare_account(hashing, email, "correct horse"), NOW)
    assert made is not None
    return made.id


@pytest.mark.proves("""ac-session-end MUST own rule
    Sessions end.
    Here: After 14 days.""")
async def test_a_session_finds_its_person_until_it_ends(engine: Engine) -> None:
    async with transaction(engine) as connection:
        person_id = await someone(connection, "anna@example.org")
        cookie = await open_session(connection, person_id, NOW)
        found = await find_person(connection, cookie, NOW)
        assert found is not None
        assert found.id == person_id
        assert await find_person(connection, cookie, NOW + SESSION_LIFE - timedelta(seconds=1)) is not None
        assert await find_person(connection, cookie, NOW + SESSION_LIFE) is None
        assert await find_person(connection, cookie[:-1] + "x", NOW) is None


async def test_a_closed_session_finds_nobody(engine: Engine) -> None:
    async with transaction(engine) as connection:
        cookie = await open_session(connection, await someone(connection, "bert@example.org"), NOW)
        await close_session(connection, cookie)
        await close_session(connection, cookie)
        assert await find_person(connection, cookie, NOW) is None


@pytest.mark.proves("cd-hashed")
async def test_the_cookie_is_not_in_the_database(engine: Engine) -> None:
    async with transaction(engine) as connection:
        cookie = await open_session(connection, await someone(connection, "carla@example.org"), NOW)
        stored = (await connection.execute(select(sessions.c.id_hash))).scalars().all()
        assert len(cookie) >= 43
        assert all(cookie.encode() not in id_hash for id_hash in stored)
