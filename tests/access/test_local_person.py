"""The person on whose computer `stdio` runs, and the grants of the desktop hosts that they use."""

from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from sqlalchemy import text

from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.access.local_callers import NAMELESS_CLIENT, LocalCallers, client_name
from app.access.local_person import find_or_create_local_person, login_name
from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.errors import Conflict, LimitReached, NotFound
from app.limits.rate_limit import RateLimiter
from app.oauth.credentials.service_accounts import NewAccount, create_service_account
from app.oauth.grants.connected_apps_repository import find_connected_apps
from app.oauth.grants.models import LOCAL_ISSUER
from app.oauth.grants.repository import by_id
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.tokens.verifier import TokenVerifier
from app.pubsub import PubSub
from app.scopes import ALL_SCOPES
from app.settings import Settings
from tests.db.looking import rows
from tests.factory import Factory

pytestmark = pytest.mark.anyio

CALLS_PER_MINUTE = 600


async def test_where_nobody_is_a_person_with_a_household_and_a_list_is_created_once(
    engine: Engine, database: DatabaseUrls
) -> None:
    found: list[Any] = []

    async def find() -> None:
        found.append(await find_or_create_local_person(engine, None))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(find)
    assert len(set(found)) == 1
    assert await rows(database.superuser, "SELECT name, email FROM people") == [{"name": login_name(), "email": None}]
    assert await rows(
        database.superuser, "SELECT role, name FROM memberships JOIN households ON id = household_id"
    ) == [{"role": "owner", "name": f"{login_name()}'s household"}]
    assert await rows(database.superuser, "SELECT name FROM lists") == [{"name": "Groceries"}]


async def test_the_only_person_is_the_local_one_whether_or_not_there_are_service_accounts(
    engine: Engine, factory: Factory, database: DatabaseUrls
) -> None:
    ada, _ = await factory.person()
    async with transaction(engine) as connection:
        ref = (await connection.execute(text("SELECT ref FROM households"))).scalar_one()
        robot = NewAccount("Kitchen robot", ref, "editor")
        await create_service_account(connection, "http://localhost:8000/mcp", robot, datetime.now(UTC))
    assert await find_or_create_local_person(engine, None) == ada.id
    assert await rows(database.superuser, "SELECT count(*) FROM households") == [{"count": 1}]


async def test_among_several_people_one_has_to_be_named(engine: Engine, factory: Factory) -> None:
    ada, _ = await factory.person("Ada")
    bob, _ = await factory.person("Bob")
    with pytest.raises(Conflict, match=r"Several people have accounts here\. Say who you are: --person EMAIL"):
        await find_or_create_local_person(engine, None)
    for person in (ada, bob):
        assert person.email is not None
        assert await find_or_create_local_person(engine, person.email.upper()) == person.id
    with pytest.raises(NotFound, match="nobody has this e-mail address"):
        await find_or_create_local_person(engine, "eve@example.org")


async def test_who_was_created_here_stays_the_local_person_when_others_sign_up(
    engine: Engine, factory: Factory
) -> None:
    local = await find_or_create_local_person(engine, None)
    ada, _ = await factory.person("Ada")
    assert await find_or_create_local_person(engine, None) == local
    assert await find_or_create_local_person(engine, ada.email) == ada.id


async def test_an_address_that_is_named_where_nobody_is_becomes_an_account(
    engine: Engine, database: DatabaseUrls
) -> None:
    found: list[Any] = []

    async def find() -> None:
        found.append(await find_or_create_local_person(engine, "Ada@Example.org"))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(find)
    assert len(set(found)) == 1
    assert await rows(database.superuser, "SELECT issuer, subject, name FROM people") == [
        {"issuer": "local", "subject": "ada@example.org", "name": "Ada"}
    ]
    assert await find_or_create_local_person(engine, None) == found[0]
    assert await rows(database.superuser, "SELECT count(*) FROM lists") == [{"count": 1}]


class Desk:
    """The local person's side of one database: a way to find callers, as a process of `stdio` has it."""

    def __init__(self, engine: Engine, settings: Settings, database: DatabaseUrls) -> None:
        self.engine = engine
        self._settings = settings
        self._cache = GrantCache(PubSub(database.service))

    async def callers(self, client: str | None = None) -> LocalCallers:
        """What a process started for a host has."""
        resource = self._settings.resource
        limiter = RateLimiter("memory://", enabled=True)
        authenticator = Authenticator(self.engine, TokenVerifier(resource, []), self._cache, limiter)
        person_id = await find_or_create_local_person(self.engine, None)
        return LocalCallers(self.engine, authenticator, person_id, resource, client)


@pytest.fixture
def desk(engine: Engine, settings: Settings, database: DatabaseUrls) -> Desk:
    return Desk(engine, settings, database)


async def test_each_host_has_one_grant_with_every_scope_that_the_person_can_see(desk: Desk) -> None:
    found: list[Any] = []

    async def find() -> None:
        callers = await desk.callers()
        found.append(await callers.find("claude-ai"))
        assert await callers.find("something else") is not None  # one process serves one host

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(find)
    caller = found[0]
    assert {each.actor.grant_id for each in found} == {caller.actor.grant_id}
    assert caller.scopes == frozenset(ALL_SCOPES)
    assert caller.issuer == LOCAL_ISSUER
    assert (await (await desk.callers("My editor")).find("cursor")) is not None
    async with transaction(desk.engine) as connection:
        apps = await find_connected_apps(connection, caller.actor.person_id, datetime.now(UTC))
    assert [(each.name, each.client_id, each.issuer) for each in apps] == [
        ("My editor", "My editor", LOCAL_ISSUER),
        ("claude-ai", "claude-ai", LOCAL_ISSUER),
    ]


async def test_a_revoked_grant_ends_at_the_next_call_and_is_not_made_again(desk: Desk) -> None:
    callers = await desk.callers()
    caller = await callers.find("cursor")
    assert caller is not None
    async with transaction(desk.engine) as connection:
        revocations = GrantRevocations(lambda grant_id: None)
        await revocations.revoke(
            connection, by_id(caller.actor.grant_id), RevocationReason.BY_OPERATOR, datetime.now(UTC)
        )
    assert await callers.find("cursor") is None
    assert await (await desk.callers()).find("cursor") is None
    assert await (await desk.callers("cursor again")).find("cursor") is not None


async def test_calls_of_a_host_are_limited(desk: Desk) -> None:
    callers = await desk.callers()
    for _ in range(CALLS_PER_MINUTE):
        assert await callers.find("cursor") is not None
    with pytest.raises(LimitReached):
        await callers.find("cursor")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("claude-ai", "claude-ai"),
        (None, NAMELESS_CLIENT),
        ("", NAMELESS_CLIENT),
        ("   ", NAMELESS_CLIENT),
        ("a\x00b", NAMELESS_CLIENT),
        ("x" * 1000, "x" * 100),
    ],
)
def test_a_host_is_shown_by_a_name_that_can_be_shown(given: str | None, shown: str) -> None:
    assert client_name(given) == shown
