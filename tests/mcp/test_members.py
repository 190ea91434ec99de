"""The tools about the household: inviting, joining, roles, and its settings."""

from base64 import b64decode
from typing import Any

import httpx
import pytest

from app.db import Engine, transaction
from app.errors import NotFound
from app.households.invitations import accept
from app.households.members import leave
from app.households.models import Role
from app.households.repository import members_of, memberships_of
from app.households.tenant import Actor, open_tenant
from app.mcp.tools.get_overview import Arguments, get_overview
from app.runtime.clock import system_clock
from app.scopes import LISTS_READ, LISTS_WRITE
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bob(factory: Factory, ada: Connected) -> Connected:
    """An editor of Ada's household, with a client connected to it."""
    return await connected(factory, ada, "Bob", "editor")


async def connected(factory: Factory, ada: Connected, name: str, role: Role) -> Connected:
    """A member of Ada's household, with a client connected to it."""
    person, _ = await factory.person(name)
    await factory.join(person, ada.household_id, role)
    return await factory.connect(person, ada.household_id)


async def said(client: McpClient, tool: str, **arguments: Any) -> str:
    """The sentence of an answer."""
    result = await client.result("tools/call", {"name": tool, "arguments": arguments})
    return result["content"][1]["text"]


async def roles(engine: Engine, ada: Connected) -> dict[str, str]:
    async with transaction(engine) as connection:
        return {each.name: each.role for each in await members_of(connection, ada.household_id)}


async def test_an_invitation_has_a_link_a_code_and_a_drawing(
    each_era: McpClient, engine: Engine, factory: Factory, ada: Connected, settings: Settings
) -> None:
    result = await each_era.result("tools/call", {"name": "invite_member", "arguments": {"role": "viewer"}})
    made = result["structuredContent"]
    assert made["link"] == f"{settings.public_url}/join?code={made['code']}"
    assert (made["role"], made["uses"]) == ("viewer", 1)
    text, words, drawing = result["content"]
    assert made["code"] in text["text"]
    assert made["link"] in words["text"]
    assert drawing["mimeType"] == "image/png"
    assert b64decode(drawing["data"]).startswith(b"\x89PNG")
    eve, _ = await factory.person("Eve")
    async with transaction(engine) as connection:
        await accept(connection, made["code"], eve.id, system_clock())
    assert (await roles(engine, ada))["Eve"] == "viewer"


async def test_the_same_call_again_makes_another_invitation_and_keeps_none(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    """The answer of a call with an idempotency key is kept, and a code must not be."""
    refusal = await client.refusal("invite_member", idempotency_key="k")
    assert refusal["field"] == "idempotency_key"
    codes = {(await client.call("invite_member"))["code"] for _ in range(3)}
    assert len(codes) == 3


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"role": "owner"}, "role"), ({"hours": 0}, "hours"), ({"hours": 721}, "hours"), ({"uses": 21}, "uses")],
)
async def test_an_invitation_that_can_not_be_is_refused_by_name(
    client: McpClient, arguments: dict[str, Any], field: str
) -> None:
    assert (await client.refusal("invite_member", **arguments))["field"] == field


async def test_a_code_shows_what_it_invites_to_and_where_but_joins_nothing(
    client: McpClient, engine: Engine, ada: Connected, factory: Factory, settings: Settings, http: httpx.AsyncClient
) -> None:
    code = (await client.call("invite_member"))["code"]
    eve = await factory.connected("Eve")
    shown = await McpClient(http, eve.token).call("join_household", code=code.lower().replace("-", " "))
    assert (shown["household_name"], shown["invited_by"], shown["role"]) == ("Ada's household", "Ada", "editor")
    assert shown["link"] == f"{settings.public_url}/join?code={code}"
    assert "Eve" not in await roles(engine, ada)
    refusal = await McpClient(http, eve.token).refusal("join_household", code="K7QM")
    assert (refusal["code"], refusal["field"]) == ("not_found", "code")


