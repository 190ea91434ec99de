"""Signing up and signing in."""

import threading
from datetime import UTC, datetime

import anyio
import anyio.to_thread
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from app.db import Engine, transaction
from app.errors import Invalid
from app.people.accounts import change_password, create_account, prepare_account
from app.people.login_throttle import LoginThrottle
from app.people.models import Person
from app.people.password_sign_in import PasswordSignIn, still_holds
from app.people.passwords import PasswordHashing
from app.people.tables import credentials, people
from tests.conftest import SECRET

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def hashing() -> PasswordHashing:
    return PasswordHashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


async def sign_in(engine: Engine, hashing: PasswordHashing, email: str, password: str) -> Person | None:
    entry = PasswordSignIn(engine, hashing, LoginThrottle(SECRET), lambda: NOW)
    account = await entry.sign_in(email, password, "192.0.2.1")
    if account is not None:
        async with transaction(engine) as connection:
            assert await still_holds(connection, account)
    return account.person if account else None


async def make(engine: Engine, hashing: PasswordHashing, email: str, name: str = "") -> Person | None:
    account = await prepare_account(hashing, email, "correct horse", name)
    async with transaction(engine) as connection:
        return await create_account(connection, account, NOW)


async def test_people_can_sign_in_with_any_spelling_of_their_address(engine: Engine, hashing: PasswordHashing) -> None:
    made = await make(engine, hashing, "Anna@Example.org", "Anna")
    assert made is not None
    assert made.name == "Anna"
    assert await sign_in(engine, hashing, "anna@EXAMPLE.ORG", "correct horse") == made


async def test_an_unknown_address_and_a_wrong_password_answer_alike(engine: Engine, hashing: PasswordHashing) -> None:
    await make(engine, hashing, "bert@example.org")
    assert await sign_in(engine, hashing, "bert@example.org", "wrong horse") is None
    assert await sign_in(engine, hashing, "nobody@example.org", "correct horse") is None


async def test_the_name_is_the_local_part_unless_given(engine: Engine, hashing: PasswordHashing) -> None:
    made = await make(engine, hashing, "carla.m@example.org", "   ")
    assert made is not None
    assert made.name == "carla.m"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 101, "a\x1b[31m"])
async def test_a_name_that_cannot_be_shown_is_refused(hashing: PasswordHashing, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await prepare_account(hashing, "dora@example.org", "correct horse", name)
    assert refused.value.field == "name"


async def test_of_many_sign_ups_with_one_address_at_once_one_wins(engine: Engine, hashing: PasswordHashing) -> None:
    made: list[Person | None] = []

    async def one() -> None:
        made.append(await make(engine, hashing, "emil@example.org"))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(one)
    assert sum(person is not None for person in made) == 1
    async with transaction(engine) as connection:
        count = select(func.count()).select_from(people).where(people.c.email == "emil@example.org")
        assert (await connection.execute(count)).scalar() == 1


async def test_a_sign_in_renews_a_hash_with_old_parameters(engine: Engine, hashing: PasswordHashing) -> None:
    made = await make(engine, hashing, "fritz@example.org")
    assert made is not None
    today = PasswordHashing()
    assert await sign_in(engine, today, "fritz@example.org", "correct horse") == made
    async with transaction(engine) as connection:
        found = select(credentials.c.secret_hash).where(credentials.c.person_id == made.id)
        assert not today.is_outdated((await connection.execute(found)).scalar_one())
    assert await sign_in(engine, today, "fritz@example.org", "correct horse") == made


class BothAtOnce(PasswordHasher):
    """Once `meeting` is set, it hashes for two at once only."""

    meeting: threading.Barrier | None = None

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        if self.meeting is not None:
            self.meeting.wait(30)
        return super().hash(password, salt=salt)


async def test_two_sign_ins_that_renew_a_hash_at_once_both_succeed(engine: Engine, hashing: PasswordHashing) -> None:
    made = await make(engine, hashing, "greta@example.org")
    hasher = BothAtOnce(time_cost=2, memory_cost=8, parallelism=1)
    today = PasswordHashing(hasher)
    hasher.meeting = threading.Barrier(2)
    found: list[Person | None] = []

    async def one() -> None:
        found.append(await sign_in(engine, today, "greta@example.org", "correct horse"))

    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(one)
    assert found == [made, made]


async def test_renewing_a_hash_while_the_password_changes_signs_nobody_in(
    engine: Engine, hashing: PasswordHashing
) -> None:
    made = await make(engine, hashing, "heidi@example.org")
    assert made is not None
    hasher = BothAtOnce(time_cost=2, memory_cost=8, parallelism=1)
    today = PasswordHashing(hasher)
    hasher.meeting = threading.Barrier(2)
    async with anyio.create_task_group() as tasks, transaction(engine) as connection:
        await change_password(connection, made.id, await hashing.hash("another horse"), NOW)
        tasks.start_soon(has_no_way_in, engine, today)
        await anyio.to_thread.run_sync(hasher.meeting.wait, 30)


async def has_no_way_in(engine: Engine, hashing: PasswordHashing) -> None:
    assert await sign_in(engine, hashing, "heidi@example.org", "correct horse") is None
