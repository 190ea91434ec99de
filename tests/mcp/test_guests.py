"""Guests through assistants: members share and end links, and a guest's key reads one list at its own address."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.households.guests import LINKS
from app.households.invitations import find_by_code
from app.households.tenant import open_for_service
from app.limits.defaults import CALLS, UNKNOWN_KEYS
from app.lists.repository import lists_numbered
from app.main import create_app
from app.mcp.catalogue import GUEST_ENDPOINT, TOOLS
from app.mcp.dispatch import Dispatch
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.guests import DOOR, Guest, code_in, key_on, link_that_ends, links, share
from tests.mcp.client import Era, McpClient, body_of
from tests.mcp.conftest import http_to
from tests.mcp.streaming import SECONDS
from tests.mcp.test_tenancy import ARGUMENTS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(http: httpx.AsyncClient, ada: Connected) -> McpClient:
    """Ada's client, with milk on Groceries and a saw on Hardware."""
    client = McpClient(http, ada.token)
    await client.call(
        "add_items", items=[{"name": "milk", "assignee": "Ada", "price": 2, "note": "fresh"}, "tea"], list="L1"
    )
    await client.call("save_list", name="Hardware")
    await client.call("add_items", items=["saw"], list="Hardware")
    return client


@pytest.fixture
async def guest(client: McpClient) -> Guest:
    return Guest(client.http, await share(client))


async def test_a_link_says_what_it_is_and_stands_among_the_guests(client: McpClient, settings: Settings) -> None:
    result = await client.result(
        "tools/call", {"name": "invite_member", "arguments": {"role": "guest", "name": "Grandma", "can_tick": True}}
    )
    made = result["structuredContent"]
    assert made["link"].startswith(f"{settings.public_url}/guest?code=sll_")
    assert {key: made[key] for key in made if key != "link"}.keys() == {"role", "list", "expires_at"}
    assert (made["role"], made["list"]) == ("guest", "L1")
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left < timedelta(days=7)
    assert made["link"] in result["content"][1]["text"]
    assert result["content"][2]["mimeType"] == "image/png"
    [shown] = (await client.call("get_overview"))["guests"]
    assert {key: shown[key] for key in ("name", "list", "may")} == {"name": "Grandma", "list": "L1", "may": "tick"}
    assert datetime.fromisoformat(shown["until"]) == datetime.fromisoformat(made["expires_at"])


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"role": "guest"}, "name"),
        ({"role": "guest", "name": "x" * 61}, "name"),
        ({"role": "guest", "name": "a\x00"}, "name"),
        ({"role": "guest", "name": "Oma", "uses": 2}, "uses"),
        ({"role": "guest", "name": "Oma", "hours": 8761}, "hours"),
        ({"role": "guest", "name": "Oma", "hours": 0}, "hours"),
        ({"role": "guest", "name": "Oma", "list": "Nowhere"}, "list"),
        ({"role": "guest", "name": "Oma", "list": "*"}, "list"),
        ({"role": "editor", "name": "Oma"}, "role"),
        ({"role": "viewer", "list": "L1"}, "role"),
        ({"can_tick": True}, "role"),
    ],
)
async def test_a_link_that_can_not_be_is_refused_by_name(
    client: McpClient, arguments: dict[str, Any], field: str
) -> None:
    assert (await client.refusal("invite_member", **arguments))["field"] == field
    assert "guests" not in await client.call("get_overview")


