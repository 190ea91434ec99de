"""Looking at what a call did: its statuses, the order of a list, and the rows in the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.db import Engine, transaction
from tests.mcp.client import McpClient

MILK: dict[str, Any] = {
    "name": "milk",
    "quantity": 2,
    "unit": "l",
    "note": "fresh",
    "category": "Dairy",
    "store": "Market",
    "assignee": "Ada",
    "priority": "high",
    "price": 1.5,
    "repeat_every_days": 7,
}
"""An item with every detail, but for the day before which it waits."""


async def rows(engine: Engine, household_id: UUID, query: str) -> list[dict[str, Any]]:
    """The rows of a query in one household."""
    async with transaction(engine, household_id) as connection:
        return [dict(row) for row in (await connection.execute(text(query))).mappings()]


def statuses(answer: dict[str, Any]) -> list[str]:
    """What became of each entry of a call."""
    return [each["status"] for each in answer["results"]]


def errors(answer: dict[str, Any]) -> list[tuple[str, str] | None]:
    """The code and field of each entry's error."""
    found = [each.get("error") for each in answer["results"]]
    return [error and (error["code"], error.get("field")) for error in found]


async def names(client: McpClient, **arguments: Any) -> list[str]:
    """The names on a list, in its order."""
    return [item["name"] for item in (await client.call("list_items", **arguments))["items"]]


async def refs(client: McpClient, **arguments: Any) -> list[str]:
    """The refs on a list, in its order."""
    return [item["ref"] for item in (await client.call("list_items", **arguments))["items"]]
