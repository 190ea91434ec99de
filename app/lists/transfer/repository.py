"""A whole household in the database: read as records of JSON, stored, and deleted."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from app.db import Connection
from app.db.engine import Driver
from app.households.tenant import Tenant, deleted
from app.lists.models import GAP_BITS

PART: Final = 500
"""Records that are read or stored together."""

_AMOUNT: Final = "nullif(measure, 'none') AS measure, amount::text AS amount, unit"

_SECTIONS: Final = {
    "people": "SELECT no AS place, no, name FROM named_people",
    "lists": """
        SELECT no AS place, no, name, store, currency, to_jsonb(nullif(category_order, '{}')) AS category_order,
            archived_at, deleted_at
        FROM kept_lists""",
    "recipes": f"""
        SELECT no AS place, no, name, kind, servings, archived_at, source, steps, coalesce((
            SELECT jsonb_agg(to_jsonb(line) - 'position' ORDER BY position) FROM (
                SELECT name, note, {_AMOUNT}, position FROM recipe_lines
                WHERE household_id = $1 AND recipe_id = kept_recipes.id
            ) AS line), '[]') AS lines
        FROM kept_recipes""",  # noqa: S608
    "items": f"""
        SELECT kept_items.no AS place, kept_items.no, kept_lists.no AS list, kept_items.name, kept_items.position,
            nullif(variant, 0) AS variant, note, {_AMOUNT}, category, kept_items.store, assignees.no AS assignee,
            priority, price::text AS price, kept_recipes.no AS recipe, not_before, repeat_days, checked_at,
            checkers.no AS checked_by, kept_items.deleted_at
        FROM kept_items JOIN kept_lists ON kept_lists.id = kept_items.list_id
        LEFT JOIN kept_recipes ON kept_recipes.id = kept_items.recipe_id
        LEFT JOIN named_people AS assignees ON assignees.id = assignee_id
        LEFT JOIN named_people AS checkers ON checkers.id = checked_by""",  # noqa: S608
    "purchases": """
        SELECT row_number() OVER (ORDER BY bought_at, kept_items.no, purchases.id) AS place, kept_items.no AS item,
            purchases.name, purchases.store, nullif(purchases.measure, 'none') AS measure,
            purchases.amount::text AS amount, purchases.unit, purchases.price::text AS price, currency, bought_at,
            purchases.category, buyers.no AS bought_by, payers.no AS paid_by, place::text AS place_of_trip
        FROM purchases LEFT JOIN kept_items ON kept_items.id = purchases.item_id
        LEFT JOIN named_people AS buyers ON buyers.id = bought_by
        LEFT JOIN named_people AS payers ON payers.id = paid_by
        WHERE purchases.household_id = $1""",
    "settlements": """
        SELECT row_number() OVER (ORDER BY paid_at, payers.no, payees.no, amount, currency, settlements.id) AS place,
            payers.no AS payer, payees.no AS payee, amount::text AS amount, currency, paid_at
        FROM settlements JOIN named_people AS payers ON payers.id = payer
        JOIN named_people AS payees ON payees.id = payee
        WHERE settlements.household_id = $1""",
    "plan": """
        SELECT row_number() OVER (ORDER BY day, position, meal, words, kept_recipes.no, planned_meals.id) AS place,
            day, position, meal, kept_recipes.no AS recipe,
            CASE WHEN kept_recipes.no IS NULL THEN coalesce(words, '?') END AS words,
            planned_meals.servings
        FROM planned_meals LEFT JOIN kept_recipes ON kept_recipes.id = recipe_id
        WHERE planned_meals.household_id = $1""",
    "habits": """
        SELECT row_number() OVER (ORDER BY name_key COLLATE "C") AS place, name_key AS name, unit, category, store
        FROM habits WHERE household_id = $1""",
    "pantry": """
        SELECT row_number() OVER (ORDER BY name_key COLLATE "C") AS place, name_key AS key, name, have,
            nullif(measure, 'none') AS measure, amount::text AS amount, unit, expires, said_at
        FROM pantry WHERE household_id = $1""",
    "aisles": """
        SELECT row_number() OVER (ORDER BY store_key COLLATE "C", name_key COLLATE "C") AS place, store_key AS store,
            name_key AS name, mean_position, n AS trips
        FROM aisles WHERE household_id = $1""",
}
"""The records of each section, with their place in its file."""

_KEPT: Final = """
    WITH kept_items AS (
        SELECT items.* FROM items JOIN lists ON lists.household_id = $1 AND lists.id = items.list_id
        WHERE items.household_id = $1 AND (
            items.deleted_at IS NULL AND lists.deleted_at IS NULL
            OR EXISTS (SELECT FROM purchases WHERE purchases.household_id = $1 AND purchases.item_id = items.id))
    ), kept_lists AS (
        SELECT * FROM lists
        WHERE household_id = $1 AND (deleted_at IS NULL OR id IN (SELECT list_id FROM kept_items))
    ), kept_recipes AS (
        SELECT * FROM recipes WHERE household_id = $1 AND deleted_at IS NULL
    ), named_people AS (
        SELECT named.id, people.name, row_number() OVER (ORDER BY people.name COLLATE "C", named.id) AS no FROM (
            SELECT assignee_id AS id FROM kept_items UNION SELECT checked_by FROM kept_items
            UNION SELECT bought_by FROM purchases WHERE household_id = $1
            UNION SELECT paid_by FROM purchases WHERE household_id = $1
            UNION SELECT payer FROM settlements WHERE household_id = $1
            UNION SELECT payee FROM settlements WHERE household_id = $1
        ) AS named JOIN people ON people.id = named.id
    )
