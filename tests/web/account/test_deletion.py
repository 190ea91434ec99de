"""Deleting an account: what goes, what stays, and who can't yet."""

from typing import Any, Final
from uuid import UUID, uuid4

import anyio
import httpx
import pytest

from app.db import Connection, transaction
from app.db.embedded import DatabaseUrls
from app.errors import Conflict
from app.households.repository import memberships_of
from app.lists.transfer.delete_household import delete_household
from app.people.email_addresses import parse_email
from app.people.repository import delete_identity, insert_person
from app.people.session_repository import close_all_sessions, open_session
from app.settings import Settings
from tests.db.locks import until_somebody_waits
from tests.db.looking import rows
from tests.mcp.client import McpClient
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import Mailing, RunningServer
from tests.oauth.tokens import Attempt, code_of, redeem, register
from tests.web.account.pages import SIGN_IN
from tests.web.account.test_races import person_id
from tests.web.household.test_forms import Visit, form_beside, link_on, visit
from tests.web.passkeys.authenticator import Authenticator, add_passkey, sign_up

__all__ = ["visit"]

pytestmark = pytest.mark.anyio

PATH: Final = "/account/delete"

GONE: Final = {
    *(("sessions", "person_id"), ("credentials", "person_id"), ("identities", "person_id")),
    *(("email_links", "person_id"), ("passkeys", "person_id"), ("half_sign_ins", "person_id")),
    *(("recovery_codes", "person_id"), ("memberships", "person_id"), ("invitations", "invited_by")),
    *(("guest_links", "made_by"), ("alert_settings", "person_id"), ("push_subscriptions", "person_id")),
}
"""Columns that name a person by a foreign key, and name nobody who has deleted their account."""

KEPT: Final = {
    ("grants", "person_id"): "it has ended, and is deleted with the other ended ones",
    ("guest_links", "person_id"): "a guest, who has no account",
}
"""The others, and why."""


async def delete(browser: Browser) -> Page:
    """Tick the box, and press the button."""
    return await browser.submit(await browser.open(PATH), PATH, sure="yes")


async def test_every_table_that_names_a_person_is_thought_of(database: DatabaseUrls) -> None:
    """A new foreign key to people fails here, until the deletion handles it."""
    found = await rows(
        database.superuser,
        """
        SELECT c.conrelid::regclass::text AS "table", a.attname::text AS "column"
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
        WHERE c.contype = 'f' AND c.confrelid = 'people'::regclass
        """,
    )
    assert {(row["table"], row["column"]) for row in found} == GONE | set(KEPT)


@pytest.mark.proves("""ac-deletion MUST own rule; OWASP Authentication Cheat Sheet (Reauthentication)
    Who deletes their account leaves nothing behind that says who they were, or that still lets somebody in.
    Here: Every row that names the person by a foreign key is deleted, or ended; the row of the person has no name,
    address or way to sign in. The list of foreign keys is read from the database.""")
