"""What happens at the very moment when sessions and passwords end: nothing slips past."""

from uuid import UUID

import anyio
import httpx
import pytest
from sqlalchemy import select

from app.db import Connection, transaction
from app.db.embedded import DatabaseUrls
from app.oauth.tables import grants
from app.people import repository
from app.people.accounts import change_password
from app.people.email_addresses import parse_email
from app.people.passwords import PasswordHashing
from app.people.session_repository import close_all_sessions
from tests.db.locks import until_somebody_waits
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, register
from tests.web.account.pages import OTHER_PASSWORD, SIGN_IN, can_sign_in, connect, is_signed_in

pytestmark = pytest.mark.anyio


async def person_id(connection: Connection, email: str) -> UUID:
    person = await repository.find_local_person(connection, parse_email(email))
    assert person is not None
    return person.id


async def test_an_approval_while_the_session_ends_makes_no_grant(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    await connect(server, http, email)
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    consent = await Browser(http).open(attempt.url())
    texts: list[str] = []

    async def approve() -> None:
        texts.append((await Browser(http).submit(consent, "/oauth/consent", decision="approve")).text)

    async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
        await close_all_sessions(connection, await person_id(connection, email))
        async with until_somebody_waits(database):
            tasks.start_soon(approve)
    assert "out of date" in texts[0]
    async with transaction(server.engine) as connection:
        made = select(grants.c.id).where(grants.c.client_id == attempt.client_id)
        assert (await connection.execute(made)).all() == []


async def test_a_sign_in_while_the_password_changes_opens_no_session(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    await connect(server, http, email)
    secret_hash = await PasswordHashing().hash(OTHER_PASSWORD)
    statuses: list[int] = []
    async with server.browser() as thief:
        page = await Browser(thief).open(SIGN_IN)

        async def sign_in() -> None:
            statuses.append((await Browser(thief).submit(page, SIGN_IN, email=email, password=PASSWORD)).status)

        async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
            await change_password(connection, await person_id(connection, email), secret_hash, server.clock())
            async with until_somebody_waits(database):
                tasks.start_soon(sign_in)
        assert statuses == [400]
        assert not await is_signed_in(thief)
    assert await can_sign_in(server, email, OTHER_PASSWORD)


async def test_a_sign_in_to_an_app_while_the_password_changes_opens_no_session(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    await connect(server, http, email)
    secret_hash = await PasswordHashing().hash(OTHER_PASSWORD)
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    statuses: list[int] = []
    async with server.browser() as thief:
        page = await Browser(thief).open(attempt.url())

        async def sign_in() -> None:
            answer = await Browser(thief).submit(page, "/oauth/sign-in", email=email, password=PASSWORD)
            statuses.append(answer.status)

        async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
            await change_password(connection, await person_id(connection, email), secret_hash, server.clock())
            async with until_somebody_waits(database):
                tasks.start_soon(sign_in)
        assert statuses == [400]
        assert not await is_signed_in(thief)
