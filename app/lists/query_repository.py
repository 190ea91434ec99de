"""Pages of items in the database: the open items of one list in one statement, and any view and order."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union,
)

from app.db.engine import CONTEXT, IN_CONTEXT
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.history.tables import aisles, departures
from app.lists.items.fields import PAGE_COLUMNS, PageRow, Place, Priority
from app.lists.models import Missing, Order, ShoppingList, View
from app.lists.repository import COUNTED_WIDTH, DEFAULT, NAMED, Row, counted_columns, counted_list_of
from app.lists.resolve_list import list_key
from app.lists.store_order_repository import LEAST_TRIPS
from app.lists.tables import items, lists
from app.people.tables import people
from app.recipes.tables import recipes
from app.runtime.batches import map_in_batches


@dataclass(frozen=True, slots=True)
class Browse:
    """What to read: one list or all lists, and which of their items; None and nothing leave none out.

    A name must contain one form of each word, or there must be a note, which may contain them. With `store_key`, the
    items of the list are in the order that was learned of that store.
    """

    list_id: UUID | None
    view: View
    limit: int
    group_by: Order = "own"
    store_key: str | None = None
    stores: Sequence[str] | None = None
    categories: Sequence[str] | None = None
    assignee_id: UUID | None = None
    priority: Priority | None = None
    missing: Missing | None = None
    numbers: Sequence[int] | None = None
    words: Sequence[Sequence[str]] = ()
    since_rev: int | None = None
    after: Place | None = None


_CHECKED: Final = items.c.checked_at.is_not(None)
_PAGE_COLUMNS: Final = tuple[ColumnElement[Any], ...](literal_column(name) for name in PAGE_COLUMNS)
_STORE: Final = func.coalesce(items.c.store, lists.c.store)
"""Where an item is bought: at its own store, else at its list's."""

_MISSABLE: Final[Mapping[Missing, ColumnElement[Any]]] = {
    "store": _STORE,
    "category": items.c.category,
    "assignee": items.c.assignee_id,
    "price": items.c.price,
}


async def read_page(tenant: Tenant, browse: Browse) -> list[PageRow]:
    """Return at most `browse.limit` rows, in order, after `browse.after`."""
    rows = (await tenant.connection.execute(_page_query(tenant, browse))).all()
    return await map_in_batches(lambda row: PageRow(*row), rows)


async def read_bought_last(tenant: Tenant, list_id: UUID, most: int) -> list[PageRow]:
    """Return what was checked off on a list, at most so many, the latest first."""
    query = (
        select(items.c.no)
        .where(
            items.c.household_id == tenant.household_id,
            items.c.list_id == list_id,
            _CHECKED,
            items.c.deleted_at.is_(None),
        )
        .order_by(items.c.checked_at.desc(), items.c.no.desc())
        .limit(most)
    )
    numbers = list((await tenant.connection.execute(query)).scalars())
    if not numbers:
        return []
    rows = {row.no: row for row in await read_page(tenant, Browse(list_id, "checked", most, numbers=numbers))}
    return [rows[number] for number in numbers if number in rows]


async def stores_to_visit(tenant: Tenant, list_id: UUID, most: int) -> list[str]:
    """Return the stores that items to buy on a list have of their own, in alphabetical order, at most so many."""
    query = (
        select(items.c.store)
        .where(
            items.c.household_id == tenant.household_id,
            items.c.list_id == list_id,
            ~_CHECKED,
            items.c.deleted_at.is_(None),
            items.c.store.is_not(None),
        )
        .distinct()
        .order_by(items.c.store)
        .limit(most)
    )
    return list((await tenant.connection.execute(query)).scalars())


PART: Final = 200
"""Rows of `read_in_parts` that are read together: with the longest notes half a megabyte."""


