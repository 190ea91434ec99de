"""Each step between a client's registration and the end of its grant leaves exactly its row."""

from typing import Any

import httpx
import pytest

from app.audit.models import Action
from tests.audit.looking import only, recorded, stored
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, email, http, server, tokens
from tests.oauth.tokens import Attempt, approved_code, consent_page, redeem, refresh, register

pytestmark = pytest.mark.anyio

__all__ = ["email", "http", "server", "tokens"]


async def rows(server: RunningServer) -> list[dict[str, Any]]:
    """All rows but that of the signing key, which is made before anything else."""
    return [row for row in await recorded(server.engine, server.audit) if row["action"] != Action.KEY_MADE]


async def actions(server: RunningServer) -> list[tuple[str, str]]:
    return [(row["action"], row["outcome"]) for row in await rows(server)]


CONNECTED = [
    ("client_registered", "ok"),
    ("sign_up", "ok"),
    ("membership_changed", "ok"),
    ("consent", "approved"),
    ("code_redeemed", "ok"),
]


async def test_the_first_signing_key_is_recorded_once(server: RunningServer) -> None:
    await server.keys.load()
    (row,) = await stored(server.engine)
    kid = server.keys.public_keys()["keys"][0]["kid"]
    assert only(row, "action", "outcome", "detail") == ("key_made", "ok", kid)


@pytest.mark.proves("scope-log-elevation", "au-events")
async def test_a_connection_leaves_a_row_for_each_step(server: RunningServer, tokens: dict[str, Any]) -> None:
    registered, signed_up, joined, consent, redeemed = await rows(server)
    assert await actions(server) == CONNECTED
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    for row in (registered, consent, redeemed):
        assert row["client_id"] == tokens["client_id"]
    for row in (signed_up, joined, consent, redeemed):
        assert row["person_id"] == grant.person_id
    for row in (consent, redeemed):
        assert only(row, "grant_id", "detail") == (grant.id, "lists:read lists:write")
    for row in (signed_up, joined):
        assert row["household_id"] == grant.default_household_id
    assert joined["detail"] == "owner"
    assert {row["address"] for row in (registered, signed_up, consent, redeemed)} == {"127.0.0.1"}
    assert {row["at"] for row in (registered, signed_up, joined, consent, redeemed)} == {server.clock.now}