async def test_an_owner_changes_roles_and_removes_and_it_holds_at_once(
    client: McpClient, bob: Connected, http: httpx.AsyncClient, engine: Engine, ada: Connected
) -> None:
    theirs = McpClient(http, bob.token)
    await theirs.call("add_items", items=["milk"])
    answer = await client.call("update_member", person="bob", role="viewer")
    assert (answer["person"], answer["was"], answer["role"]) == ("Bob", "editor", "viewer")
    assert (await theirs.refusal("add_items", items=["tea"]))["code"] == "role"
    await client.call("update_member", person=answer["ref"], role="editor")
    await theirs.call("add_items", items=["tea"])
    answer = await client.call("update_member", person="Bob", role="remove")
    assert "role" not in answer
    assert (await theirs.send("tools/list")).status_code == 401
    assert await roles(engine, ada) == {"Ada": "owner"}


@pytest.mark.parametrize("role", ["editor", "viewer"])
async def test_everybody_can_leave_and_change_nobody_else(
    factory: Factory, ada: Connected, http: httpx.AsyncClient, engine: Engine, role: Role
) -> None:
    who = McpClient(http, (await connected(factory, ada, "Carl", role)).token)
    for arguments in ({"person": "Ada", "role": "remove"}, {"person": "me", "role": "owner"}):
        assert (await who.refusal("update_member", **arguments))["code"] == "role"
    for tool, arguments in (("invite_member", {}), ("save_household", {"name": "Mine"})):
        assert (await who.refusal(tool, **arguments))["code"] == "role"
    await who.call("update_member", person="me", role="remove")
    assert await roles(engine, ada) == {"Ada": "owner"}


async def test_who_leaves_with_a_narrower_token_is_told_the_scope_and_stays(
    factory: Factory, ada: Connected, http: httpx.AsyncClient, engine: Engine
) -> None:
    person, _ = await factory.person("Carl")
    await factory.join(person, ada.household_id, "editor")
    narrow = McpClient(http, (await factory.connect(person, ada.household_id, scopes=(LISTS_READ, LISTS_WRITE))).token)
    refused = await narrow.send(
        "tools/call", {"name": "update_member", "arguments": {"person": "me", "role": "remove"}}
    )
    assert refused.status_code == 403
    assert 'scope="lists:read lists:write household:manage"' in refused.headers["www-authenticate"]
    told = refused.json()["error_description"]
    assert told.startswith("This needs the scope household:manage. ")
    assert "An API key needs another key" in told
    assert (await roles(engine, ada))["Carl"] == "editor"


async def test_the_only_owner_stays_one(client: McpClient, bob: Connected, engine: Engine, ada: Connected) -> None:
    for role in ("editor", "remove"):
        assert (await client.refusal("update_member", person="me", role=role))["code"] == "conflict"
    assert await roles(engine, ada) == {"Ada": "owner", "Bob": "editor"}


async def test_members_of_one_name_are_told_apart_by_ref(
    client: McpClient, factory: Factory, ada: Connected, engine: Engine
) -> None:
    for _ in range(2):
        await connected(factory, ada, "Bob", "editor")
    refusal = await client.refusal("update_member", person="Bob", role="viewer")
    assert (refusal["code"], refusal["field"]) == ("ambiguous", "person")
    ref = refusal["candidates"][0].partition("(")[2].rstrip(")")
    await client.call("update_member", person=ref, role="viewer")
    async with transaction(engine) as connection:
        found = await members_of(connection, ada.household_id)
    assert {each.ref: each.role for each in found if each.name == "Bob"}[ref] == "viewer"
    refusal = await client.refusal("update_member", person="Nobody", role="viewer")
    assert (refusal["code"], len(refusal["candidates"])) == ("not_found", 3)


async def test_a_household_is_renamed_for_every_member_at_once(
    client: McpClient, bob: Connected, http: httpx.AsyncClient
) -> None:
    theirs = McpClient(http, bob.token)
    assert (await theirs.call("get_overview"))["household"]["name"] == "Ada's household"
    given = {"name": "  Home ", "currency": "chf", "locale": "de", "time_zone": "Europe/Zurich"}
    saved = await client.call("save_household", **given)
    assert [saved[each] for each in (*given, "status")] == ["Home", "CHF", "de", "Europe/Zurich", "changed"]
    assert (await theirs.call("get_overview"))["household"]["name"] == "Home"