async def test_nothing_is_left_that_names_the_person(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    browser = Browser(http)
    await sign_up(http, email)
    await add_passkey(http, Authenticator(server.settings.public_origin))
    page = await browser.submit(await browser.open("/account/passkeys"), "/account/passkeys/require")
    await browser.submit(page, "/account/passkeys/codes")
    await browser.submit(await browser.open("/household"), "/household/invite")
    async with server.browser() as other:
        first = Browser(other)
        await first.submit(await first.open(SIGN_IN), SIGN_IN, email=email, password=PASSWORD)
    found = await rows(database.superuser, f"SELECT id FROM people WHERE email = '{email}'")
    person = found[0]["id"]
    await rows(
        database.superuser,
        f"""
        WITH linked AS (INSERT INTO email_links VALUES ('\\x00', 'reset', '{email}', '{person}', true, now(), now())),
        settings AS (
            INSERT INTO alert_settings (person_id, language, time_zone, without_text, letter_hour)
            VALUES ('{person}', 'en', 'UTC', false, 7)
        )
        INSERT INTO identities VALUES ('https://issuer.example', '{uuid4()}', '{person}', now())
        """,
    )
    before = await _named(database, person)
    assert {column for column, count in before.items() if count} >= GONE - {
        ("guest_links", "made_by"),
        ("push_subscriptions", "person_id"),
    }
    page = await delete(browser)
    assert page.title == "Your account is deleted"
    after = await _named(database, person)
    assert {column: count for column, count in after.items() if count and column not in KEPT} == {}
    (row,) = await rows(database.superuser, f"SELECT * FROM people WHERE id = '{person}'")
    assert email not in str(row)
    assert "Ada" not in str(row)
    assert (await http.get("/account")).status_code == 303
    again = await browser.submit(await browser.open(SIGN_IN), SIGN_IN, email=email, password=PASSWORD)
    assert again.status == 400
    assert (await sign_up(http, email)).title == "Your account", "the address is free"


async def _named(database: DatabaseUrls, person: Any) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for table, column in GONE | set(KEPT):
        found = await rows(database.superuser, f"SELECT count(*) AS n FROM {table} WHERE {column} = '{person}'")
        counts[table, column] = found[0]["n"]
    return counts


@pytest.mark.proves("ac-reauthentication")
async def test_an_open_browser_is_not_enough_to_delete_an_account(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await sign_up(http, email)
    page = await Browser(http).open(PATH)
    server.clock.move(minutes=11)
    late = await Browser(http).submit(page, PATH, sure="yes")
    assert late.title == "Is it you?"
    assert not (await Browser(http).open(PATH)).has_form(PATH)
    page = await Browser(http).submit(late, "/account/confirm", password=PASSWORD)
    assert (await Browser(http).submit(page, PATH, sure="yes")).title == "Your account is deleted"


async def test_without_the_tick_nothing_is_deleted(http: httpx.AsyncClient, email: str) -> None:
    await sign_up(http, email)
    page = await Browser(http).submit(await Browser(http).open(PATH), PATH)
    assert page.status == 400
    assert "Nothing was deleted" in page.text
    assert (await Browser(http).open("/account")).title == "Your account"


async def test_without_a_sign_in_the_page_asks_for_one(http: httpx.AsyncClient) -> None:
    assert (await http.get(PATH)).headers["location"] == f"{SIGN_IN}?next={PATH}"


async def connect(browser: Browser, settings: Settings) -> str:
    """Connect an app as this person; its access token."""
    attempt = Attempt((await register(browser.http, settings.public_url))["client_id"], settings.public_url)
    page = await browser.open(attempt.url())
    answer = await redeem(browser.http, attempt, code_of(await browser.approve(page)))
    return answer.json()["access_token"]


@pytest.mark.proves("ac-deletion")
async def test_the_next_call_of_an_app_is_refused_and_others_keep_what_was_shared(
    settings: Settings, visit: Visit, database: DatabaseUrls
) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        early = await anna.open(PATH)
        page = await anna.submit(await anna.open("/household"), "/household/invite")
        await ben.submit(await ben.open(link_on(page)), "/join")
        token = await connect(anna, settings)
        await McpClient(anna.http, token).call("add_items", items=["oat milk"])
        page = await anna.open(PATH)
        assert "only you own them" in page.text
        assert not page.has_form(PATH)
        page = await anna.submit(early, PATH, sure="yes")
        assert page.status == 400
        assert "Others belong to a household that only you own" in page.text
        page = await anna.open("/household")
        owner = form_beside(page, "/household/role", "Ben")
        await anna.submit(page, "/household/role", **owner, role="owner")
        assert "Households that others keep" in (await anna.open(PATH)).text
        assert (await delete(anna)).title == "Your account is deleted"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
        listing: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        assert (await anna.http.post("/mcp", json=listing, headers=headers)).status_code == 401
        shared = (await ben.open("/household")).text
        assert "Anna" not in shared.replace("Anna's", "")
        kept = await rows(database.superuser, "SELECT name FROM items WHERE name = 'oat milk'")
        assert len(kept) == 1


@pytest.mark.proves("ac-deletion")
async def test_a_household_of_nobody_else_goes_with_its_owner(visit: Visit, database: DatabaseUrls) -> None:
    async with visit("Anna") as anna:
        count = "SELECT count(*) AS n FROM households"
        before = (await rows(database.superuser, count))[0]["n"]
        page = await anna.open(PATH)
        assert "Households in which nobody else is" in page.text
        assert (await delete(anna)).title == "Your account is deleted"
        assert (await rows(database.superuser, count))[0]["n"] == before - 1


@pytest.mark.proves("ac-deletion")
async def test_a_household_that_is_gone_by_then_is_no_fault(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    """As when the button is pressed twice: both have looked ahead before either deletes the household."""
    browser = Browser(http)
    await sign_up(http, email)
    page = await browser.open(PATH)
    async with transaction(server.engine) as connection:
        person = await person_id(connection, email)
        (household,) = await memberships_of(connection, person)
    pages: list[Page] = []

    async def press() -> None:
        pages.append(await browser.submit(page, PATH, sure="yes"))

    which, now = household.household_id, server.clock()
    async with anyio.create_task_group() as tasks, transaction(server.engine, which) as connection:
        await delete_household(connection, which, household.name, now, by=person)
        async with until_somebody_waits(database):
            tasks.start_soon(press)
    assert "Your households have changed meanwhile" in pages[0].text
    assert (await browser.submit(await browser.open(PATH), PATH, sure="yes")).title == "Your account is deleted"


@pytest.mark.proves("ac-deletion")
@pytest.mark.parametrize("path", ["/join", "/household/new"])
async def test_who_is_being_deleted_joins_and_makes_no_household(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls, path: str
) -> None:
    """What waits for the deletion finds nobody to make a member of."""
    browser = Browser(http)
    await sign_up(http, email)
    async with server.browser() as other:
        await sign_up(other, f"x{email}")
        page = await Browser(other).submit(await Browser(other).open("/household"), "/household/invite")
    page = await browser.open(link_on(page) if path == "/join" else "/household")
    values = {} if path == "/join" else {"name": "Late"}
    late: list[Page] = []

    async def send() -> None:
        late.append(await browser.submit(page, path, **values))

    async with transaction(server.engine) as connection:
        person = await person_id(connection, email)
    async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
        await _end_account(connection, person)
        async with until_somebody_waits(database):
            tasks.start_soon(send)
    assert (late[0].status, "This account was deleted meanwhile." in late[0].text) == (400, True)
    async with transaction(server.engine) as connection:
        assert [each.role for each in await memberships_of(connection, person)] == ["owner"], "as before"


@pytest.mark.proves("ac-deletion")
async def test_a_sign_in_that_waits_for_the_deletion_opens_no_session(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    """As one at a provider would, whose answer came before."""
    await sign_up(http, email)
    told: list[str] = []
    async with transaction(server.engine) as connection:
        person = await person_id(connection, email)

    async def enter() -> None:
        try:
            async with transaction(server.engine) as connection:
                await open_session(connection, person, server.clock())
        except Conflict as error:
            told.append(error.template)

    async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
        await _end_account(connection, person)
        async with until_somebody_waits(database):
            tasks.start_soon(enter)
    assert told == ["This account was deleted meanwhile."]
    assert (await _named(database, person))["sessions", "person_id"] == 0


@pytest.mark.proves("ac-deletion")
async def test_a_link_that_waits_for_the_deletion_is_not_made(
    mailing: Mailing, email: str, database: DatabaseUrls
) -> None:
    server, other = mailing.server, f"x{email}"
    async with transaction(server.engine) as connection:
        for each in (email, other):
            await insert_person(connection, parse_email(each), "Ada", server.clock(), server.clock())
        person = await person_id(connection, email)
    async with server.browser() as http, transaction(server.engine) as connection:
        await _end_account(connection, person)
        async with until_somebody_waits(database):
            await Browser(http).submit(await Browser(http).open("/account/reset"), "/account/reset", email=email)
    async with server.browser() as http:
        await Browser(http).submit(await Browser(http).open("/account/reset"), "/account/reset", email=other)
    assert (await mailing.box.next())["To"] == other, "the first one that is sent"
    assert (await _named(database, person))["email_links", "person_id"] == 0


async def _end_account(connection: Connection, person: UUID) -> None:
    """Do what a deletion does last."""
    await close_all_sessions(connection, person)
    await delete_identity(connection, person)
