"""Adding in the database: what an add has to know, and new items stored in one message with their event."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from app.db.engine import CONTEXT, IN_CONTEXT
from app.db.transactions import WRITE_CONTEXT, Rows
from app.households.tenant import ProvenHousehold, Tenant, deleted
from app.lists.items.expectations import Expected
from app.lists.items.fields import Item
from app.lists.items.habit_repository import HABIT_COLUMNS
from app.lists.items.habits import Habit
from app.lists.items.repository import ITEM_COLUMNS, item_of, refuse_too_many_lines
from app.lists.items.save_repository import GIVEN_COLUMNS, GIVEN_TYPES, rows_as_json, scalars_of
from app.lists.models import ITEMS_PER_LIST, LINES_LOOKED_AT, LINES_PER_CALL, ShoppingList
from app.lists.repository import (
    CLOCK_COLUMNS,
    CLOCK_WIDTH,
    DEFAULT,
    LIST_COLUMNS,
    LIST_WIDTH,
    NAMED,
    Clock,
    list_of,
)
from app.lists.resolve_list import list_key, resolve_list
from app.runtime.batches import map_in_batches


@dataclass(frozen=True, slots=True)
class AddSituation:
    """What an add finds: the clock of this change, the list (None when there is none), its items of these names, in the
    list's order (all open ones, and the latest checked ones), and what is remembered of the names."""

    clock: Clock
    on: ShoppingList | None
    alike: list[Item]
    habits: Mapping[str, Habit]


def _found(which: str, keys: str, in_context: str) -> str:
    return f"""
        clock AS (
            SELECT {CLOCK_COLUMNS} FROM clocks WHERE {in_context} AND household_id = $1
        ), target AS (
            SELECT {LIST_COLUMNS} FROM lists WHERE {in_context} AND {which}
        ), alike AS (
            SELECT alike.* FROM target, unnest({keys}::text[]) AS searched(name_key), LATERAL (
                SELECT {ITEM_COLUMNS} FROM items
                WHERE {in_context} AND items.household_id = $1 AND items.list_id = target.id
                  AND items.name_key = searched.name_key AND items.deleted_at IS NULL
                ORDER BY items.checked_at DESC NULLS FIRST LIMIT {LINES_LOOKED_AT}
            ) AS alike
        )"""  # noqa: S608


def _remembered(keys: str, in_context: str) -> str:
    """Return the FROM and WHERE of what is remembered of the names."""
    return f"FROM habits WHERE {in_context} AND habits.household_id = $1 AND habits.name_key = ANY({keys}::text[])"


def _result(keys: str, in_context: str, most: str = str(LINES_PER_CALL + 1), *, unless: str = "false") -> str:
    """Return what `_situation` reads, beside the first column: at most so many rows, of which one has what is
    remembered, unless a condition is true."""
    return f"""
        CASE WHEN {unless} THEN NULL WHEN alike.no IS NOT DISTINCT FROM (SELECT min(no) FROM alike) THEN (
            SELECT jsonb_agg(jsonb_build_array({HABIT_COLUMNS}))::text {_remembered(keys, in_context)}) END,
        clock.*, target.*, alike.* FROM clock LEFT JOIN target ON true LEFT JOIN alike ON true
        ORDER BY alike.position, alike.no LIMIT {most}
    """  # noqa: S608


def _read_statement(which: str, keys: str, most: str = str(LINES_PER_CALL + 1), *, alone: bool) -> str:
    context, in_context = (f"{CONTEXT}, ", IN_CONTEXT) if alone else ("", "true")
    return f"WITH {context}{_found(which, keys, in_context)} SELECT false, {_result(keys, in_context, most)}"