async def read_in_parts(tenant: Tenant, browse: Browse) -> AsyncGenerator[list[PageRow]]:
    """Yield the rows of `read_page` in parts, all as they were at one time; what isn't asked for isn't read."""
    async with tenant.connection.stream(_page_query(tenant, browse), execution_options={"yield_per": PART}) as found:
        async for rows in found.partitions():
            yield [PageRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PriceTotal:
    """The sum of the prices in one currency; `unpriced` items of lists in that currency have none."""

    currency: str
    total: Decimal
    priced: int
    unpriced: int


async def read_price_totals(tenant: Tenant, browse: Browse) -> list[PriceTotal]:
    """Return the sums of the prices in the view, whatever the page; lists without a currency have the household's."""
    currency = func.coalesce(lists.c.currency, tenant.membership.currency)
    price = items.c.price
    query = (
        select(currency, func.coalesce(func.sum(price), 0), func.count(price), func.count() - func.count(price))
        .select_from(items)
        .join(lists, and_(lists.c.household_id == items.c.household_id, lists.c.id == items.c.list_id))
        .where(items.c.household_id == tenant.household_id, _in_view(browse.view, tenant.today), *_filters(browse))
        .group_by(literal_column("1"))
        .order_by(literal_column("1"))
    )
    return [PriceTotal(*row) for row in (await tenant.connection.execute(query)).all()]


def _page_query(tenant: Tenant, browse: Browse) -> Select[Any]:
    of_names, of_categories = _places_in_store(tenant, browse)
    group = _group_of(browse.group_by)
    if of_names is not None and of_categories is not None:
        group = _in_store_order(browse.group_by, of_names.c.mean_position, of_categories.c.place)
    in_view = _in_view(browse.view, tenant.today)
    place = (lists.c.no, _CHECKED, group.is_(None), func.coalesce(group, ""), items.c.position, items.c.no)
    query = (
        select(
            *_PAGE_COLUMNS,
            in_view.label("in_view"),
            group.label("group_key"),
        )
        .select_from(items)
        .join(lists, and_(lists.c.household_id == items.c.household_id, lists.c.id == items.c.list_id))
        .outerjoin(people, people.c.id == items.c.assignee_id)
        .outerjoin(recipes, and_(recipes.c.household_id == tenant.household_id, recipes.c.id == items.c.recipe_id))
        .where(items.c.household_id == tenant.household_id, *_filters(browse))
        .order_by(*place)
        .limit(browse.limit)
    )
    query = query.where(in_view if browse.since_rev is None else _changed_since(browse.since_rev))
    if of_names is not None and of_categories is not None:
        query = query.outerjoin(of_names, of_names.c.name_key == items.c.name_key).outerjoin(
            of_categories, of_categories.c.category == func.lower(items.c.category)
        )
    if browse.after is not None:
        query = query.where(tuple_(*place) > tuple_(*(literal(value) for value in browse.after)))
    return query


def _in_view(view: View, today: date) -> ColumnElement[bool]:
    return and_(items.c.deleted_at.is_(None), lists.c.deleted_at.is_(None), _view_of(view, today))


def _filters(browse: Browse) -> Iterator[ColumnElement[bool]]:
    """Yield what decides on which list an item must be, and what it must have."""
    if browse.list_id is not None:
        yield items.c.list_id == browse.list_id
    if browse.stores is not None:
        yield _STORE.in_(browse.stores)
    if browse.categories is not None:
        yield items.c.category.in_(browse.categories)
    if browse.assignee_id is not None:
        yield items.c.assignee_id == browse.assignee_id
    if browse.priority is not None:
        yield items.c.priority == browse.priority
    if browse.missing is not None:
        yield _MISSABLE[browse.missing].is_(None)
    if browse.numbers is not None:
        yield items.c.no.in_(browse.numbers)
    if browse.words:
        in_name = [or_(*(items.c.name_key.contains(form, autoescape=True) for form in forms)) for forms in browse.words]
        yield or_(and_(*in_name), items.c.note.is_not(None))


async def departed(tenant: Tenant, list_id: UUID, since_rev: int, most: int) -> list[int]:
    """Return the numbers of the items that moved away from a list after a revision and have not come back; `most` of
    them at most."""
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
        .limit(most)
    )
    return list((await tenant.connection.execute(query)).scalars())


async def categories_of(tenant: Tenant) -> list[str]:
    """Return the categories of the household's items, as typed."""
    query = (
        select(items.c.category)
        .where(items.c.household_id == tenant.household_id, items.c.category.is_not(None), items.c.deleted_at.is_(None))
        .distinct()
    )
    return list((await tenant.connection.execute(query)).scalars())


