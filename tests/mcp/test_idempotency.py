"""How long an idempotency key is remembered, and for whom."""

from typing import Any

import httpx
import pytest
from sqlalchemy import delete, text
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.households.tables import memberships
from app.pubsub import MembersChanged
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def age(engine: Engine, ada: Connected, by: str) -> None:
    """Let every call of the household have been made that much earlier."""
    async with transaction(engine, ada.household_id) as connection:
        await connection.execute(text(f"UPDATE events SET at = at - interval '{by}'"))


async def add(client: McpClient, *items: str) -> str:
    """The quantity of the one line after adding to it with the key `once`."""
    added = await client.call("add_items", items=items, idempotency_key="once")
    return added["results"][0]["quantity"]


async def test_a_key_is_remembered_for_a_day(client: McpClient, engine: Engine, ada: Connected) -> None:
    assert await add(client, "2 milk") == "2"
    await age(engine, ada, "23 hours 50 minutes")
    assert await add(client, "2 milk") == "2"


async def test_a_key_older_than_a_day_is_forgotten_and_holds_for_its_new_call(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    assert await add(client, "2 milk") == "2"
    await age(engine, ada, "24 hours 1 second")
    assert await add(client, "3 milk") == "5", "also with other arguments"
    assert await add(client, "3 milk") == "5"
    assert (await client.call("list_items"))["items"][0]["quantity"] == 5


async def test_a_key_older_than_a_day_is_forgotten_also_by_a_call_that_then_fails(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await add(client, "2 milk")
    await age(engine, ada, "25 hours")
    refusal = await client.refusal("add_items", items=["milk"], list="Nowhere", idempotency_key="once")
    assert refusal["code"] == "not_found"
    assert await add(client, "3 milk") == "5"


@pytest.mark.proves("""handles-bound SHOULD MCP security_best_practices (State Handle Hijacking)
    Stored state is keyed by the authenticated party.
    Here: Idempotency answers are keyed by household and grant; refs are numbers within a household by choice, so that
    people can say them.""")
async def test_one_key_under_two_grants_of_a_person_is_two_calls(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    phone = McpClient(client.http, (await factory.connect(ada.person, ada.household_id)).token)
    assert await add(client, "2 milk") == "2"
    assert await add(phone, "2 milk") == "4"
    assert await add(client, "2 milk") == "2", "each is answered what it was answered first"
    assert await add(phone, "2 milk") == "4"
    assert (await client.call("list_items"))["items"][0]["quantity"] == 4


@pytest.mark.proves("""rs-idempotency-after-loss MUST own rule
    A kept answer is not given again after its household was lost.
    Here: A key is looked up only inside a household that is proven at that moment.""")
async def test_an_answer_kept_for_a_repeated_call_is_lost_with_the_household(
    app: Starlette, http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    eve, own = await factory.person("Eve")
    await factory.join(eve, ada.household_id, "editor")
    both = await factory.connect(eve, own, ada.household_id)
    client = McpClient(http, both.token)
    (other,) = (await client.call("get_overview"))["other_households"]
    call: dict[str, Any] = {"items": ["secret gift"], "household": other["ref"], "idempotency_key": "once"}
    await client.call("add_items", **call)
    left = delete(memberships).where(memberships.c.person_id == eve.id, memberships.c.household_id == ada.household_id)
    async with transaction(factory.engine) as connection:
        await connection.execute(left)
    app.state.pubsub.publish(MembersChanged(ada.household_id))
    refused = await client.refusal("add_items", **call)
    assert refused["code"] == "not_found"
    assert "secret gift" not in str(refused)
