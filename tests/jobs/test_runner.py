"""What is done for the service as a whole: what has expired is removed, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from app.db import Engine, transaction
from app.jobs import runner
from app.jobs.runner import tend_all
from app.people.email_link_repository import make_link
from app.people.models import EmailLink
from app.people.session_repository import SESSION_LIFE, open_session
from app.people.tables import email_links, sessions
from app.settings import Settings
from tests.db.looking import count
from tests.factory import Factory

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def left(engine: Engine) -> list[int]:
    """How many sessions and links there are."""
    return [await count(engine, table) for table in (sessions, email_links)]


async def leave_things(engine: Engine, settings: Settings) -> None:
    """A session that ends first and one that ends later, and the same of links."""
    person, _ = await Factory(engine, settings).person()
    async with transaction(engine) as connection:
        for made in (NOW - timedelta(days=1), NOW):
            await open_session(connection, person.id, made)
            await make_link(connection, EmailLink("verify", "ada@example.org", person.id, mailed=True), made)


async def test_expired_sessions_and_links_are_removed(engine: Engine, settings: Settings) -> None:
    await leave_things(engine, settings)
    assert await left(engine) == [2, 2]
    await tend_all(engine, NOW - timedelta(seconds=1))
    assert await left(engine) == [2, 2]
    await tend_all(engine, NOW)
    assert await left(engine) == [2, 1]
    await tend_all(engine, NOW + SESSION_LIFE - timedelta(hours=1))
    assert await left(engine) == [1, 0]


async def test_a_fault_in_one_chore_leaves_the_others_alone(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(engine: Engine, now: datetime) -> int:
        raise RuntimeError("planted")

    monkeypatch.setattr(runner, "end_unused", fail)
    await leave_things(engine, settings)
    await tend_all(engine, NOW)
    assert await left(engine) == [2, 1]
