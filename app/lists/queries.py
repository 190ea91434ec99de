"""Reading items: pages of one list or all lists, by view, order and filters."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, NamedTuple

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.errors import Invalid
from app.households import repository as households
from app.households.tenant import ProvenHousehold, Tenant
from app.lists import query_repository, repository, store_order
from app.lists.items.fields import NAME_LENGTH, PageRow, Place, Priority, parse_assignee
from app.lists.items.filters import spellings_of
from app.lists.models import Missing, Order, ShoppingList, View
from app.lists.query_repository import Browse, OpenPage, PriceTotal
from app.lists.repository import Clock
from app.lists.resolve_list import ALL_LISTS, resolve_list
from app.lists.store_order import StoreOrder, possible_order
from app.quantities.merge_key import merge_key, singular
from app.runtime.batches import map_texts
from app.text import clean, fold

BIGGEST: Final = 2**63 - 1
MOST_DEPARTED: Final = 2_000
"""Of items that moved away since a revision; where there are more, everything in the view is returned instead."""

MOST_SEARCHED: Final = 2_000
"""Items with notes that are looked through for one page. Behind them a page ends, however many were found."""


class Counts(NamedTuple):
    """How many items are open, checked, and waiting for a day to come."""

    open: int
    checked: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the view, the refs of those that left it (with `since_rev`), and where the next page starts.

    With `full`, everything in the view is there although `since_rev` was given, because older events are deleted, or
    because too much has left the list. `totals` are those of all items in the view, on whatever page; None where they
    weren't asked for. `found` are all rows that were read, also those that are out of the view. `order` is that of a
    store, if they are in one.
    """

    list: ShoppingList | None
    rev: int
    rows: Sequence[PageRow]
    removed: Sequence[str]
    counts: Counts
    next_cursor: str | None
    full: bool = False
    found: Sequence[PageRow] = ()
    cursor_after: Callable[[PageRow], str] | None = field(default=None, compare=False)

    def shortened(self, share: float) -> "Page":
        """Return a page with that share of the rows, at least one, and a cursor behind them."""
        if len(self.found) < 2 or self.cursor_after is None:
            return self
        kept = self.found[: max(1, int(len(self.found) * share))]
        left_out = {row.ref for row in self.found[len(kept) :]}
        return replace(
            self,
            rows=[row for row in kept if row.in_view],
            removed=[ref for ref in self.removed if ref not in left_out],
            found=kept,
            next_cursor=self.cursor_after(kept[-1]),
        )

    totals: Sequence[PriceTotal] | None = None
    order: StoreOrder | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Which items to read; `list` is a name, a ref, None for the default list, or `*` for all lists. With
    `with_totals`, the first page has the sums of the prices."""

    list: str | None = None
    view: View = "open"
    group_by: Order = "own"
    store: str | None = None
    category: str | None = None
    assignee: str | None = None
    priority: Priority | None = None
    missing: Missing | None = None
    query: str | None = None
    since_rev: int | None = None
    cursor: str | None = None
    limit: int = 100
    with_totals: bool = False


async def read_items(tenant: Tenant, request: Request) -> Page:
    """Return a page of items. Raises `NotFound` for the list, the person, and a store or category that nothing in the
    household has, and `Invalid` for the query and the cursor."""
    page = await _read_page(tenant, request)
    if not request.with_totals or request.cursor is not None:
        return page
    return replace(page, totals=await _totals(tenant, await _browsed(tenant, page.list, request), request.query))


async def _totals(tenant: Tenant, browse: Browse, query: str | None) -> Sequence[PriceTotal] | None:
    """Return the sums of the prices of all pages; None where a query would have too much to look through."""
    if query is not None:
        found, more = await _search(tenant, browse, _words(query), MOST_SEARCHED)
        if more is not None:
            return None
        browse = replace(browse, numbers=[row.no for row in found])
    return await query_repository.read_price_totals(tenant, browse)


async def _read_page(tenant: Tenant, request: Request) -> Page:
    cursor = None if request.cursor is None else read_cursor(request.cursor, _CURSOR)
    if _is_for_open_items(request):
        after = None if cursor is None else cursor.place[-2:]
        found = await query_repository.read_open_page(tenant, request.list, after, request.limit + 1)
        if found is not None and await _store_order(tenant, found[0], request, cursor) is None:
            return _open_page(found, request, cursor)
    shopping_list = None if request.list == ALL_LISTS else await resolve_list(tenant, request.list)
    order = None if shopping_list is None else await _store_order(tenant, shopping_list, request, cursor)
    fingerprint = _fingerprint(shopping_list, request, order)
    _refuse_other_request(cursor, fingerprint)
    clock = await _clock(tenant, shopping_list, request)
    # Read before the rows, and carried from page to page: changes made meanwhile are newer than the revision on the
    # last page, so since_rev finds them.
    rev = cursor.rev if cursor is not None else _rev_of(shopping_list, clock)
    full = request.since_rev is not None and clock is not None and request.since_rev < clock.forgotten_rev
    since_rev = None if full else request.since_rev
    left: Sequence[int] = ()
    if shopping_list is not None and since_rev is not None and cursor is None:
        left = await query_repository.departed(tenant, shopping_list.id, since_rev, MOST_DEPARTED + 1)
        if len(left) > MOST_DEPARTED:
            left, full, since_rev = (), True, None
    rows, next_place = await _browse(tenant, shopping_list, request, since_rev, cursor, order)
    removed = [*(row.ref for row in rows if not row.in_view), *(f"i{number}" for number in left)]

    def cursor_at(place: Place) -> str:
        return make_cursor(Cursor(fingerprint, rev, place))

    return Page(
        list=shopping_list,
        rev=rev,
        rows=[row for row in rows if row.in_view],
        removed=removed,
        counts=_counts([shopping_list] if shopping_list is not None else await repository.all_lists(tenant)),
        next_cursor=cursor_at(next_place) if next_place is not None else None,
        full=full,
        found=rows,
        cursor_after=lambda row: cursor_at(row.place),
        order=order,
    )


async def _store_order(
    tenant: Tenant, on: ShoppingList, request: Request, cursor: "Cursor | None"
) -> StoreOrder | None:
    """Return the order of a store that a page is in. Pages of one request are in one order, whatever is learned
    meanwhile; the changes since a revision are in that of the list."""
    order = possible_order(on, request.group_by, request.store)
    if order is None or request.since_rev is not None:
        return None
    if cursor is not None:
        return order if cursor.fingerprint == _fingerprint(on, request, order) else None
    return order if await store_order.applies(tenant, on, order) else None


async def read_items_alone(household: ProvenHousehold, request: Request) -> Page | None:
    """Return the page that `read_items` returns, without names of recipes, in one message; None where it takes
    more."""
    if not _is_for_open_items(request) or request.with_totals:
        return None
    cursor = None if request.cursor is None else read_cursor(request.cursor, _CURSOR)
    after = None if cursor is None else cursor.place[-2:]
    found = await query_repository.read_open_page_alone(household, request.list, after, request.limit + 1)
    if found is None:
        return None
    if found[0].store is not None:
        order = possible_order(found[0], request.group_by, request.store)
        if order is not None and (
            cursor.fingerprint == _fingerprint(found[0], request, order)
            if cursor is not None
            else await store_order.applies_alone(household, found[0], order)
        ):
            return None
    return _open_page(found, request, cursor)


def _is_for_open_items(request: Request) -> bool:
    """Return whether a request is for the open items of one list, in its order, without filters: what nearly every
    call asks for."""
    plain = Request(request.list, cursor=request.cursor, limit=request.limit, with_totals=request.with_totals)
    # A list without an order of categories is in the order of its items either way.
    return request.list != ALL_LISTS and (request == plain or request == replace(plain, group_by="none"))


def _open_page(found: OpenPage, request: Request, cursor: "Cursor | None") -> Page:
    shopping_list, rows = found
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    rev = shopping_list.rev if cursor is None else cursor.rev
    if cursor is not None:
        _refuse_other_request(cursor, _fingerprint(shopping_list, request))

    def cursor_after(row: PageRow) -> str:
        return make_cursor(Cursor(_fingerprint(shopping_list, request), rev, row.place))

    return Page(
        list=shopping_list,
        rev=rev,
        rows=rows,
        removed=(),
        counts=_counts([shopping_list]),
        next_cursor=cursor_after(rows[-1]) if more else None,
        found=rows,
        cursor_after=cursor_after,
    )


async def _browse(
    tenant: Tenant,
    on: ShoppingList | None,
    request: Request,
    since_rev: int | None,
    cursor: "Cursor | None",
    order: StoreOrder | None,
) -> tuple[list[PageRow], Place | None]:
    """Return the rows of the page, and the place behind which the next one starts; None on the last."""
    browse = replace(
        await _browsed(tenant, on, request),
        since_rev=since_rev,
        after=None if cursor is None else cursor.place,
        store_key=None if order is None else order.store_key,
    )
    if request.query is not None:
        return await _search(tenant, browse, _words(request.query), request.limit)
    rows = await query_repository.read_page(tenant, browse)
    return rows[: request.limit], rows[request.limit - 1].place if len(rows) > request.limit else None


async def _browsed(tenant: Tenant, on: ShoppingList | None, request: Request) -> Browse:
    """Return which items a request is about, from the first one on, but for its query."""
    stores = categories = assignee_id = None
    if request.store is not None:
        stores = await spellings_of(request.store, await query_repository.stores_of(tenant), "store")
    if request.category is not None:
        categories = await spellings_of(request.category, await query_repository.categories_of(tenant), "category")
    if request.assignee is not None:
        members = await households.members_of(tenant.connection, tenant.household_id)
        assignee_id = parse_assignee(request.assignee, "assignee", members)
    return Browse(
        list_id=on.id if on is not None else None,
        view=request.view,
        group_by=request.group_by,
        stores=stores,
        categories=categories,
        assignee_id=assignee_id,
        priority=request.priority,
        missing=request.missing,
        limit=request.limit + 1,
    )


async def _search(
    tenant: Tenant, browse: Browse, words: Sequence[tuple[str, str]], limit: int
) -> tuple[list[PageRow], Place | None]:
    """Return the rows whose name and note contain all of the words between them.

    Notes are not stored folded, so they are looked through here, as far as `MOST_SEARCHED`.
    """
    found: list[PageRow] = []
    searched, last = 0, None
    looking = replace(browse, words=words, limit=MOST_SEARCHED)
    async with aclosing(query_repository.read_in_parts(tenant, looking)) as parts:
        async for part in parts:
            fitting = await map_texts(lambda row: _contains(row, words), part, lambda row: len(row.note or ""))
            for row, fits in zip(part, fitting, strict=True):
                if fits and len(found) == limit:
                    return found, found[-1].place
                searched, last = searched + 1, row.place
                if fits:
                    found.append(row)
    return found, last if searched == MOST_SEARCHED else None


def _contains(row: PageRow, words: Sequence[tuple[str, str]]) -> bool:
    """Return whether each word, in one of its forms, is in the name or the note of an item that may have it there."""
    if row.note is None:
        return True  # the query has looked at the name
    texts = (merge_key(row.name), fold(row.note))
    return all(any(form in text for form in forms for text in texts) for forms in words)


def _counts(lists: Sequence[ShoppingList]) -> Counts:
    waiting = sum(each.waiting_items for each in lists)
    return Counts(
        open=sum(each.open_items for each in lists) - waiting,
        checked=sum(each.checked_items for each in lists),
        waiting=waiting,
    )


async def _clock(tenant: Tenant, shopping_list: ShoppingList | None, request: Request) -> Clock | None:
    """Return the household's clock where the result depends on it."""
    if shopping_list is None or request.since_rev is not None:
        return await repository.read_clock(tenant)
    return None