"""
"""What is exported: all that is on the lists, and what was removed as far as it was bought before."""


def _read_statement() -> str:
    branches = [
        f"SELECT {number}, place, jsonb_strip_nulls(to_jsonb(record) - 'place')::text FROM ({select}) AS record"  # noqa: S608
        for number, select in enumerate(_SECTIONS.values())
    ]
    return f"{_KEPT} {' UNION ALL '.join(branches)} ORDER BY 1, 2"


_READ: Final = _read_statement()


async def read_household(tenant: Tenant) -> AsyncGenerator[Sequence[tuple[str, str]]]:
    """Yield all records of a household in parts, each with its section, as they were at one time."""
    names = list(_SECTIONS)
    # Nothing is known of how long the parts in WITH are, so the planner would compare each purchase with each item.
    await tenant.driver.execute("SET LOCAL enable_nestloop = off")
    cursor = await tenant.driver.cursor(_READ, tenant.household_id)
    while rows := await cursor.fetch(PART):
        yield [(names[number], text) for number, _, text in rows]
    await tenant.driver.execute("SET LOCAL enable_nestloop = on")


async def settings_of(tenant: Tenant) -> Mapping[str, Any]:
    """Return the name and the settings of a household, and the names of its members."""
    row = await tenant.driver.fetchrow(
        """
        SELECT name, currency, locale, time_zone, ARRAY(
            SELECT people.name FROM memberships JOIN people ON people.id = memberships.person_id
            WHERE memberships.household_id = $1 ORDER BY memberships.joined_at, people.id) AS members
        FROM households WHERE id = $1
        """,
        tenant.household_id,
    )
    if row is None:
        raise deleted()
    return dict(row)


_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "lists": {
        "id": "uuid",
        "no": "integer",
        "name": "text",
        "name_key": "text",
        "store": "text",
        "currency": "text",
        "category_order": "text[]",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "rev": "bigint",
    },
    "recipes": {
        "id": "uuid",
        "no": "integer",
        "name": "text",
        "name_key": "text",
        "kind": "text",
        "servings": "integer",
        "archived_at": "timestamptz",
        "source": "text",
        "steps": "text",
        "rev": "bigint",
    },
    "recipe_lines": {
        "recipe_id": "uuid",
        "position": "smallint",
        "name": "text",
        "note": "text",
        "measure": "text",
        "amount": "numeric",
        "unit": "text",
    },
    "items": {
        "id": "uuid",
        "list_id": "uuid",
        "no": "integer",
        "name": "text",
        "name_key": "text",
        "note": "text",
        "measure": "text",
        "amount": "numeric",
        "unit": "text",
        "variant": "smallint",
        "category": "text",
        "store": "text",
        "assignee_id": "uuid",
        "priority": "text",
        "price": "numeric",
        "recipe_id": "uuid",
        "not_before": "date",
        "repeat_days": "integer",
        "position": "bigint",
        "rev": "bigint",
        "checked_at": "timestamptz",
        "checked_by": "uuid",
        "deleted_at": "timestamptz",
    },
    "purchases": {
        "id": "uuid",
        "item_id": "uuid",
        "name": "text",
        "name_key": "text",
        "store": "text",
        "store_key": "text",
        "measure": "text",
        "amount": "numeric",
        "unit": "text",
        "price": "numeric",
        "currency": "text",
        "bought_at": "timestamptz",
        "bought_by": "uuid",
        "place": "numeric",
        "event_no": "integer",
        "category": "text",
        "paid_by": "uuid",
    },
    "settlements": {
        "id": "uuid",
        "payer": "uuid",
        "payee": "uuid",
        "amount": "numeric",
        "currency": "text",
        "paid_at": "timestamptz",
    },
    "planned_meals": {
        "id": "uuid",
        "day": "date",
        "position": "integer",
        "meal": "text",
        "recipe_id": "uuid",
        "words": "text",
        "servings": "integer",
    },
    "habits": {"name_key": "text", "unit": "text", "category": "text", "store": "text", "rev": "bigint"},
    "pantry": {
        "name_key": "text",
        "name": "text",
        "have": "boolean",
        "measure": "text",
        "amount": "numeric",
        "unit": "text",
        "expires": "date",
        "said_at": "timestamptz",
        "rev": "bigint",
    },
    "aisles": {"store_key": "text", "name_key": "text", "mean_position": "double precision", "n": "integer"},
}
"""The columns that are stored, with their SQL types."""


async def insert_rows(driver: Driver, household_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows of a table of a household, by name of the column."""
    columns = _COLUMNS[table]
    names = ", ".join(columns)
    types = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    values = ", ".join("coalesce(category_order, '{}')" if name == "category_order" else name for name in columns)
    statement = f"""
        INSERT INTO {table} (household_id, {names})
        SELECT $1, {values} FROM jsonb_to_recordset($2::text::jsonb) AS given({types})
    """  # noqa: S608
    await driver.execute(statement, household_id, to_json(rows).decode())


