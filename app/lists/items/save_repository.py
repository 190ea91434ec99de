"""Items in the database: storing them, each call with its event in one statement."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final
from uuid import UUID

from app.db.engine import IN_CONTEXT
from app.db.transactions import WRITE_CONTEXT, Rows
from app.households.tenant import Actor, ProvenHousehold, Tenant
from app.lists.items.fields import Item
from app.lists.items.repository import COLUMNS
from app.lists.models import GAP_BITS, Change
from app.lists.purchases.repository import bought_parts, bought_values, unbought_parts, unbought_values
from app.lists.repository import Clock
from app.runtime.batches import map_in_batches

GIVEN_TYPES: Final = {column: kind for column, kind in COLUMNS.items() if column != "rev"}
"""The columns of an item that a call gives, with their types; its revision is the call's."""

GIVEN_COLUMNS: Final = tuple(GIVEN_TYPES)

_COLUMNS: Final = ", ".join(GIVEN_COLUMNS)
_TYPES: Final = ", ".join(f"{column} {kind}" for column, kind in GIVEN_TYPES.items())
_OVERWRITTEN: Final = ", ".join(
    f"{column} = excluded.{column}" for column in GIVEN_COLUMNS if column not in ("id", "no")
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)
_VALUES_OF: Final = attrgetter(*GIVEN_COLUMNS)


async def rows_as_json(items: Collection[Item]) -> str:
    """Return items as a JSON array of rows for `jsonb_to_recordset`."""
    return f"[{','.join(await map_in_batches(_encoded_row, items))}]"


def _encoded_row(item: Item) -> str:
    """Return the columns of an item that are not null; JSON gets what it can't hold as text."""
    values = zip(GIVEN_COLUMNS, scalars_of(item), strict=True)
    return _ENCODER.encode({name: value for name, value in values if value is not None})


def scalars_of(item: Item) -> Sequence[object]:
    """Return an item as values of `GIVEN_COLUMNS`: for one alone they cost half of what JSON does."""
    values: tuple[object, ...] = _VALUES_OF(item)
    return values


def _save_statement(*, alone: bool, single: bool = False, purchases: str = "") -> str:
    """Return the statement that saves items and their event, in a transaction that holds the write lock, or `alone`.

    Alone it stores all of it or nothing: each step hangs on the one before, and its result is the number of items.
    """
    context = f"{WRITE_CONTEXT}, " if alone else ""
    in_context = f"{IN_CONTEXT} AND " if alone else ""
    rev = "rev = $2::bigint, " if alone else ""
    if_unchanged = " AND rev = $2::bigint - 1 AND next_event = $4 RETURNING rev" if alone else ""
    swapped, returning = ("swapped, ", " RETURNING lists.id") if alone else ("", "")
    event = "$1, $4, $2, $8, $9, $10, $11, $12, $13::text::jsonb"
    if alone:
        all_are_stamped = "(SELECT count(*) FROM stamped) = cardinality($5)"
        event = f"SELECT {event} FROM swapped WHERE {all_are_stamped} RETURNING no"  # noqa: S608
    else:
        event = f"VALUES ({event})"  # Citus takes no INSERT ... SELECT inside of WITH
    if single:
        row = ", ".join(f"${14 + number}::{kind}" for number, kind in enumerate(GIVEN_TYPES.values()))
        source = "recorded"
    else:
        row = "given.*"
        source = f"{'recorded, ' if alone else ''}jsonb_to_recordset($14::text::jsonb) AS given({_TYPES})"
    save = f"""
        INSERT INTO items (household_id, rev, {_COLUMNS}) SELECT $1::uuid, $2::bigint, {row} FROM {source}
        ON CONFLICT (household_id, id) DO UPDATE SET rev = excluded.rev, {_OVERWRITTEN}
    """  # noqa: S608
    counted = f", saved AS ({save} RETURNING no){purchases} SELECT count(*) FROM saved"  # noqa: S608
    return f"""
        WITH {context}swapped AS (
            UPDATE clocks SET {rev}next_item = $3::integer, next_event = $4::integer + 1
            WHERE {in_context}clocks.household_id = $1{if_unchanged}
        ), stamped AS (
            UPDATE lists SET rev = $2::bigint,
                open_items = open_items + more.open, checked_items = checked_items + more.checked
            FROM {swapped}unnest($5::uuid[], $6::integer[], $7::integer[]) AS more(list_id, open, checked)
            WHERE {in_context}lists.household_id = $1 AND lists.id = more.list_id{returning}
        ), recorded AS (
            INSERT INTO events (household_id, no, rev, person_id, client_id, grant_id, kind, list_id, changes) {event}
        ){counted if alone else save}
    """  # noqa: S608


_SAVE: Final = _save_statement(alone=False)


async def save_changes(
    tenant: Tenant, clock: Clock, kind: str, list_id: UUID | None, changes: Collection[Change], recorded: str
) -> int:
    """Store new and changed items and the call's event, and return the event's number.

    `kind` is the tool, `list_id` the one list that the event is about, `recorded` the changes as JSON. Items and their
    lists get the clock's revision. Needs the write lock, and the clock as it was read under the lock.
    """
    if await _trade_places(changes):
        await _park(tenant, [change.after.id for change in changes])
    if departed := _departed(changes):
        await _record_departures(tenant, clock.rev, departed)
    counts = await _count_by_list(changes)
    values = _save_values(tenant.actor, clock, kind, list_id, changes, counts, recorded)
    rows = await rows_as_json([change.after for change in changes])
    await tenant.driver.execute(_SAVE, tenant.household_id, *values, rows)
    for touched in counts:
        tenant.note_change(touched, clock.rev)
    return clock.next_event


