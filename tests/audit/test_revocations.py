"""However a grant ends, one row says why, and the caches that hold it are notified once."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.db import transaction
from app.oauth.clients.preregistered import remove_client
from app.oauth.credentials.api_keys import NewKey, create_api_key, revoke_api_key
from app.oauth.credentials.service_accounts import NewAccount, create_service_account, revoke_service_account
from app.oauth.grants.models import Grant
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.retention import revoke_unused
from app.oauth.tables import grants
from app.oauth.tokens.refresh_tokens import UNUSED_FOR
from app.people.email_link_repository import make_link
from app.people.models import EmailLink
from tests.audit.looking import only, recorded
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, email, server
from tests.oauth.tokens import Attempt, approved_code, code_of, redeem, refresh
from tests.web.account.pages import OTHER_PASSWORD

pytestmark = pytest.mark.anyio

__all__ = ["email", "server"]


@dataclass
class Approval:
    """A client that somebody has just connected."""

    server: RunningServer
    http: httpx.AsyncClient
    email: str
    client_id: str
    grant: Grant
    tokens: dict[str, Any]
    replay: Callable[[], Awaitable[httpx.Response]]

    @property
    def revocations(self) -> GrantRevocations:
        """The revocations of a command, published like those of a request."""
        return GrantRevocations(self.server.revoked.append)

    async def link(self, purpose: Any) -> str:
        """The secret of a link to the person."""
        async with transaction(self.server.engine) as connection:
            link = EmailLink(purpose, self.email, self.grant.person_id, mailed=True)
            return await make_link(connection, link, self.server.clock())


async def approval(server: RunningServer, http: httpx.AsyncClient, email: str) -> Approval:
    attempt, code = await approved_code(http, server.url, email, duration="until-revoked")
    tokens = (await redeem(http, attempt, code)).json()
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    return Approval(server, http, email, attempt.client_id, grant, tokens, lambda: redeem(http, attempt, code))


async def by_the_client(approved: Approval) -> None:
    data = {"client_id": approved.client_id, "token": approved.tokens["refresh_token"]}
    assert (await approved.http.post("/oauth/revoke", data=data)).status_code == 200


async def by_the_person(approved: Approval) -> None:
    browser = Browser(approved.http)
    await browser.submit(await browser.open("/access"), "/access/end")


async def with_the_client(approved: Approval) -> None:
    async with transaction(
        approved.server.engine, committed=(revocations := approved.revocations).publish
    ) as connection:
        await remove_client(connection, approved.client_id, revocations, approved.server.clock())


async def with_the_password(approved: Approval) -> None:
    browser = Browser(approved.http)
    page = await browser.open(f"/account/new-password?link={await approved.link('reset')}")
    await browser.submit(page, "/account/new-password", password=OTHER_PASSWORD)


async def with_the_first_proof(approved: Approval) -> None:
    browser = Browser(approved.http)
    page = await browser.open(f"/account/verify?link={await approved.link('verify')}")
    await browser.submit(page, "/account/verify", password=PASSWORD)


async def with_the_household(approved: Approval) -> None:
    browser = Browser(approved.http)
    name = f"{approved.email.partition('@')[0]}'s household"
    await browser.submit(await browser.open("/household"), "/household/delete", name=name)


async def with_the_account(approved: Approval) -> None:
    browser = Browser(approved.http)
    await browser.submit(await browser.open("/account/delete"), "/account/delete", sure="yes")


async def with_a_replayed_code(approved: Approval) -> None:
    assert (await approved.replay()).status_code == 400


async def use_an_old_copy(approved: Approval) -> None:
    first = approved.tokens["refresh_token"]
    newest = first
    for token, status in ((first, 200), (None, 200), (first, 400)):
        answer = await refresh(approved.http, approved.server.url, approved.client_id, token or newest)
        assert answer.status_code == status
        newest = answer.json().get("refresh_token", newest)


async def with_a_stolen_token(approved: Approval) -> None:
    strict = replace(approved.server.context.tokens, refresh_reuse="revoke")
    ordinary = approved.server.context.tokens
    object.__setattr__(approved.server.context, "tokens", strict)
    try:
        await use_an_old_copy(approved)
    finally:
        object.__setattr__(approved.server.context, "tokens", ordinary)


async def with_the_next_approval(approved: Approval) -> None:
    await use_an_old_copy(approved)
    page = await Browser(approved.http).open(Attempt(approved.client_id, approved.server.url).url())
    assert code_of(await Browser(approved.http).approve(page))


async def by_itself(approved: Approval) -> None:
    approved.server.clock.move(days=UNUSED_FOR.days + 1)
    assert await revoke_unused(approved.server.engine, approved.server.clock()) == 1


async def with_a_wider_approval(approved: Approval) -> None:
    page = await Browser(approved.http).open(Attempt(approved.client_id, approved.server.url).url())
    assert code_of(await Browser(approved.http).approve(page, level="manage"))


APPROVALS: dict[RevocationReason, Callable[[Approval], Awaitable[None]]] = {
    RevocationReason.BY_CLIENT: by_the_client,
    RevocationReason.BY_PERSON: by_the_person,
    RevocationReason.CLIENT_REMOVED: with_the_client,
    RevocationReason.PASSWORD_RESET: with_the_password,
    RevocationReason.ADDRESS_VERIFIED: with_the_first_proof,
    RevocationReason.HOUSEHOLD_DELETED: with_the_household,
    RevocationReason.ACCOUNT_DELETED: with_the_account,
    RevocationReason.CODE_REPLAYED: with_a_replayed_code,
    RevocationReason.REFRESH_TOKEN_REPLAYED: with_a_stolen_token,
    RevocationReason.CONTESTED: with_the_next_approval,
    RevocationReason.REPLACED: with_a_wider_approval,
    RevocationReason.UNUSED: by_itself,
}
WITHOUT_A_REQUEST = {RevocationReason.CLIENT_REMOVED, RevocationReason.BY_OPERATOR, RevocationReason.UNUSED}
NOT_BY_THE_PERSON = WITHOUT_A_REQUEST | {
    RevocationReason.HOUSEHOLD_DELETED,
    RevocationReason.CODE_REPLAYED,
    RevocationReason.REFRESH_TOKEN_REPLAYED,
}


async def last_ending(server: RunningServer) -> dict[str, Any]:
    """Return the audit row of the last revoked grant; check it against the grant and the notifications."""
    *_, row = await recorded(server.engine, server.audit, "grant_revoked")
    if row["detail"] != RevocationReason.UNUSED:  # which no cache can hold
        assert server.revoked.count(row["grant_id"]) == 1
        assert server.revoked[-1] == row["grant_id"]
    async with transaction(server.engine) as connection:
        query = select(grants.c.revoked_because, grants.c.client_id).where(grants.c.id == row["grant_id"])
        because, client_id = (await connection.execute(query)).one()
    assert (row["outcome"], row["detail"], row["client_id"]) == ("ok", because, client_id)
    return row


@pytest.mark.proves("au-events")
async def test_every_way_to_end_an_approval_leaves_one_row_and_one_notification(
    server: RunningServer, email: str
) -> None:
    assert APPROVALS.keys() | {RevocationReason.BY_OPERATOR} == set(RevocationReason)
    for number, (because, end) in enumerate(APPROVALS.items(), 1):
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(server.browser())
            approved = await approval(server, http, f"{number}{email}")
            await end(approved)
        row = await last_ending(server)
        assert (row["detail"], row["grant_id"]) == (because, approved.grant.id)
        person, nobody = approved.grant.person_id, None
        address = None if because in WITHOUT_A_REQUEST else "127.0.0.1"
        expected = (nobody, person, address) if because in NOT_BY_THE_PERSON else (person, nobody, address)
        assert only(row, "person_id", "other_person_id", "address") == expected, because
        assert len(await recorded(server.engine, server.audit, "grant_revoked")) == number


@pytest.mark.proves("au-events")
async def test_what_is_made_and_ended_by_command_leaves_its_rows(server: RunningServer, email: str) -> None:
    async with server.browser() as http:
        person_id = (await approval(server, http, email)).grant.person_id
    before = await recorded(server.engine, server.audit)
    resource, household = server.settings.resource, f"{email.partition('@')[0]}'s household"
    revocations, now = GrantRevocations(server.revoked.append), server.clock()
    async with transaction(server.engine, committed=revocations.publish) as connection:
        key = await create_api_key(connection, resource, NewKey(email, household, ["lists:read"]), now)
        account = await create_service_account(connection, resource, NewAccount("Robot", household, "viewer"), now)
        await revoke_api_key(connection, key.id, revocations, now)
        household_id = await revoke_service_account(connection, account.client_id, revocations, now)
    rows = (await recorded(server.engine, server.audit))[len(before) :]
    assert [only(row, "action", "client_id", "detail") for row in rows] == [
        ("grant_made", key.id, "key lists:read"),
        ("client_registered", account.client_id, "service"),
        ("membership_changed", None, "viewer"),
        ("grant_made", account.client_id, "service lists:read"),
        ("grant_revoked", key.id, "revoked_by_operator"),
        ("grant_revoked", account.client_id, "revoked_by_operator"),
        ("membership_changed", None, "left"),
    ]
    assert {row["person_id"] for row in rows} == {None}
    assert [row["other_person_id"] == person_id for row in rows] == [True, False, False, False, True, False, False]
    assert {row["household_id"] for row in rows} == {None, household_id}
    await last_ending(server)