async def finish_lists(driver: Driver, household_id: UUID) -> None:
    """Count what is on the lists of a household whose items are stored, and continue its numbers behind theirs."""
    await driver.execute(
        """
        UPDATE lists SET
            open_items = (SELECT count(*) FROM items WHERE items.household_id = $1 AND items.list_id = lists.id
                AND items.deleted_at IS NULL AND items.checked_at IS NULL),
            checked_items = (SELECT count(*) FROM items WHERE items.household_id = $1 AND items.list_id = lists.id
                AND items.deleted_at IS NULL AND items.checked_at IS NOT NULL)
        WHERE household_id = $1
        """,
        household_id,
    )
    await driver.execute(
        """
        UPDATE clocks SET rev = 1,
            next_list = (SELECT coalesce(max(no), 0) + 1 FROM lists WHERE household_id = $1),
            next_item = (SELECT coalesce(max(greatest(no, position >> $2::integer)), 0) + 1 FROM items
                WHERE household_id = $1)
        WHERE household_id = $1
        """,
        household_id,
        GAP_BITS,
    )


TABLES: Final = (
    "pantry",
    "planned_meals",
    "purchases",
    "settlements",
    "aisles",
    "departures",
    "habits",
    "items",
    "lists",
    "recipe_lines",
    "recipes",
    "events",
    "clocks",
)
"""The tenant tables, each before those that it refers to."""

_OF_HOUSEHOLD: Final = ("invitations", "guest_links", "memberships")
"""The global tables of a household but for `households`; those of the authorization server are its own matter."""


async def delete_rows(connection: Connection, household_id: UUID) -> None:
    """Delete a household with everything that belongs to it. The transaction must have been opened for it."""
    for table in (*TABLES, *_OF_HOUSEHOLD):
        await connection.exec_driver_sql(f"DELETE FROM {table} WHERE household_id = $1", (household_id,))  # noqa: S608
    await connection.exec_driver_sql("DELETE FROM households WHERE id = $1", (household_id,))