def _insert_statement(which: str, first: int, *, single: bool, remembered: bool) -> str:
    """Return the statement that stores new items and their event if what was expected is true: also that so much is
    `remembered` of the names, or nothing.

    The first column of its rows is whether everything was stored. Whatever is written hangs on the clock's new
    revision, by way of the list: a step that is left out leaves out what follows.
    """
    names = [
        *("keys", "list_id", "list_name", "rev", "next_item", "event_no", "count"),
        *("person", "client", "grant", "changes"),
    ]
    names += ["habits"] if remembered else []
    given = {name: f"${first + number}" for number, name in enumerate(names)}
    known = _remembered(given["keys"], IN_CONTEXT)
    as_expected = f"NOT EXISTS (SELECT {known})"
    if remembered:
        as_expected = f"(SELECT jsonb_object_agg(name_key, rev) {known}) = {given['habits']}::text::jsonb"
    are_saved = f"(SELECT count(*) FROM saved) = {given['count']}"  # noqa: S608
    after = first + len(names)
    if single:
        kinds = GIVEN_TYPES.values()
        values = ", ".join(f"${after + number}::{kind}" for number, kind in enumerate(kinds))
        new = f"SELECT $1::uuid, stamped.rev, {values} FROM stamped, recorded"  # noqa: S608
    else:
        types = ", ".join(f"{column} {kind}" for column, kind in GIVEN_TYPES.items())
        new = f"""
            SELECT $1::uuid, stamped.rev, given.* FROM stamped, recorded,
                jsonb_to_recordset(${after}::text::jsonb) AS given({types})"""  # noqa: S608
    return f"""
        WITH {WRITE_CONTEXT}, {_found(which, given["keys"], IN_CONTEXT)}, swapped AS (
            UPDATE clocks SET rev = clocks.rev + 1, next_item = {given["next_item"]}::integer,
                next_event = {given["event_no"]}::integer + 1
            FROM target
            WHERE {IN_CONTEXT} AND clocks.household_id = $1 AND clocks.rev = {given["rev"]}
              AND clocks.next_event = {given["event_no"]}
              AND target.id = {given["list_id"]} AND target.name = {given["list_name"]}
              AND target.open_items + target.checked_items + {given["count"]}::integer <= {ITEMS_PER_LIST}
              AND NOT EXISTS (SELECT FROM alike)
              AND {as_expected}
            RETURNING clocks.rev
        ), stamped AS (
            UPDATE lists SET rev = swapped.rev, open_items = lists.open_items + {given["count"]}
            FROM swapped WHERE {IN_CONTEXT} AND lists.household_id = $1 AND lists.id = {given["list_id"]}
            RETURNING lists.id, lists.rev
        ), recorded AS (
            INSERT INTO events (household_id, no, rev, person_id, client_id, grant_id, kind, list_id, changes)
            SELECT $1, {given["event_no"]}, stamped.rev, {given["person"]}, {given["client"]}, {given["grant"]},
                'add_items', stamped.id, {given["changes"]}::text::jsonb
            FROM stamped RETURNING no
        ), saved AS (
            INSERT INTO items (household_id, rev, {", ".join(GIVEN_COLUMNS)}) {new} RETURNING no
        )
        SELECT {are_saved}, {_result(given["keys"], IN_CONTEXT, unless=are_saved)}
    """  # noqa: S608


_READ: Final = (
    _read_statement(NAMED, "$4", "$5::integer", alone=False),
    _read_statement(DEFAULT, "$3", "$4::integer", alone=False),
)
_READ_ALONE: Final = (
    _read_statement(NAMED, "$4", alone=True),
    _read_statement(DEFAULT, "$3", alone=True),
)
_INSERT: Final = {
    (single, remembered): (
        _insert_statement(NAMED, 4, single=single, remembered=remembered),
        _insert_statement(DEFAULT, 3, single=single, remembered=remembered),
    )
    for single in (True, False)
    for remembered in (True, False)
}


async def read_for_add(
    tenant: Tenant, list_name: str | None, name_keys: Collection[str], most: int = LINES_PER_CALL
) -> AddSituation:
    """Return what an add of these folded names to the named or else the default list finds. Needs the write lock.

    Raises `LimitReached` when there are more than `most` lines of these names, as the other functions here do.
    """
    statement, which = _choose(_READ, tenant.actor.person_id, list_name)
    rows = await tenant.driver.fetch(statement, tenant.household_id, *which, sorted(set(name_keys)), most + 1)
    if not rows:
        raise deleted()
    return await _situation(rows, most)