@pytest.mark.proves("au-events")
async def test_signing_in_and_out_and_failing_to_leave_rows(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    await Browser(http).submit(page, "/oauth/sign-out")
    async with server.browser() as other:
        browser = Browser(other)
        page = await browser.open(attempt.url())
        await browser.submit(page, "/oauth/sign-in", email=email.upper(), password="wrong horse")
        await browser.submit(page, "/oauth/sign-in", email=f"x{email}", password="wrong horse")
        await browser.submit(page, "/oauth/sign-in", email=email, password=PASSWORD)
    signed_up, out, wrong, unknown, signed_in = [row for row in await rows(server) if row["action"].startswith("sign")]
    assert only(out, "action", "outcome", "person_id") == ("sign_out", "ok", signed_up["person_id"])
    assert only(signed_in, "action", "outcome", "person_id") == ("sign_in", "ok", signed_up["person_id"])
    assert only(wrong, "action", "outcome", "person_id") == ("sign_in", "invalid", None)
    assert wrong["email_hash"] == server.audit.email_hash(email)
    assert unknown["email_hash"] not in (None, wrong["email_hash"])


async def test_an_address_that_is_taken_leaves_a_row(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, _ = await consent_page(http, server.url, email)
    async with server.browser() as other:
        await Browser(other).sign_up(attempt.url(), email)
    assert (await actions(server))[-1] == ("sign_up", "taken")


async def test_saying_no_leaves_a_row_without_a_grant(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    await Browser(http).submit(page, "/oauth/consent", decision="deny")
    row = (await rows(server))[-1]
    assert only(row, "action", "outcome", "client_id", "grant_id") == ("consent", "denied", attempt.client_id, None)


async def test_an_answer_that_does_not_count_is_refused_and_a_form_that_is_not_ours_leaves_no_row(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    _, page = await consent_page(http, server.url, email)
    await Browser(http).submit(page, "/oauth/consent", decision="maybe")
    await Browser(http).submit(page, "/oauth/consent", decision="approve", form_token="forged")
    refusals = [row for row in await rows(server) if row["action"] == "consent"]
    assert [only(row, "outcome", "grant_id") for row in refusals] == [("invalid", None)]


async def test_each_refresh_leaves_a_row_and_so_does_theft(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    async def use(token: str) -> httpx.Response:
        return await refresh(http, server.url, tokens["client_id"], token)

    second = (await use(tokens["refresh_token"])).json()["refresh_token"]
    await use(second)
    for _ in range(2):
        assert (await use(tokens["refresh_token"])).status_code == 400
    assert (await use("slr_unknown_x")).status_code == 400
    expected = [
        ("token_refreshed", "ok"),
        ("token_refreshed", "ok"),
        ("grant_contested", "ok"),
        ("token_replayed", "invalid_grant"),
        ("token_replayed", "invalid_grant"),
        ("token_refused", "invalid_grant"),
    ]
    assert (await actions(server))[len(CONNECTED) :] == expected
    replayed = (await rows(server))[-3]
    assert replayed["detail"] == "refresh_token_replayed"
    assert replayed["person_id"] == (await rows(server))[1]["person_id"]
    assert {row["client_id"] for row in (await rows(server))[-3:]} == {tokens["client_id"]}


async def test_a_replayed_code_leaves_one_row_with_the_end_of_the_grant_and_then_refusals(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email)
    assert (await redeem(http, attempt, code)).status_code == 200
    for _ in range(2):
        assert (await redeem(http, attempt, code)).status_code == 400
    ended, first, second = (await rows(server))[len(CONNECTED) :]
    assert only(ended, "action", "detail", "grant_id") == ("grant_revoked", "code_replayed", first["grant_id"])
    assert only(first, "action", "outcome", "detail") == ("token_replayed", "grant_revoked", "code_replayed")
    assert only(second, "action", "outcome", "detail") == ("token_replayed", "invalid_grant", "code_replayed")
    assert first["grant_id"] == second["grant_id"] is not None


async def test_what_the_token_endpoint_refuses_leaves_a_row(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    for data in (
        {},
        {"client_id": "app_unknown", "grant_type": "refresh_token"},
        {"client_id": tokens["client_id"], "grant_type": "password"},
        {"client_id": tokens["client_id"], "grant_type": "authorization_code", "code": "wrong"},
    ):
        assert (await http.post("/oauth/token", data=data)).status_code >= 400
    refused = (await rows(server))[len(CONNECTED) :]
    assert [only(row, "action", "outcome", "client_id") for row in refused] == [
        ("token_refused", "invalid_request", None),
        ("token_refused", "invalid_client", None),
        ("token_refused", "unsupported_grant_type", tokens["client_id"]),
        ("token_refused", "invalid_grant", tokens["client_id"]),
    ]


async def test_a_revocation_leaves_a_row_once(
    server: RunningServer, http: httpx.AsyncClient, tokens: dict[str, Any]
) -> None:
    data = {"client_id": tokens["client_id"], "token": tokens["refresh_token"]}
    for token in (data["token"], data["token"], "nothing"):
        assert (await http.post("/oauth/revoke", data={**data, "token": token})).status_code == 200
    assert (await http.post("/oauth/revoke", data={**data, "client_id": "app_x"})).status_code == 401
    found = (await rows(server))[len(CONNECTED) :]
    assert [only(row, "action", "outcome", "detail") for row in found] == [
        ("grant_revoked", "ok", "revoked_by_client"),
        ("token_refused", "unknown_token", "revocation"),
        ("token_refused", "invalid_client", "revocation"),
    ]
    assert found[0]["grant_id"] == (await rows(server))[-4]["grant_id"]


async def test_a_registration_that_is_refused_leaves_a_row(server: RunningServer, http: httpx.AsyncClient) -> None:
    registered = await register(http, server.url)
    await http.post("/oauth/register", json={"redirect_uris": ["http://evil.example/cb"]})
    await http.post("/oauth/register", content="x", headers={"Content-Type": "text/plain"})
    assert [only(row, "outcome", "client_id") for row in await rows(server)] == [
        ("ok", registered["client_id"]),
        ("invalid_redirect_uri", None),
        ("invalid_client_metadata", None),
    ]


async def test_an_attempt_that_was_never_answered_leaves_no_row(server: RunningServer, http: httpx.AsyncClient) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    await Browser(http).open(attempt.url())
    assert await actions(server) == [("client_registered", "ok")]
