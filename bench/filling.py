"""Fill databases with SQL, because the tools would take too long; run as the superuser, who sees every row."""

from collections.abc import Sequence
from typing import Final

import jwt

from app.db.engine import connect
from bench.plan import OPEN_ITEMS

# Items as the service would have stored "2 kg stored 17".
_ITEMS: Final = """
    WITH filled AS (
        UPDATE lists SET {state}_items = {items} WHERE household_id IN ({households}) RETURNING household_id, id
    )
    INSERT INTO items
        (household_id, id, list_id, no, name, name_key, measure, amount, unit, position, rev, checked_at)
    SELECT l.household_id, gen_random_uuid(), l.id, g, 'stored ' || g, 'stored ' || g, 'mass', 2000, 'kg',
           g::bigint << 20, 1, CASE WHEN '{state}' = 'checked' THEN now() END
    FROM filled l CROSS JOIN generate_series(1, {items}) g
"""
_CLOCKS: Final = """
    UPDATE clocks SET rev = 1, next_item = {next_item} WHERE household_id IN ({households})
"""
_NEWCOMERS: Final = "SELECT id FROM newcomers"
_CHOSEN: Final = "SELECT household_id FROM grant_households WHERE grant_id = ANY ($1::uuid[])"
_HOUSEHOLDS: Final = (
    "CREATE TEMPORARY TABLE newcomers AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, {households}) n",
    "INSERT INTO people (id, issuer, subject, name) SELECT id, 'bench', id::text, 'Anna' FROM newcomers",
    "INSERT INTO households (id, ref, name) SELECT id, 'bench' || n, 'Anna''s household' FROM newcomers",
    "INSERT INTO memberships (household_id, person_id, role) SELECT id, id, 'owner' FROM newcomers",
    "INSERT INTO clocks (household_id, next_list) SELECT id, 2 FROM newcomers",
    """
    INSERT INTO lists (household_id, id, no, name, name_key, rev)
    SELECT id, gen_random_uuid(), 1, 'Groceries', 'groceries', 1 FROM newcomers
    """,
    """
    INSERT INTO grants (id, kind, person_id, client_id, client, scopes, resource, created_at)
    SELECT id, 'consent', id, 'bench', '{{}}', '{{lists:write}}', 'bench', now() FROM newcomers
    """,
    "INSERT INTO grant_households (grant_id, household_id, is_default) SELECT id, id, true FROM newcomers",
    """
    INSERT INTO events (household_id, no, person_id, client_id, grant_id, kind, list_id, rev, changes)
    SELECT p.id, g, p.id, 'bench', p.id, 'add_items', l.id, 1, '[]'
    FROM newcomers p JOIN lists l ON l.household_id = p.id CROSS JOIN generate_series(1, 5) g
    """,
    "UPDATE clocks SET next_event = 6 WHERE household_id IN (SELECT id FROM newcomers)",
)


async def add_households(superuser_url: str, households: int) -> None:
    """Add households, each with a person, a grant, some events and a list of 50 open items."""
    connection = await connect(superuser_url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0")
            for each in _HOUSEHOLDS:
                await connection.execute(each.format(households=households), timeout=300)
            await connection.execute(_ITEMS.format(items=OPEN_ITEMS, households=_NEWCOMERS, state="open"), timeout=300)
            await connection.execute(_CLOCKS.format(next_item=OPEN_ITEMS + 1, households=_NEWCOMERS))
    finally:
        await connection.close()


async def lengthen_lists(
    superuser_url: str, tokens: Sequence[str], items: int, next_item: int, *, checked: bool = False
) -> None:
    """Fill the empty list behind each token with open or checked items; `next_item` is the number of the next item."""
    grants = [jwt.decode(token, options={"verify_signature": False})["gid"] for token in tokens]
    connection = await connect(superuser_url)
    try:
        async with connection.transaction():
            filling = _ITEMS.format(items=items, households=_CHOSEN, state="checked" if checked else "open")
            await connection.execute(filling, grants, timeout=300)
            await connection.execute(_CLOCKS.format(next_item=next_item, households=_CHOSEN), grants)
    finally:
        await connection.close()


async def gather_statistics(owner_url: str) -> str:
    """Update the planner's statistics, so that an automatic ANALYZE changes no plan between two rounds.

    Returns the version of PostgreSQL.
    """
    connection = await connect(owner_url)
    try:
        await connection.execute("VACUUM ANALYZE", timeout=300)
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()