async def test_an_editor_shares_and_ends_links_and_a_viewer_does_not(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    editor = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(client.http, (await factory.connect(vic, ada.household_id)).token)
    guest = Guest(client.http, await share(editor))
    assert (await viewer.refusal("invite_member", role="guest", name="Oma"))["code"] == "role"
    assert (await viewer.refusal("update_member", person="Grandma", role="remove"))["code"] == "role"
    assert (await editor.refusal("invite_member", role="viewer"))["code"] == "role"
    assert (await guest.open()).status_code == 200
    ended = await editor.call("update_member", person="grandma", role="remove")
    assert (ended["person"], ended["was"]) == ("Grandma", "guest")
    assert (await guest.open()).status_code == 404
    assert (await editor.refusal("update_member", person="Grandma", role="remove"))["code"] == "not_found"


async def test_a_guest_gets_no_role(client: McpClient, guest: Guest) -> None:
    for role in ("owner", "editor", "viewer"):
        assert (await client.refusal("update_member", person="Grandma", role=role))["field"] == "role"


async def test_guests_of_one_name_are_told_apart_by_ref(client: McpClient, guest: Guest) -> None:
    second = Guest(client.http, await share(client))
    refusal = await client.refusal("update_member", person="Grandma", role="remove")
    assert refusal["code"] == "ambiguous"
    await client.call("update_member", person=refusal["candidates"][1], role="remove")
    assert [(await each.open()).status_code for each in (guest, second)] == [200, 404]


async def test_a_household_has_so_many_guests_and_no_more(client: McpClient) -> None:
    for number in range(LINKS):
        await share(client, f"Guest {number}")
    assert (await client.refusal("invite_member", role="guest", name="One more"))["code"] == "limit"


@pytest.mark.proves("""gu-one-list MUST own rule
    A guest reaches one list, and nothing else of any household.
    Here: Opening a household refuses guests; what is made for them shows only the list of their link.""")
async def test_a_key_reads_the_list_of_its_link_and_nothing_of_people_prices_or_history(
    client: McpClient, guest: Guest, era: Era
) -> None:
    theirs = await guest.client(era)
    shown = await theirs.call("list_items")
    assert shown["items"] == [{"ref": "i1", "name": "milk", "note": "fresh"}, {"ref": "i2", "name": "tea"}]
    assert (shown["list"], shown["name"], shown["counts"]) == ("L1", "Groceries", {"open": 2, "checked": 0})
    assert [each["name"] for each in (await theirs.result("tools/list"))["tools"]] == ["list_items"]
    assert (await theirs.call("list_items", query="tea"))["items"][0]["name"] == "tea"
    assert (await theirs.call("list_items", query="saw"))["items"] == []
    await client.call("check_items", items=["milk"])
    bought = await theirs.call("list_items", view="checked")
    assert bought["items"] == [{"ref": "i1", "name": "milk", "note": "fresh", "checked": True}]
    await client.call("move_items", items=["tea"], to_list="Hardware")
    later = await theirs.call("list_items", since_rev=shown["rev"])
    assert (later["items"], later["removed"]) == ([], ["i1", "i2"])


@pytest.mark.proves("gu-one-list")
@pytest.mark.parametrize(
    "arguments",
    [
        {"list": "*"},
        {"list": "L2"},
        {"list": "Groceries"},
        {"detail": "full"},
        {"store": "Depot"},
        {"assignee": "Ada"},
        {"household": "Ada's household"},
        {"group_by": "recipe"},
        {"cursor": "x"},
    ],
)
async def test_arguments_that_members_have_are_none_of_a_guest(
    client: McpClient, guest: Guest, arguments: dict[str, Any]
) -> None:
    refusal = await (await guest.client()).refusal("list_items", **arguments)
    assert refusal["code"] in ("invalid", "not_found")
    assert "Ada" not in str(refusal)
    assert "Hardware" not in str(refusal)


@pytest.mark.proves("gu-one-list")
async def test_a_page_of_another_list_is_no_page_of_theirs(client: McpClient, guest: Guest) -> None:
    await client.call("add_items", items=["hammer", "nails"], list="Hardware")
    theirs = await guest.client()
    for arguments in ({"list": "Hardware"}, {"list": "*"}):
        cursor = (await client.call("list_items", limit=1, **arguments))["next_cursor"]
        assert (await theirs.refusal("list_items", cursor=cursor))["field"] == "cursor"
    first = await theirs.call("list_items", limit=1)
    second = await theirs.call("list_items", limit=1, cursor=first["next_cursor"])
    assert [each["name"] for each in second["items"]] == ["tea"]


@pytest.mark.proves("gu-one-list")
async def test_the_only_resource_of_a_guest_is_their_list(client: McpClient, guest: Guest, era: Era) -> None:
    theirs = await guest.client(era)
    [listed] = (await theirs.result("resources/list"))["resources"]
    assert (listed["title"], listed["uri"].endswith("/lists/L1")) == ("Groceries", True)
    read = await theirs.result("resources/read", {"uri": listed["uri"]})
    assert read["contents"][0]["text"] == "# Groceries\n\n- [ ] milk (fresh)\n- [ ] tea\n"
    household = listed["uri"].removesuffix("/lists/L1")
    for other in ("/lists", "/lists/L2", "/lists/L1.csv", "/lists/L2.csv", "/members", "/lists/Groceries"):
        error = await theirs.error("resources/read", {"uri": household + other})
        assert "no such resource" in error["message"]
    assert (await theirs.result("prompts/list"))["prompts"] == []


@pytest.mark.proves("gu-one-list")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/core", "/mcp/readonly"])
async def test_a_guest_key_is_worth_nothing_at_other_addresses(client: McpClient, guest: Guest, path: str) -> None:
    theirs = await guest.client(path=path)
    for tool in ("get_overview", "list_items", "get_spending", "export_list"):
        assert (await theirs.send("tools/call", {"name": tool, "arguments": {}})).status_code == 401
    assert (await theirs.send("resources/list")).status_code == 401


@pytest.mark.proves("gu-one-list")
@pytest.mark.parametrize("tool", [each.name for each in TOOLS])
async def test_no_tool_of_members_runs_for_a_guest_even_past_the_address(
    client: McpClient, guest: Guest, app: Starlette, tool: str
) -> None:
    """The dispatcher of /mcp, called with a guest's caller whose scopes are all there are."""
    theirs = await guest.client()
    endpoints: Any = app.state.endpoints
    caller = await endpoints._authenticator(theirs.token, "127.0.0.1")
    widened = type(caller)(
        caller.actor,
        caller.issuer,
        frozenset({"lists:read", "lists:write", "household:manage"}),
        caller.resource,
        caller.expires_at,
    )
    dispatch: Dispatch = endpoints._short_ways[next(iter(endpoints._short_ways))]._dispatch
    before = await client.call("list_items", list="*", view="all", detail="full")
    served = await dispatch.call(widened, None, tool, ARGUMENTS[tool])
    assert b'"isError":true' in served.body
    assert b"Guests see one list" in served.body
    assert await client.call("list_items", list="*", view="all", detail="full") == before


async def test_a_member_has_no_access_at_the_address_of_guests(client: McpClient, settings: Settings) -> None:
    member = McpClient(client.http, client.token, path=DOOR)
    refused = await member.send("tools/call", {"name": "list_items", "arguments": {}})
    assert refused.status_code == 401
    assert "resource_metadata" not in refused.headers["www-authenticate"]
    assert "invalid_token" in refused.headers["www-authenticate"]
    bare = await client.http.post(DOOR, json={})
    assert bare.headers["www-authenticate"] == 'Bearer scope="lists:read"'
    page = await client.http.get(DOOR, headers={"Accept": "text/html"})
    assert page.status_code == 405
    assert f"{settings.public_url}{DOOR}" in page.text
    assert GUEST_ENDPOINT.resource.path == DOOR


@pytest.mark.proves("""gu-no-join MUST own rule
    A guest's link or key is no way into the household.
    Here: It is no invitation, no token and no consent; it makes nobody a member.""")
async def test_a_link_is_no_invitation(client: McpClient, guest: Guest, factory: Factory, engine: Engine) -> None:
    eve = await factory.connected("Eve")
    stranger = McpClient(client.http, eve.token)
    key = (await guest.client()).token
    for code in (guest.code, key, guest.code[4:], guest.code[4:20]):
        assert (await stranger.refusal("join_household", code=code))["code"] == "not_found"
        async with transaction(engine) as connection:
            with pytest.raises(Exception, match="used up"):
                await find_by_code(connection, code, system_clock())
    for token in (guest.code, key[:-1], key + "A", key.replace("slg_", "slk_"), guest.code.replace("sll_", "slg_")):
        assert (await McpClient(client.http, token, path=DOOR).send("tools/list")).status_code == 401
    assert len((await client.call("get_overview"))["members"]) == 1


@pytest.mark.proves("gu-ends")
async def test_an_ended_link_ends_its_keys_in_other_processes_at_once(
    client: McpClient, guest: Guest, settings: Settings
) -> None:
    """The other application has seen the key a moment ago, and no notification is waited for."""
    second = create_app(settings)
    async with second.router.lifespan_context(second), http_to(second, settings) as elsewhere:
        here = await guest.client()
        there = McpClient(elsewhere, here.token, path=DOOR)
        for each in (here, there):
            assert len((await each.call("list_items"))["items"]) == 2
        await client.call("update_member", person="Grandma", role="remove")
        for each in (there, here):
            assert (await each.send("tools/call", {"name": "list_items", "arguments": {}})).status_code == 401


@pytest.mark.proves("gu-ends")
async def test_a_link_works_until_its_time_and_not_longer(client: McpClient, engine: Engine, ada: Connected) -> None:
    async with open_for_service(engine, ada.household_id, write=False) as tenant:
        list_id = (await lists_numbered(tenant, [1]))[1].id
    late = Guest(client.http, await link_that_ends(engine, ada, list_id, timedelta(seconds=-1)))
    assert (await late.open()).status_code == 404
    soon = Guest(client.http, await link_that_ends(engine, ada, list_id, timedelta(minutes=1)))
    theirs = await soon.client()
    assert len((await theirs.call("list_items"))["items"]) == 2
    assert len(await links(engine, ada)) == 1


async def test_a_deleted_list_is_gone_for_the_key_too(client: McpClient, guest: Guest) -> None:
    theirs = await guest.client()
    await client.call("delete_list", list="L1", confirm_name="Groceries")
    assert (await theirs.send("tools/call", {"name": "list_items", "arguments": {}})).status_code == 401
    assert "guests" not in await client.call("get_overview")


async def test_calls_of_a_guest_are_limited_and_invented_keys_shut_out_nobody(
    client: McpClient, guest: Guest, settings: Settings, engine: Engine
) -> None:
    key = key_on(await guest.make_key())
    limited = create_app(settings.model_copy(update={"limits": True}))
    limited.state.endpoints._authenticator._guests._limiter._replaced = {
        UNKNOWN_KEYS: UNKNOWN_KEYS.at_rate(2),
        CALLS: CALLS.at_rate(4),
    }
    async with limited.router.lifespan_context(limited), http_to(limited, settings) as http:
        own = McpClient(http, key, path=DOOR)
        assert (await own.send("tools/list")).status_code == 200
        invented = [McpClient(http, "slg_" + str(number) * 43, path=DOOR) for number in range(4)]
        assert [(await each.send("tools/list")).status_code for each in invented] == [401, 401, 429, 429]
        assert [(await own.send("tools/list")).status_code for _ in range(4)] == [200, 200, 200, 429]


async def test_a_guest_can_not_do_what_a_batch_or_an_older_revision_would_let_pass(
    client: McpClient, guest: Guest
) -> None:
    theirs = await guest.client("2025-03-26")
    calls = [theirs.message("tools/call", {"name": tool.name, "arguments": ARGUMENTS[tool.name]}) for tool in TOOLS]
    answers = (await client.http.post(DOOR, json=calls, headers=theirs.headers("tools/call"))).json()
    told = str(answers)
    assert len(answers) == len(calls)
    assert "Hardware" not in told
    assert "saw" not in told
    assert "Ada" not in told
    assert len((await client.call("list_items", list="*"))["items"]) == 3


async def test_a_guest_hears_of_no_other_list(client: McpClient, guest: Guest) -> None:
    theirs = await guest.client()
    uri = (await theirs.result("resources/list"))["resources"][0]["uri"]
    household = uri.removesuffix("/lists/L1")
    for other in ("/lists", "/lists/L2", "/members", "/lists/L1.csv"):
        wanted = {"notifications": {"resourceSubscriptions": [household + other]}}
        with anyio.fail_after(SECONDS):
            answer = body_of(await theirs.send("subscriptions/listen", wanted))
        assert "no such resource" in answer["error"]["message"]


async def test_the_link_in_an_answer_works_and_names_only_the_list(client: McpClient) -> None:
    made = await client.call("invite_member", role="guest", name="Oma", list="Hardware", hours=1)
    page = await Guest(client.http, code_in(made["link"])).open()
    assert "saw" in page.text
    assert "milk" not in page.text


async def test_what_a_guest_bought_is_theirs_in_the_spending_also_when_the_link_has_ended(client: McpClient) -> None:
    guest = Guest(client.http, await share(client, can_tick=True))
    assert (await guest.tick("i1")).status_code == 303
    await client.call("update_member", person="Grandma", role="remove")
    told = [
        await client.call("get_spending", group_by="person"),
        await client.call("get_spending", show="purchases"),
        await client.call("get_spending", show="balances"),
        await client.call("fetch", id="i1"),
    ]
    for each in told:
        assert "Grandma (guest)" in str(each), each
        assert "someone who left" not in str(each)