async def test_who_is_removed_while_their_call_waits_is_told_so(engine: Engine, ada: Connected, bob: Connected) -> None:
    """What is cached of memberships is younger than two seconds, but may be older than a removal."""
    async with transaction(engine) as connection:
        cached = (await memberships_of(connection, bob.person.id))[-1]
        await leave(connection, ada.household_id, bob.person.id, system_clock(), by=ada.person.id)
    actor = Actor(bob.person.id, "app", bob.grant_id, (cached,), cached.household_id)
    async with open_tenant(engine, actor, None, write=False) as tenant:
        with pytest.raises(NotFound, match="no longer"):
            await get_overview(tenant, Arguments())


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"currency": "XXX"}, "currency"),
        ({"locale": "tlh"}, "locale"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"create": True}, "name"),
        ({"create": True, "name": "Cabin", "currency": "XXX"}, "currency"),
    ],
)
async def test_a_setting_that_can_not_be_is_refused_by_name_and_changes_nothing(
    client: McpClient, engine: Engine, ada: Connected, arguments: dict[str, Any], field: str
) -> None:
    assert (await client.refusal("save_household", **arguments))["field"] == field
    async with transaction(engine) as connection:
        found = await memberships_of(connection, ada.person.id)
    assert [(each.name, each.currency) for each in found] == [("Ada's household", "EUR")]


async def test_another_household_is_made_once_with_a_list_of_its_own(
    client: McpClient, engine: Engine, factory: Factory, ada: Connected, http: httpx.AsyncClient
) -> None:
    await client.call("add_items", items=["milk"])
    sent: dict[str, Any] = {"name": "Cabin", "create": True, "currency": "SEK", "idempotency_key": "cabin"}
    made = await client.call("save_household", **sent)
    assert await client.call("save_household", **sent) == made
    assert (made["status"], made["currency"]) == ("created", "SEK")
    assert "can't see" in made["note"]
    assert "other_households" not in await client.call("get_overview"), "no grant is widened"
    async with transaction(engine) as connection:
        found = {each.name: each for each in await memberships_of(connection, ada.person.id)}
    assert found["Cabin"].role == "owner"
    there = McpClient(http, (await factory.connect(ada.person, found["Cabin"].household_id)).token)
    shown = await there.call("get_overview")
    assert [(each["name"], each["open"]) for each in shown["lists"]] == [("Groceries", 0)]
    await there.call("add_items", items=["wood"])
    assert [each["name"] for each in (await client.call("list_items"))["items"]] == ["milk"]


async def test_without_the_scope_nobody_manages(factory: Factory, http: httpx.AsyncClient) -> None:
    person, household_id = await factory.person("Dora")
    limited = await factory.connect(person, household_id, scopes=(LISTS_READ, LISTS_WRITE))
    who = McpClient(http, limited.token)
    for tool, arguments in (
        ("invite_member", {}),
        ("update_member", {"person": "me", "role": "owner"}),
        ("save_household", {"name": "Mine"}),
    ):
        refused = await who.send("tools/call", {"name": tool, "arguments": arguments})
        assert refused.status_code == 403, tool
        assert "household:manage" in refused.headers["www-authenticate"]


async def test_people_read_names_and_the_times_of_their_household(client: McpClient, bob: Connected) -> None:
    await client.call("save_household", time_zone="Pacific/Auckland")
    invited = await client.call("invite_member")
    assert invited["expires_at"].endswith(("+12:00", "+13:00"))
    words = await said(client, "join_household", code=invited["code"])
    assert words.startswith("Ada invites to Ada's household, as editor. The person accepts it at http")
    day = invited["expires_at"][:10]
    shared = await said(client, "invite_member", role="guest", name="Grandma", hours=48)
    assert shared.startswith(f"Link for a guest to Groceries, until {day} ")
    assert await said(client, "update_member", person="Bob", role="owner") == "Bob is owner now (was editor)."
    assert await said(client, "update_member", person="Bob", role="remove") == "Bob has no access any more (was owner)."