async def stores_of(tenant: Tenant) -> list[str]:
    """Return the stores of the household's items and lists, as typed."""
    of_items = select(items.c.store).where(
        items.c.household_id == tenant.household_id, items.c.store.is_not(None), items.c.deleted_at.is_(None)
    )
    of_lists = select(lists.c.store).where(
        lists.c.household_id == tenant.household_id, lists.c.store.is_not(None), lists.c.deleted_at.is_(None)
    )
    return list((await tenant.connection.execute(union(of_items, of_lists))).scalars())


def _changed_since(rev: int) -> ColumnElement[bool]:
    # Items of a list that was deleted before the revision were reported then.
    return and_(items.c.rev > rev, or_(lists.c.deleted_at.is_(None), lists.c.rev > rev))


def _view_of(view: View, today: date) -> ColumnElement[bool]:
    # Open, but for a day that has not come.
    waiting = and_(~_CHECKED, func.coalesce(items.c.not_before > today, false()))
    views: dict[View, ColumnElement[bool]] = {
        "open": and_(~_CHECKED, ~waiting),
        "checked": _CHECKED,
        "waiting": waiting,
        "all": true(),
    }
    return views[view]


def _places_in_store(tenant: Tenant, browse: Browse) -> tuple[Subquery | None, Subquery | None]:
    """Return where in the store things are found, by name, and on average by the categories that items of the list
    have; a thing that was bought there only once has no place of its own."""
    if browse.store_key is None:
        return None, None
    of_names = (
        select(aisles.c.name_key, aisles.c.mean_position, aisles.c.n)
        .where(
            aisles.c.household_id == tenant.household_id,
            aisles.c.store_key == browse.store_key,
            aisles.c.n >= LEAST_TRIPS,
        )
        .subquery("places")
    )
    category = func.lower(items.c.category)
    of_categories = (
        select(category.label("category"), func.avg(of_names.c.mean_position).label("place"))
        .select_from(items)
        .join(of_names, of_names.c.name_key == items.c.name_key)
        .where(
            items.c.household_id == tenant.household_id,
            items.c.list_id == browse.list_id,
            items.c.category.is_not(None),
            items.c.deleted_at.is_(None),
        )
        .group_by(category)
        .subquery("places_of_categories")
    )
    return of_names, of_categories


def _in_store_order(
    group_by: Order, of_name: ColumnElement[float], of_category: ColumnElement[float]
) -> ColumnElement[str | None]:
    """Return what orders items as a store has them: by their places, or by those of their categories and then theirs.
    What has none comes last."""
    if group_by != "category":
        return _sortable(func.coalesce(of_name, of_category)).collate("C")
    place = func.coalesce(_sortable(of_category), "x") + func.lower(items.c.category)
    return (place + " " + func.coalesce(_sortable(of_name), "x")).collate("C")


def _sortable(place: ColumnElement[float]) -> ColumnElement[str]:
    """Return a place in a store as a text that sorts like the number: thousandths, of one width; "x" comes behind."""
    return func.lpad(cast(cast(place * 1000, BigInteger), Text), 12, "0")


def _group_of(group_by: Order) -> ColumnElement[str | None]:
    """Return what orders items first, ignoring case; in byte order, so that every database orders alike."""
    # The list's own order of categories comes before the others, as numbers of one width; "x" sorts after every digit.
    ordered = cast(func.lower(cast(lists.c.category_order, Text)), ARRAY(Text))
    rank = func.array_position(ordered, func.lower(items.c.category))
    category = func.coalesce(func.lpad(cast(rank, Text), 4, "0"), "x") + items.c.category
    # Empty, or null without an order; what depends on it is not in a CASE, which Citus forbids beside now().
    has_order = func.left(cast(func.nullif(func.cardinality(lists.c.category_order), 0), Text), 0)
    column: dict[Order, ColumnElement[str | None]] = {
        "none": cast(null(), Text),
        "own": has_order + category,
        "category": category,
        "store": _STORE,
        "assignee": people.c.name,
        "recipe": recipes.c.name,
    }
    return func.lower(column[group_by]).collate("C")


_TOP: Final = (-(2**63), 0)

_ASSIGNEE: Final = """
    CASE WHEN items.assignee_id IS NOT NULL
        THEN (SELECT people.name FROM people WHERE people.id = items.assignee_id) END"""
"""Instead of a join, because few items have an assignee."""

_RECIPE: Final = """
    CASE WHEN items.recipe_id IS NOT NULL
        THEN (SELECT recipes.name FROM recipes
              WHERE recipes.household_id = $1 AND recipes.id = items.recipe_id) END"""

