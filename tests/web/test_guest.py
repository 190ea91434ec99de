"""The page of a guest's link: one list, without an account, without a cookie and without a script."""

from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.households.guests import KEYS, end_link
from app.households.tenant import open_for_service
from app.limits.defaults import GUEST_PAGES, UNKNOWN_GUEST_LINKS
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.guests import Guest, key_on, links, share
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.mcp.http.test_ended_while_waiting import until_a_writer_waits
from tests.mcp.streaming import SECONDS
from tests.oauth.conftest import start

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(http: httpx.AsyncClient, ada: Connected) -> McpClient:
    """Ada's client; her list has milk (i1) and tea (i2), and Hardware, which is not shared, a saw (i3)."""
    client = McpClient(http, ada.token)
    await client.call("add_items", items=["2 l milk (fresh)", {"name": "tea", "store": "Market", "category": "Drinks"}])
    await client.call("save_list", name="Hardware", store="Depot")
    await client.call("add_items", items=["saw"], list="Hardware")
    return client


@pytest.fixture
async def grandma(client: McpClient) -> Guest:
    """A guest who may tick things off."""
    return Guest(client.http, await share(client, can_tick=True))


def lines(page: httpx.Response) -> list[str]:
    soup = BeautifulSoup(page.text, "html.parser")
    return [" ".join(each.get_text(" ").split()) for each in soup.select("ul.lines li span")]


@pytest.mark.proves("""gu-page MUST own rule
    A guest's page needs no account, leaks no link, and is neither kept nor indexed.
    Here: It sets and reads no cookie, has no script, and is no-store, noindex, and same-origin for referrers.""")
async def test_a_guest_sees_one_list_without_account_cookie_and_script(client: McpClient, grandma: Guest) -> None:
    page = await grandma.open()
    assert page.status_code == 200
    assert lines(page) == ["2 l milk (fresh)", "tea Drinks · Market"]
    for hidden in ("Hardware", "saw", "Depot", "Ada", "example.org", "<script"):
        assert hidden not in page.text, hidden
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex">' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    answers = [page, await grandma.tick("i1"), await grandma.make_key(), await grandma.open()]
    assert [each.headers.get("set-cookie") for each in answers] == [None] * 4


async def test_a_guest_ticks_and_unticks_and_the_household_reads_who_it_was(
    client: McpClient, grandma: Guest, engine: Engine, ada: Connected
) -> None:
    ticked = await grandma.tick("i1")
    assert (ticked.status_code, ticked.headers["location"]) == (303, f"/guest?code={grandma.code}")
    assert lines(await grandma.open()) == ["tea Drinks · Market", "2 l milk (fresh)"]
    event = (await client.call("get_activity"))["events"][0]
    assert (event["person"], event["kind"], event["changes"][0]["name"]) == ("Grandma (guest)", "check_items", "milk")
    shown = await client.call("list_items", view="checked", detail="full")
    assert shown["items"][0]["bought_by"] == "Grandma (guest)"
    only_hers = await client.call("get_activity", person="Grandma")
    assert [each["ref"] for each in only_hers["events"]] == [event["ref"]]
    assert (await grandma.tick("i1", untick=True)).status_code == 303
    assert len((await client.call("list_items"))["items"]) == 2
    assert (await client.call("undo", undo_ref=event["ref"]))["results"][0]["status"] == "unchanged"


async def test_a_member_undoes_what_a_guest_ticked(client: McpClient, grandma: Guest) -> None:
    await grandma.tick("i2")
    event = (await client.call("get_activity"))["events"][0]
    undone = await client.call("undo", undo_ref=event["undo_ref"])
    assert undone["results"][0]["status"] == "undone"
    assert [each["name"] for each in (await client.call("list_items"))["items"]] == ["milk", "tea"]


@pytest.mark.proves("""gu-tick MUST own rule
    A guest changes nothing but whether an item of their list was bought, and only where their link says so.
    Here: The link, the list and the item are looked up under the household's write lock.""")
async def test_a_guest_who_may_look_ticks_nothing(client: McpClient) -> None:
    guest = Guest(client.http, await share(client))
    page = await guest.open()
    assert "Got it" not in page.text
    refused = await guest.tick("i1")
    assert refused.status_code == 400
    assert "not tick things off" in refused.text
    assert len((await client.call("list_items"))["items"]) == 2


@pytest.mark.proves("gu-tick")
@pytest.mark.parametrize("ref", ["i3", "i99", "saw", "L2", "", "i1 i3", "*", "i1\x00", "I1", "i" + "9" * 40])
async def test_a_guest_ticks_nothing_that_is_not_on_their_list(client: McpClient, grandma: Guest, ref: str) -> None:
    before = await client.call("list_items", list="*", view="all", detail="full")
    refused = await grandma.tick(ref)
    assert refused.status_code in (400, 404)
    assert "saw" not in refused.text
    assert await client.call("list_items", list="*", view="all", detail="full") == before


