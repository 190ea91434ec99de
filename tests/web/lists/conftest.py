"""People who are signed in at browsers, and assistants that they have connected."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.households.models import Role
from app.households.repository import memberships_of
from app.people.models import Person
from app.people.session_repository import open_session
from app.runtime.clock import system_clock
from app.settings import Settings
from app.ui.cookies import NAME
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.web.lists.pages import ListBrowser

SignIn = Callable[[Person], AbstractAsyncContextManager[ListBrowser]]

Member = Callable[..., AbstractAsyncContextManager[ListBrowser]]


@pytest.fixture
def sign_in(app: Starlette, settings: Settings, engine: Engine) -> SignIn:
    """Opens a browser in which a person is signed in, at the household that they joined last."""

    @asynccontextmanager
    async def sign_in(person: Person) -> AsyncGenerator[ListBrowser]:
        async with transaction(engine) as connection:
            cookie = await open_session(connection, person.id, system_clock())
            *_, household = await memberships_of(connection, person.id)
        async with http_to(app, settings) as http:
            http.cookies.set(NAME, cookie)
            yield ListBrowser(http, household.ref)

    return sign_in


@pytest.fixture
async def anna(sign_in: SignIn, ada: Connected) -> AsyncGenerator[ListBrowser]:
    """The owner of a household, at her browser."""
    async with sign_in(ada.person) as browser:
        yield browser


@pytest.fixture
async def assistant(app: Starlette, settings: Settings, ada: Connected) -> AsyncGenerator[McpClient]:
    """Her assistant."""
    async with http_to(app, settings) as http:
        yield McpClient(http, ada.token)


@pytest.fixture
def member(
    factory: Factory, ada: Connected, sign_in: SignIn
) -> Callable[..., AbstractAsyncContextManager[ListBrowser]]:
    """Opens the browser of another member of her household."""

    @asynccontextmanager
    async def member(role: Role, name: str = "Ben") -> AsyncGenerator[ListBrowser]:
        person, _ = await factory.person(name)
        await factory.join(person, ada.household_id, role)
        async with sign_in(person) as browser:
            yield browser

    return member
