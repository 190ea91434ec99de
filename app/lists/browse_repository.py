"""Reading a page of items, by any view and order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, literal, null, or_, select, true, tuple_
from sqlalchemy import text as sql

from app.households.tenant import Tenant
from app.lists.history_tables import departures
from app.lists.model import GroupBy, Item, View
from app.lists.quantities import Quantity
from app.lists.tables import items, lists
from app.people.tables import people

Place = tuple[int, bool, bool, str, int, int]
"""Where a row stands in a page's order: list number, checked, without a group, group, position, item number."""


@dataclass(frozen=True, slots=True)
class Browse:
    """What to read: one list or all of them, and which of their items; of each word any form will do."""

    list_id: UUID | None
    view: View
    group_by: GroupBy
    stores: Sequence[str] | None
    words: Sequence[Sequence[str]]
    since_rev: int | None
    after: Place | None
    limit: int


@dataclass(frozen=True, slots=True)
class Row:
    """An item of a page, with its list's number, its assignee's name, and whether it is still in the view."""

    item: Item
    list_no: int
    assignee: str | None
    in_view: bool
    place: Place


_CHECKED: Final = items.c.checked_at.is_not(None)
_WAITING: Final = and_(~_CHECKED, func.coalesce(items.c.not_before > sql("(now() AT TIME ZONE 'UTC')::date"), false()))
"""Open, but for a day that is yet to come."""
_ITEM_COLUMNS: Final = (
    items.c.id,
    items.c.no,
    items.c.list_id,
    items.c.name,
    items.c.name_key,
    items.c.position,
    items.c.note,
    items.c.variant,
    items.c.category,
    items.c.store,
    items.c.assignee_id,
    items.c.priority,
    items.c.price,
    items.c.not_before,
    items.c.repeat_days,
    items.c.checked_at,
    items.c.checked_by,
    items.c.deleted_at,
    items.c.rev,
)


async def read_page(tenant: Tenant, browse: Browse) -> list[Row]:
    """At most `browse.limit` rows, in order, after `browse.after`."""
    group = _group_of(browse.group_by)
    in_view = and_(items.c.deleted_at.is_(None), lists.c.deleted_at.is_(None), _view_of(browse.view))
    place = (lists.c.no, _CHECKED, group.is_(None), func.coalesce(group, ""), items.c.position, items.c.no)
    query = (
        select(
            *_ITEM_COLUMNS,
            items.c.measure,
            items.c.amount,
            items.c.unit,
            lists.c.no.label("list_no"),
            people.c.name.label("assignee"),
            in_view.label("in_view"),
            group.label("group_key"),
        )
        .join(lists, and_(lists.c.household_id == items.c.household_id, lists.c.id == items.c.list_id))
        .outerjoin(people, people.c.id == items.c.assignee_id)
        .where(items.c.household_id == tenant.household_id)
        .order_by(*place)
        .limit(browse.limit)
    )
    if browse.list_id is not None:
        query = query.where(items.c.list_id == browse.list_id)
    query = query.where(in_view if browse.since_rev is None else _changed_since(browse.since_rev))
    if browse.stores is not None:
        query = query.where(items.c.store.in_(browse.stores))
    for forms in browse.words:
        query = query.where(or_(*(items.c.name_key.contains(form, autoescape=True) for form in forms)))
    if browse.after is not None:
        query = query.where(tuple_(*place) > tuple_(*(literal(value) for value in browse.after)))
    rows = await tenant.connection.execute(query)
    return [_row_of(dict(row)) for row in rows.mappings()]


async def departed(tenant: Tenant, list_id: UUID, since_rev: int) -> list[int]:
    """The numbers of the items that moved away from a list after a revision, and did not come back."""
    query = (
        select(departures.c.item_no)
        .join(items, and_(items.c.household_id == departures.c.household_id, items.c.no == departures.c.item_no))
        .where(
            departures.c.household_id == tenant.household_id,
            departures.c.list_id == list_id,
            departures.c.rev > since_rev,
            items.c.list_id != list_id,
        )
        .order_by(departures.c.item_no)
    )
    return list((await tenant.connection.execute(query)).scalars())


async def count(tenant: Tenant, list_id: UUID | None) -> tuple[int, int, int]:
    """How many items are open, checked, and waiting for their day, on one list or on all."""
    query = (
        select(func.count().filter(~_CHECKED, ~_WAITING), func.count().filter(_CHECKED), func.count().filter(_WAITING))
        .select_from(items)
        .join(lists, and_(lists.c.household_id == items.c.household_id, lists.c.id == items.c.list_id))
        .where(items.c.household_id == tenant.household_id, items.c.deleted_at.is_(None), lists.c.deleted_at.is_(None))
    )
    if list_id is not None:
        query = query.where(items.c.list_id == list_id)
    row = (await tenant.connection.execute(query)).one()
    return row[0], row[1], row[2]


async def stores_of(tenant: Tenant) -> list[str]:
    """The names of stores that the household's items carry, as typed."""
    query = (
        select(items.c.store)
        .where(items.c.household_id == tenant.household_id, items.c.store.is_not(None), items.c.deleted_at.is_(None))
        .distinct()
    )
    return list((await tenant.connection.execute(query)).scalars())


def _changed_since(rev: int) -> ColumnElement[bool]:
    # What is on a list that was deleted long ago was told of then.
    return and_(items.c.rev > rev, or_(lists.c.deleted_at.is_(None), lists.c.rev > rev))


def _view_of(view: View) -> ColumnElement[bool]:
    views: dict[View, ColumnElement[bool]] = {
        "open": and_(~_CHECKED, ~_WAITING),
        "checked": _CHECKED,
        "all": true(),
    }
    return views[view]


def _group_of(group_by: GroupBy) -> ColumnElement[str | None]:
    """What items are ordered by first, without regard to case; byte order, so that every database orders alike."""
    # The list's own order of categories comes before the others, as numbers of one width; "x" is behind every digit.
    rank = func.array_position(lists.c.category_order, items.c.category)
    column: dict[GroupBy, ColumnElement[str | None]] = {
        "category": func.coalesce(func.lpad(cast(rank, Text), 4, "0"), "x") + items.c.category,
        "store": items.c.store,
        "assignee": people.c.name,
        "recipe": cast(items.c.recipe_id, Text),
    }
    return func.lower(column.get(group_by, null())).collate("C")


def _row_of(values: dict[str, Any]) -> Row:
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    list_no, assignee, in_view, group = (values.pop(name) for name in ("list_no", "assignee", "in_view", "group_key"))
    item = Item(quantity=None if amount is None else Quantity(measure, amount, unit), **values)
    place = (list_no, item.checked_at is not None, group is None, group or "", item.position, item.no)
    return Row(item, list_no, assignee, in_view, place)