async def test_an_item_that_was_moved_away_is_no_business_of_the_guest(client: McpClient, grandma: Guest) -> None:
    await client.call("move_items", items=["i2"], to_list="Hardware")
    refused = await grandma.tick("i2")
    assert "no longer on this list" in refused.text
    assert lines(await grandma.open()) == ["2 l milk (fresh)"]
    await client.call("move_items", items=["i3"], to_list="L1")
    assert (await grandma.tick("i3")).status_code == 303


async def test_a_renamed_or_archived_list_is_the_same_list(client: McpClient, grandma: Guest) -> None:
    await client.call("save_list", list="L1", name="Party")
    await client.call("save_list", list="L2", name="L1")
    page = await grandma.open()
    assert "Party" in page.text
    assert lines(page)[0] == "2 l milk (fresh)"
    await client.call("save_list", list="Party", archived=True)
    assert lines(await grandma.open())[0] == "2 l milk (fresh)"


@pytest.mark.proves("""gu-ends MUST own rule
    A guest's link ends at its time, when a member ends it, with its list, and with the membership of who made it.
    Here: Each of these deletes the row that every page and every call reads.""")
async def test_a_deleted_list_ends_its_links_for_good(client: McpClient, grandma: Guest) -> None:
    other = Guest(client.http, await share(client, "Bo", list="Hardware"))
    deleted = await client.call("delete_list", list="L1", confirm_name="Groceries")
    assert (await grandma.open()).status_code == 404
    await client.call("undo", undo_ref=deleted["undo_ref"])
    assert (await grandma.open()).status_code == 404
    assert lines(await other.open()) == ["saw"]


@pytest.mark.proves("gu-ends")
async def test_undoing_the_creation_of_a_list_ends_its_links(client: McpClient) -> None:
    made = await client.call("save_list", name="Party")
    guest = Guest(client.http, await share(client, list="Party"))
    assert (await guest.open()).status_code == 200
    await client.call("undo", undo_ref=made["undo_ref"])
    assert (await guest.open()).status_code == 404


@pytest.mark.parametrize(
    "code", ["", "x", "sll_", "sll_" + "A" * 43, "slg_" + "A" * 43, "sll_" + "A" * 44, "sll_\x00", "'; --", "ö" * 50]
)
async def test_a_code_that_nobody_was_given_shows_nothing(client: McpClient, grandma: Guest, code: str) -> None:
    answer = await client.http.get("/guest", params={"code": code})
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    for path in ("/guest/tick", "/guest/key"):
        tokens = grandma.tokens(await grandma.open())
        posted = await client.http.post(path, data={"code": code, "form_token": tokens[path], "tick": "i1"})
        assert posted.status_code in (400, 404)
    assert len((await client.call("list_items"))["items"]) == 2


@pytest.mark.proves("""gu-csrf MUST own rule
    No other site can make a guest's browser tick something or make a key.
    Here: There is no cookie to ride on; a form needs the code, a token made of it, and no foreign Origin.""")
async def test_a_form_without_its_token_or_from_another_site_does_nothing(client: McpClient, grandma: Guest) -> None:
    other = Guest(client.http, await share(client, "Bo", can_tick=True))
    tokens = grandma.tokens(await grandma.open())
    stolen = other.tokens(await other.open())
    for token in ("", "0" * 64, tokens["/guest/key"], stolen["/guest/tick"]):
        refused = await client.http.post("/guest/tick", data={"code": grandma.code, "form_token": token, "tick": "i1"})
        assert refused.status_code == 400
        assert "out of date" in refused.text
    for origin in ("https://evil.example", "null"):
        refused = await client.http.post(
            "/guest/tick",
            data={"code": grandma.code, "form_token": tokens["/guest/tick"], "tick": "i1"},
            headers={"Origin": origin},
        )
        assert refused.status_code == 400
    assert len((await client.call("list_items"))["items"]) == 2
    assert "slg_" not in (await client.http.post("/guest/key", data={"code": grandma.code})).text


async def test_who_is_signed_in_at_the_browser_makes_no_difference(
    client: McpClient, grandma: Guest, app: Starlette, settings: Settings
) -> None:
    plain = await grandma.open()
    async with http_to(app, settings) as http:
        await http.get("/account/sign-in")
        assert http.cookies
        seen = await Guest(http, grandma.code).open()
        assert (seen.status_code, seen.text) == (200, plain.text)