_SHOWN_AS: Final = {"people.name": _ASSIGNEE, "recipes.name": _RECIPE, "items.amount": "items.amount::text"}
_AMOUNT: Final = PAGE_COLUMNS.index("items.amount")


def _query(which: str, position: str, no: str, limit: str, today: str, *, alone: bool) -> str:
    context, in_context = (f"WITH {CONTEXT}", IN_CONTEXT) if alone else ("", "true")
    # A page in one message is a concise one, which names no recipe, and each subquery costs time even unused.
    shown_as = {**_SHOWN_AS, "recipes.name": "NULL::text"} if alone else _SHOWN_AS
    columns = {
        column.replace(".", "_"): shown_as.get(column, column) for column in PAGE_COLUMNS if column != "lists.no"
    }
    # The page comes as a column for each field: an array is read faster than as many records, and Citus has no way to
    # pass on a record without a type.
    return f"""
        {context}
        SELECT {counted_columns(today)}, page.* FROM lists LEFT JOIN LATERAL (
            SELECT {", ".join(f"array_agg(item.{name})" for name in columns)} FROM (
                SELECT {", ".join(f"{column} AS {name}" for name, column in columns.items())} FROM items
                WHERE {in_context} AND items.household_id = $1 AND items.list_id = lists.id
                  AND lists.category_order = '{{}}' AND items.checked_at IS NULL AND items.deleted_at IS NULL
                  AND (items.not_before <= {today}::date) IS NOT FALSE
                  AND (items.position, items.no) > ({position}, {no})
                ORDER BY items.position, items.no LIMIT {limit}
            ) AS item
        ) AS page ON true
        WHERE {in_context} AND {which}
    """  # noqa: S608


def _queries(*, alone: bool) -> tuple[str, str]:
    """Return the query for the named list, and the one for the default list."""
    return (
        _query(NAMED, "$4::bigint", "$5::integer", "$6::integer", "$7", alone=alone),
        _query(DEFAULT, "$3::bigint", "$4::integer", "$5::integer", "$6", alone=alone),
    )


_IN_TRANSACTION: Final = _queries(alone=False)
_ALONE: Final = _queries(alone=True)

OpenPage = tuple[ShoppingList, list[PageRow]]


async def read_open_page(
    tenant: Tenant, list_name: str | None, after: tuple[int, int] | None, limit: int
) -> OpenPage | None:
    """Return the named or else the default list, with at most `limit` of its open items that wait for no day, behind
    the position and number `after`. None when there is no such list, and when it has an order of categories: then its
    items are in that order."""
    query, values = _query_and_values(_IN_TRANSACTION, tenant, list_name, after, limit)
    return _open_page(await tenant.driver.fetch(query, tenant.household_id, *values))


async def read_open_page_alone(
    household: ProvenHousehold, list_name: str | None, after: tuple[int, int] | None, limit: int
) -> OpenPage | None:
    """Return what `read_open_page` does, in one message."""
    query, values = _query_and_values(_ALONE, household, list_name, after, limit)
    return _open_page(await household.fetch(query, *values))


def _query_and_values(
    queries: tuple[str, str],
    household: Tenant | ProvenHousehold,
    list_name: str | None,
    after: tuple[int, int] | None,
    limit: int,
) -> tuple[str, Sequence[object]]:
    on_named, on_default = queries
    place = after or _TOP
    if list_name is None:
        return on_default, (household.actor.person_id, *place, limit, household.today)
    return on_named, (*list_key(list_name), *place, limit, household.today)


def _open_page(rows: Sequence[Row]) -> OpenPage | None:
    if not rows:
        return None
    (row,) = rows
    on = counted_list_of(row)
    if on.category_order:
        return None
    columns = list(row[COUNTED_WIDTH:])
    if columns[0] is None:  # aggregates of no rows
        return on, []
    columns[_AMOUNT] = [amount and _decimal(amount) for amount in columns[_AMOUNT]]
    return on, [PageRow._make((*item, on.no, True, None)) for item in zip(*columns, strict=True)]


@lru_cache(4096)
def _decimal(text: str) -> Decimal:
    """Return a number. Few are in use, and the same text is the same number to everyone."""
    return Decimal(text)