async def find_for_add(
    tenant: Tenant, list_name: str | None, name_keys: Collection[str], most: int = LINES_PER_CALL
) -> tuple[AddSituation, ShoppingList]:
    """Return what `read_for_add` does, with the list; one that is called by another name is found too.

    Raises `NotFound` and `Ambiguous` for the list.
    """
    found = await read_for_add(tenant, list_name, name_keys, most)
    if found.on is not None:
        return found, found.on
    on = await resolve_list(tenant, list_name)
    return await read_for_add(tenant, on.ref, name_keys, most), on


async def read_for_add_alone(
    household: ProvenHousehold, list_name: str | None, name_keys: Collection[str]
) -> AddSituation | None:
    """Return what `read_for_add` does, in one message and without the lock: the clock is the one that this change has
    if no other comes first. None when the household has no clock."""
    statement, which = _choose(_READ_ALONE, household.actor.person_id, list_name)
    rows = await household.fetch(statement, *which, sorted(set(name_keys)))
    return await _next_situation(rows)


async def insert_alone(
    household: ProvenHousehold,
    list_name: str | None,
    expected: Expected,
    habits: Mapping[str, Habit],
    fresh: Sequence[Item],
    changes: str,
) -> tuple[bool, AddSituation | None]:
    """Store new items, numbered from `expected.next_item`, with their event, whose `changes` are JSON. Return whether
    they are stored.

    If not, nothing is, and the situation is returned as well if it could be read: another write came first, the list is
    another one or full, it has items of these names, or something else than `habits` is remembered of them. Needs the
    turn of the household's writer.
    """
    actor = household.actor
    statement, which = _choose(_INSERT[len(fresh) == 1, bool(habits)], actor.person_id, list_name)
    rows = await household.store(
        statement,
        *which,
        sorted({item.name_key for item in fresh}),
        expected.list_id,
        expected.list_name,
        expected.rev,
        expected.next_item + len(fresh),
        expected.next_event,
        len(fresh),
        actor.person_id,
        actor.client_id,
        actor.grant_id,
        changes,
        *((json.dumps({name_key: habit.rev for name_key, habit in habits.items()}),) if habits else ()),
        *(scalars_of(fresh[0]) if len(fresh) == 1 else (await rows_as_json(fresh),)),
        changed=lambda rows: {expected.list_id: expected.rev + 1} if _is_stored(rows) else {},
    )
    return (True, None) if _is_stored(rows) else (False, await _next_situation(rows))


def _is_stored(rows: Rows) -> bool:
    return bool(rows) and rows[0][0] is True


def _choose(statements: tuple[str, str], person_id: UUID, list_name: str | None) -> tuple[str, tuple[object, ...]]:
    """Return the statement for the named or else the default list, and the parameters that find the list."""
    on_named, on_default = statements
    return (on_default, (person_id,)) if list_name is None else (on_named, list_key(list_name))


async def _situation(rows: Rows, most: int = LINES_PER_CALL) -> AddSituation:
    of_list, of_item = 2 + CLOCK_WIDTH, 2 + CLOCK_WIDTH + LIST_WIDTH
    first = rows[0]
    on = None if first[of_list] is None else list_of(first[of_list:])
    refuse_too_many_lines(rows, most)
    alike = await map_in_batches(lambda row: item_of(row[of_item:]), rows if first[of_item] is not None else ())
    remembered = json.loads(next((row[1] for row in rows if row[1] is not None), "[]"))
    habits = {name_key: Habit(name_key, *values) for name_key, *values in remembered}
    return AddSituation(Clock(*first[2:of_list]), on, alike, habits)


async def _next_situation(rows: Rows) -> AddSituation | None:
    if not rows:
        return None
    found = await _situation(rows)
    return replace(found, clock=replace(found.clock, rev=found.clock.rev + 1))