async def test_a_long_list_is_shown_in_pages_and_names_as_text(client: McpClient, grandma: Guest) -> None:
    await client.call("add_items", items=[f"<b>thing {number}</b>" for number in range(100)], on_duplicate="separate")
    await client.call("add_items", items=[f"other {number}" for number in range(100)])
    page = await grandma.open()
    assert "<b>thing" not in page.text
    assert "<b>thing 0</b>" in BeautifulSoup(page.text, "html.parser").get_text()
    assert len(lines(page)) == 200
    more = BeautifulSoup(page.text, "html.parser").find("a", string="More")
    assert more is not None
    second = await client.http.get(str(more["href"]))
    assert lines(second) == ["other 98", "other 99"]
    cursor = parse_qs(urlsplit(str(more["href"])).query)["cursor"][0]
    assert "cursor=" in (await grandma.tick("i4", cursor=cursor)).headers["location"]
    assert len(lines(await grandma.open(cursor="nonsense"))) == 201


async def test_a_key_is_shown_once_and_there_are_few(client: McpClient, grandma: Guest) -> None:
    keys = {key_on(await grandma.make_key()) for _ in range(KEYS)}
    assert len(keys) == KEYS
    refused = await grandma.make_key()
    assert refused.status_code == 429
    assert "the most it can have" in refused.text
    page = await grandma.open()
    assert not any(key in page.text for key in keys)


async def test_use_is_noted_and_shown_to_those_who_share(
    client: McpClient, grandma: Guest, engine: Engine, ada: Connected
) -> None:
    [link] = await links(engine, ada)
    assert (link.first_used_at, link.last_used_at) == (None, None)
    await grandma.open()
    [used] = await links(engine, ada)
    assert used.first_used_at is not None
    assert used.first_used_at == used.last_used_at


@pytest.mark.proves("""gu-guessing MUST own rule
    A guest's link can't be guessed, and a copy of the database lets nobody in.
    Here: 256 random bits, stored as a hash; misses are limited by network, and shut out nobody with a link.""")
async def test_codes_and_keys_are_stored_as_hashes_and_misses_are_limited(
    client: McpClient, grandma: Guest, engine: Engine, settings: Settings
) -> None:
    key = key_on(await grandma.make_key())
    async with transaction(engine) as connection:
        for table in ("guest_links", "guest_keys", "people", "audit_events"):
            rows = (await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()
            assert rows or table == "audit_events"
            assert grandma.code[4:] not in str(rows)
            assert key[4:] not in str(rows)
    server = await start(settings, engine, rates={UNKNOWN_GUEST_LINKS: 3, GUEST_PAGES: 4})
    async with server.browser() as http:
        statuses = [(await Guest(http, "sll_" + str(number) * 43).open()).status_code for number in range(5)]
        assert statuses == [404, 404, 404, 429, 429]
        own = Guest(http, grandma.code)
        allowed = [await own.open() for _ in range(5)]
        assert [each.status_code for each in allowed] == [200, 200, 200, 200, 429]
        assert int(allowed[-1].headers["retry-after"]) >= 1


async def test_nothing_secret_of_a_guest_is_in_the_log(
    client: McpClient, grandma: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    key = key_on(await grandma.make_key())
    await grandma.tick("i1")
    await grandma.tick("i99")
    ours = "\n".join(str(each.getMessage()) for each in caplog.records if not each.name.startswith("http"))
    assert "POST /guest/tick: 303" in ours
    assert grandma.code not in ours
    assert key not in ours


async def test_the_maker_of_a_link_who_leaves_takes_it_with_them(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    for change in ("remove", "viewer"):
        bob, _ = await factory.person("Bob")
        await factory.join(bob, ada.household_id, "editor")
        theirs = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
        guest = Guest(client.http, await share(theirs, "Bob's friend"))
        assert (await guest.open()).status_code == 200
        await client.call("update_member", person="Bob", role=change)
        assert (await guest.open()).status_code == 404
        if change == "viewer":
            assert (await theirs.refusal("invite_member", role="guest", name="x"))["code"] == "role"


@pytest.mark.proves("gu-ends", "gu-tick")
async def test_a_tick_that_waited_while_its_link_was_ended_changes_nothing(
    client: McpClient, grandma: Guest, engine: Engine, ada: Connected
) -> None:
    """Somebody else is writing; the guest waits for the turn to write, and the link is ended meanwhile."""
    page = await grandma.open()
    [link] = await links(engine, ada)
    sent = {"code": grandma.code, "form_token": grandma.tokens(page)["/guest/tick"], "tick": "i1"}
    answers: list[httpx.Response] = []

    async def tick() -> None:
        answers.append(await client.http.post("/guest/tick", data=sent))

    async with (
        anyio.create_task_group() as tasks,
        open_for_service(engine, ada.household_id, write=True),
    ):
        tasks.start_soon(tick)
        with anyio.fail_after(SECONDS):
            await until_a_writer_waits()
        async with transaction(engine) as connection:
            await end_link(connection, ada.household_id, link.id, system_clock(), by=ada.person.id)
    [answer] = answers
    assert answer.status_code == 404
    assert len((await client.call("list_items"))["items"]) == 2
    assert (await client.call("get_activity"))["events"][0]["kind"] != "check_items"
