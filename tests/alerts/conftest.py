"""People with browsers at a push service of this machine, and what happens on their lists."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from app.alerts.collect import GATHERED_FOR, collect, note_changes
from app.alerts.deliver import deliver
from app.alerts.models import AlertSettings, ListAlert, PushKind
from app.alerts.push_addresses import parse_address
from app.alerts.push_keys import push_keys_of
from app.alerts.push_sender import PushSender
from app.alerts.repository import save_alert
from app.alerts.settings_repository import save_settings
from app.alerts.subscription_repository import save_subscription
from app.db import Engine, transaction
from app.fetch.fetcher import Fetcher
from app.main import create_app
from app.people.models import Person
from app.people.session_repository import open_session
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.alerts.receiver import PushedBrowser
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.mcp.looking import rows
from tests.site import Site


@dataclass
class Alerts:
    """The work of the service, at times that the test says; `now` moves on by itself, as gathering takes a minute."""

    engine: Engine
    sender: PushSender
    site: Site
    now: datetime = field(default_factory=system_clock)
    _dated: int = 0

    async def sign_in(self, person: Person) -> str:
        """Sign a person in at a new browser; the value of its cookie."""
        async with transaction(self.engine) as connection:
            return await open_session(connection, person.id, self.now)

    async def browser_of(self, person: Person, cookie: str | None = None) -> PushedBrowser:
        """A browser in which a person is signed in and gets pushes."""
        cookie = cookie or await self.sign_in(person)
        browser = PushedBrowser(self.site)
        async with transaction(self.engine) as connection:
            await save_subscription(
                connection,
                person.id,
                cookie,
                parse_address(*browser.fields.values()),
                self.sender.keys.public_key,
                self.sender.secret_keys[0],
                self.now,
            )
        return browser

    async def want(
        self,
        person: Person,
        household_id: UUID,
        list_no: int = 1,
        push: PushKind | None = "additions",
        *,
        letter: bool = False,
    ) -> UUID:
        """Have a member told of a list, from now on; its id."""
        (of,) = await rows(
            self.engine,
            household_id,
            f"SELECT id, (SELECT next_event FROM clocks) AS next FROM lists WHERE no = {list_no}",
        )
        async with transaction(self.engine) as connection:
            wanted = ListAlert(household_id, of["id"], push, letter)
            await save_alert(connection, person.id, wanted, of["next"] - 1)
        return of["id"]

    async def settle(self, person: Person, settings: AlertSettings) -> None:
        """Have a person told in that way."""
        async with transaction(self.engine) as connection:
            await save_settings(connection, person.id, settings, self.now)

    async def gather(self, household_id: UUID, list_id: UUID) -> None:
        """Note that something happened on a list just now, and let the others come that go into the same push."""
        async with transaction(self.engine, household_id) as connection:
            await connection.execute(
                text("UPDATE events SET at = :now WHERE no > :dated"), {"now": self.now, "dated": self._dated}
            )
            self._dated = (await connection.execute(text("SELECT max(no) FROM events"))).scalar_one()
        await note_changes(self.engine, [(household_id, list_id)], self.now)
        self.now += GATHERED_FOR

    async def work(self, after: timedelta = timedelta()) -> int:
        """Do what is due after some time; how many pushes were sent."""
        self.now += after
        await collect(self.engine, self.now)
        return await deliver(self.engine, self.sender, "", self.now)


@pytest.fixture
async def app(settings: Settings) -> AsyncGenerator[Starlette]:
    """The application, which sends nothing by itself: `Alerts` does."""
    application = create_app(settings, sends_alerts=False)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
def sender(settings: Settings, fetcher: Fetcher) -> PushSender:
    return PushSender(fetcher, push_keys_of(settings), settings.secret_keys)


@pytest.fixture
def alerts(engine: Engine, sender: PushSender, site: Site) -> Alerts:
    return Alerts(engine, sender, site)


@pytest.fixture
async def assistant(app: Starlette, settings: Settings, ada: Connected) -> AsyncGenerator[McpClient]:
    """Ada's assistant."""
    async with http_to(app, settings) as http:
        yield McpClient(http, ada.token)


Assisted = Callable[[Person, UUID], AbstractAsyncContextManager[McpClient]]


@pytest.fixture
def assisted(app: Starlette, settings: Settings, factory: Factory) -> Assisted:
    """Opens the assistant of a person in a household."""

    @asynccontextmanager
    async def assisted(person: Person, household_id: UUID) -> AsyncGenerator[McpClient]:
        connected = await factory.connect(person, household_id)
        async with http_to(app, settings) as http:
            yield McpClient(http, connected.token)

    return assisted


@pytest.fixture
async def ben(factory: Factory, ada: Connected) -> Person:
    """An editor of Ada's household."""
    person, _ = await factory.person("Ben")
    await factory.join(person, ada.household_id, "editor")
    return person