def _rev_of(shopping_list: ShoppingList | None, clock: Clock | None) -> int:
    if shopping_list is not None:
        return shopping_list.rev
    return clock.rev if clock is not None else 0


def _words(query: str) -> list[tuple[str, str]]:
    """Return each word folded, as typed and in the singular."""
    return [(word, singular(word)) for word in fold(clean(query, "query", NAME_LENGTH)).split()]


PlaceInCursor = tuple[
    Annotated[int, Field(ge=0, le=2**31 - 1)],
    bool,
    bool,
    Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")],
    Annotated[int, Field(ge=-BIGGEST, le=BIGGEST)],
    Annotated[int, Field(ge=0, le=2**31 - 1)],
]
"""A `Place` as clients send it back."""


class Cursor(NamedTuple):
    """Where the next page starts: the fingerprint of the request, the first page's revision, and the last row."""

    fingerprint: str
    rev: Annotated[int, Field(ge=0, le=BIGGEST)]
    place: PlaceInCursor


_CURSOR: Final = TypeAdapter(Cursor)


_NO_OTHERS: Final = (None,) * 4


def _fingerprint(on: ShoppingList | None, request: Request, order: StoreOrder | None = None) -> str:
    """Return a hash of all that decides which rows there are and in which order; a cursor is valid for that only."""
    list_id = str(on.id) if on is not None else None
    parts: list[object] = [list_id, request.view, request.group_by, request.store, request.query, request.since_rev]
    if on is not None and on.category_order:
        parts.append(on.category_order)
    if (others := (request.category, request.assignee, request.priority, request.missing)) != _NO_OTHERS:
        parts.append(others)
    if order is not None:
        parts.append({"order": order.store_key})
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=6).hexdigest()


def _refuse_other_request(cursor: Cursor | None, fingerprint: str) -> None:
    if cursor is not None and cursor.fingerprint != fingerprint:
        message = "cursor belongs to another request. Repeat the other arguments, or leave it out to start at the top."
        raise Invalid(message, field="cursor")