def _save_values(
    actor: Actor,
    clock: Clock,
    kind: str,
    list_id: UUID | None,
    changes: Collection[Change],
    counts: "Mapping[UUID, _Counts]",
    recorded: str,
) -> Sequence[object]:
    """Return the parameters $2 to $13 of a statement that saves."""
    return (
        clock.rev,
        next_item_after(clock, changes),
        clock.next_event,
        list(counts),
        [each.open for each in counts.values()],
        [each.checked for each in counts.values()],
        actor.person_id,
        actor.client_id,
        actor.grant_id,
        kind,
        list_id,
        recorded,
    )


def next_item_after(clock: Clock, changes: Collection[Change]) -> int:
    """Return the clock's next number once changes are stored: numbers and positions come from one counter, so that
    appended items stand behind all others, moved ones included."""
    last = max([max(change.after.no, change.after.position >> GAP_BITS) for change in changes])
    return max(clock.next_item, last + 1)


_BEHIND_ROW: Final = 14 + len(GIVEN_TYPES)
"""The first parameter behind those of a single item."""


_SAVE_ALONE: Final = {
    "several": _save_statement(alone=True),
    "one": _save_statement(alone=True, single=True),
    "bought": _save_statement(alone=True, single=True, purchases=f", {bought_parts(_BEHIND_ROW, '$4', 'saved')}"),
    "unbought": _save_statement(alone=True, single=True, purchases=f", {unbought_parts(_BEHIND_ROW, 'saved')}"),
}


async def save_alone(
    household: ProvenHousehold,
    clock: Clock,
    kind: str,
    list_id: UUID | None,
    changes: Sequence[Change],
    recorded: str,
) -> bool:
    """Store what `save_changes` does, in one message, if no other write came after `clock` was read; return whether it
    is stored. If not, nothing is. A purchase of a single change is stored with it.

    False as well where it takes more than one message. Needs the turn of the household's writer.
    """
    if await _trade_places(changes) or _departed(changes):
        return False
    counts = await _count_by_list(changes)
    which, row_values = await _row_values(changes)
    rows = await household.store(
        _SAVE_ALONE[which],
        *_save_values(household.actor, clock, kind, list_id, changes, counts, recorded),
        *row_values,
        changed=lambda rows: dict.fromkeys(counts, clock.rev) if _are_saved(rows, len(changes)) else {},
    )
    return _are_saved(rows, len(changes))


async def _row_values(changes: Sequence[Change]) -> tuple[str, Sequence[object]]:
    """Return which statement of `_SAVE_ALONE` stores the changes, and its parameters from $14 on."""
    if len(changes) > 1:
        return "several", [await rows_as_json([change.after for change in changes])]
    (change,) = changes
    row = scalars_of(change.after)
    if change.bought is not None:
        return "bought", [*row, *bought_values(change.bought)]
    if change.unbought is not None:
        return "unbought", [*row, *unbought_values(change.unbought)]
    return "one", row


def _are_saved(rows: Rows, number: int) -> bool:
    return bool(rows) and rows[0][0] == number


def _departed(changes: Iterable[Change]) -> list[tuple[UUID, int]]:
    """Return the items that leave their lists: each one's old list, and its number."""
    return [
        (change.before.list_id, change.after.no)
        for change in changes
        if change.before is not None and change.before.list_id != change.after.list_id
    ]


@dataclass(slots=True)
class _Counts:
    """How many more open and checked items a list has; negative when it has fewer."""

    open: int = 0
    checked: int = 0

    def count(self, item: Item, number: int) -> None:
        """Count an item that is there now (1), or was (-1)."""
        if item.deleted_at is not None:
            return
        if item.checked_at is None:
            self.open += number
        else:
            self.checked += number


async def _count_by_list(changes: Collection[Change]) -> dict[UUID, _Counts]:
    lists: dict[UUID, _Counts] = defaultdict(_Counts)

    def count(change: Change) -> None:
        if change.before is not None:
            lists[change.before.list_id].count(change.before, -1)
        lists[change.after.list_id].count(change.after, 1)

    await map_in_batches(count, changes)
    return lists


async def _trade_places(changes: Collection[Change]) -> bool:
    """Whether one change takes the key that another gives up among the open lines of a name.

    Postgres checks uniqueness row by row, in an order that can't be chosen.
    """
    given_up: dict[_LineKey, UUID] = {}

    def give_up(change: Change) -> None:
        if change.before is not None:
            given_up[_line_key(change.before)] = change.after.id

    def takes(change: Change) -> bool:
        return given_up.get(_line_key(change.after), change.after.id) != change.after.id

    await map_in_batches(give_up, changes)
    return any(await map_in_batches(takes, changes))


_LineKey = tuple[UUID, str, str, int] | UUID


def _line_key(item: Item) -> _LineKey:
    """Return what must be unique among open lines; for other items, the id."""
    return (item.list_id, item.name_key, item.measure, item.variant) if item.is_open else item.id


async def _park(tenant: Tenant, item_ids: list[UUID]) -> None:
    """Give items variants that no line has, until they are stored with their new ones."""
    await tenant.driver.execute(
        "UPDATE items SET variant = -1 - variant WHERE household_id = $1 AND id = ANY($2)",
        tenant.household_id,
        item_ids,
    )


async def _record_departures(tenant: Tenant, rev: int, departed: list[tuple[UUID, int]]) -> None:
    await tenant.driver.execute(
        """
        INSERT INTO departures (household_id, list_id, item_no, rev)
        SELECT $1, list_id, item_no, $4 FROM unnest($2::uuid[], $3::integer[]) AS gone(list_id, item_no)
        ON CONFLICT (household_id, list_id, item_no) DO UPDATE SET rev = excluded.rev
        """,
        tenant.household_id,
        [list_id for list_id, _ in departed],
        [item_no for _, item_no in departed],
        rev,
    )
