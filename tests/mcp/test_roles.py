"""Every tool as an owner, an editor, a guest, and somebody who was removed.

Strangers and viewers are tried one tool at a time in test_tenancy.py, and guests with anything they might send in
test_guest_reach.py.
"""

from typing import Final

import pytest

from app.db import Engine, transaction
from app.households.members import leave
from app.households.models import Role
from app.runtime.clock import system_clock
from tests.factory import Connected, Factory
from tests.guests import Guest, share
from tests.mcp.client import McpClient, body_of
from tests.mcp.test_tenancy import ARGUMENTS, everything

pytestmark = pytest.mark.anyio

REFUSED: Final = {
    "owner": {"join_household": "not_found"},
    "editor": {"join_household": "not_found", "update_member": "role", "save_household": "role"},
}
"""The code of the refusal, by role and tool; every other call is answered. Nobody was given the code of an invitation.
"""


@pytest.fixture
async def filled(client: McpClient) -> McpClient:
    """A client of Ada, who has something for each call of `ARGUMENTS`."""
    await client.call("add_items", items=["soap"])
    await client.call("save_list", name="Hardware")
    await client.call("save_recipe", name="Soup", items=["1 l stock"])
    return client


async def outcome(who: McpClient, tool: str) -> str | None:
    """The code of what a call is refused with; None for one that is answered."""
    result = await who.result("tools/call", {"name": tool, "arguments": ARGUMENTS[tool]})
    if not result["isError"]:
        return None
    return (await who.refusal(tool, **ARGUMENTS[tool]))["code"]


@pytest.mark.parametrize("role", ["owner", "editor"])
async def test_each_role_may_do_what_it_is_for(factory: Factory, ada: Connected, filled: McpClient, role: Role) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, role)
    theirs = McpClient(filled.http, (await factory.connect(bob, ada.household_id)).token)
    expected = {**dict.fromkeys(ARGUMENTS), **REFUSED[role]}
    expected["undo"] = "conflict"  # with what the calls before it did
    assert {tool: await outcome(theirs, tool) for tool in ARGUMENTS} == expected


async def test_who_was_removed_may_do_nothing(
    factory: Factory, engine: Engine, ada: Connected, filled: McpClient
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    theirs = McpClient(filled.http, (await factory.connect(bob, ada.household_id)).token)
    await theirs.call("list_items")
    async with transaction(engine) as connection:
        await leave(connection, ada.household_id, bob.id, system_clock(), by=ada.person.id)
    later = McpClient(filled.http, (await factory.connect(bob, ada.household_id)).token)
    before = await everything(filled)
    for tool, arguments in ARGUMENTS.items():
        response = await later.send("tools/call", {"name": tool, "arguments": arguments})
        assert response.status_code == 401, tool
    assert await everything(filled) == before


async def test_a_guest_may_look_at_one_list(filled: McpClient) -> None:
    guest = await Guest(filled.http, await share(filled, can_tick=True)).client()
    before = await everything(filled)
    for tool, arguments in ARGUMENTS.items():
        response = await guest.send("tools/call", {"name": tool, "arguments": arguments})
        answered = "result" in body_of(response)
        assert answered == (tool == "list_items"), tool
        elsewhere = McpClient(guest.http, guest.token)
        assert (await elsewhere.send("tools/call", {"name": tool, "arguments": arguments})).status_code == 401
    assert await everything(filled) == before
