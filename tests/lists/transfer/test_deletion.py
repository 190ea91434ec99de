"""Calls in a household that another process has deleted, before this one has heard of it."""

from typing import Any

import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.lists.transfer.repository import TABLES
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.test_tenancy import ARGUMENTS

pytestmark = pytest.mark.anyio


async def delete_unheard(engine: Engine, household_id: Any) -> None:
    """Delete what a household has, without telling anybody."""
    async with transaction(engine, household_id, write=True) as connection:
        for table in TABLES:
            await connection.execute(text(f"DELETE FROM {table}"))  # row-level security has the household


@pytest.mark.parametrize("idempotency_key", [None, "a"])
async def test_who_writes_in_a_household_that_is_gone_is_told_so(
    client: McpClient, engine: Engine, ada: Connected, idempotency_key: str | None
) -> None:
    key = {} if idempotency_key is None else {"idempotency_key": idempotency_key}
    await client.call("add_items", items=["tea"])
    await delete_unheard(engine, ada.household_id)
    for items in (["milk"], ["milk", "bread"]):
        refused = await client.refusal("add_items", items=items, **key)
        assert (refused["code"], refused["message"]) == ("not_found", "This household was deleted.")


@pytest.mark.parametrize("tool", sorted(ARGUMENTS))
async def test_no_tool_fails_in_a_household_that_is_gone(
    client: McpClient, engine: Engine, ada: Connected, tool: str
) -> None:
    await client.call("add_items", items=["tea"])
    await delete_unheard(engine, ada.household_id)
    response = await client.send("tools/call", {"name": tool, "arguments": ARGUMENTS[tool]})
    assert response.status_code == 200
    assert "Something went wrong" not in response.text, response.text
