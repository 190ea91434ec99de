"""Reading items: pages of one list or all lists, by view, order and filters."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, NamedTuple

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.errors import Invalid
from app.households.tenant import ProvenHousehold, Tenant
from app.lists import query_repository, repository
from app.lists.items.fields import NAME_LENGTH, PageRow
from app.lists.models import GroupBy, ShoppingList, View
from app.lists.query_repository import Browse, OpenPage, PriceTotal
from app.lists.repository import Clock
from app.lists.resolve_list import ALL_LISTS, resolve_list
from app.quantities.merge_key import singular
from app.text import clean, fold

BIGGEST: Final = 2**63 - 1


class Counts(NamedTuple):
    """How many items are open, checked, and waiting for a day to come."""

    open: int
    checked: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the view, the refs of those that left it (with `since_rev`), and where the next page starts.

    With `full`, everything in the view is there although `since_rev` was given, because older events are deleted.
    `totals` are those of all items in the view, on whatever page; None where they weren't asked for.
    """

    list: ShoppingList | None
    rev: int
    rows: Sequence[PageRow]
    removed: Sequence[str]
    counts: Counts
    next_cursor: str | None
    full: bool = False
    totals: Sequence[PriceTotal] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Which items to read; `list` is a name, a ref, None for the default list, or `*` for all lists. With
    `with_totals`, the first page has the sums of the prices."""

    list: str | None = None
    view: View = "open"
    group_by: GroupBy = "none"
    store: str | None = None
    query: str | None = None
    since_rev: int | None = None
    cursor: str | None = None
    limit: int = 100
    with_totals: bool = False


async def read_items(tenant: Tenant, request: Request) -> Page:
    """Return a page of items. Raises `NotFound` for the list, and `Invalid` for the query and the cursor."""
    page = await _read_page(tenant, request)
    if not request.with_totals or request.cursor is not None:
        return page
    browse = await _browsed(tenant, page.list, request)
    return replace(page, totals=await query_repository.read_price_totals(tenant, browse))


async def _read_page(tenant: Tenant, request: Request) -> Page:
    cursor = None if request.cursor is None else read_cursor(request.cursor, _CURSOR)
    if _is_for_open_items(request):
        return await _read_open_items(tenant, request, cursor)
    shopping_list = None if request.list == ALL_LISTS else await resolve_list(tenant, request.list)
    fingerprint = _fingerprint(shopping_list, request)
    _refuse_other_request(cursor, fingerprint)
    clock = await _clock(tenant, shopping_list, request)
    # Read before the rows, and carried from page to page: changes made meanwhile are newer than the revision on the
    # last page, so since_rev finds them.
    rev = cursor.rev if cursor is not None else _rev_of(shopping_list, clock)
    full = request.since_rev is not None and clock is not None and request.since_rev < clock.forgotten_rev
    since_rev = None if full else request.since_rev
    rows = await _browse(tenant, shopping_list, request, since_rev, cursor)
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    removed = [row.ref for row in rows if not row.in_view]
    if shopping_list is not None and since_rev is not None and cursor is None:
        left = await query_repository.departed(tenant, shopping_list.id, since_rev)
        removed += [f"i{number}" for number in left]
    return Page(
        list=shopping_list,
        rev=rev,
        rows=[row for row in rows if row.in_view],
        removed=removed,
        counts=_counts([shopping_list] if shopping_list is not None else await repository.all_lists(tenant)),
        next_cursor=make_cursor(Cursor(fingerprint, rev, rows[-1].place)) if more else None,
        full=full,
    )


async def read_items_alone(household: ProvenHousehold, request: Request) -> Page | None:
    """Return the page that `read_items` returns, in one message; None where it takes more."""
    if not _is_for_open_items(request) or request.with_totals:
        return None
    cursor = None if request.cursor is None else read_cursor(request.cursor, _CURSOR)
    after = None if cursor is None else cursor.place[-2:]
    found = await query_repository.read_open_page_alone(household, request.list, after, request.limit + 1)
    return None if found is None else _open_page(found, request, cursor)


def _is_for_open_items(request: Request) -> bool:
    """Return whether a request is for the open items of one list, in its order, without filters: what nearly every
    call asks for."""
    plain = Request(request.list, cursor=request.cursor, limit=request.limit, with_totals=request.with_totals)
    return request.list != ALL_LISTS and request == plain


async def _read_open_items(tenant: Tenant, request: Request, cursor: "Cursor | None") -> Page:
    after = None if cursor is None else cursor.place[-2:]
    found = await query_repository.read_open_page(tenant, request.list, after, request.limit + 1)
    if found is None:
        # By what people say for its name, or created just now.
        meant = await resolve_list(tenant, request.list)
        return await _read_open_items(tenant, replace(request, list=meant.ref), cursor)
    return _open_page(found, request, cursor)


def _open_page(found: OpenPage, request: Request, cursor: "Cursor | None") -> Page:
    shopping_list, rows = found
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    rev = shopping_list.rev if cursor is None else cursor.rev
    next_cursor = None
    if more or cursor is not None:
        fingerprint = _fingerprint(shopping_list, request)
        _refuse_other_request(cursor, fingerprint)
        next_cursor = make_cursor(Cursor(fingerprint, rev, rows[-1].place)) if more else None
    return Page(
        list=shopping_list,
        rev=rev,
        rows=rows,
        removed=(),
        counts=_counts([shopping_list]),
        next_cursor=next_cursor,
    )


async def _browse(
    tenant: Tenant, on: ShoppingList | None, request: Request, since_rev: int | None, cursor: "Cursor | None"
) -> list[PageRow]:
    """Return the rows of the page, and one more if there are more."""
    browse = await _browsed(tenant, on, request)
    after = None if cursor is None else cursor.place
    return await query_repository.read_page(tenant, replace(browse, since_rev=since_rev, after=after))


async def _browsed(tenant: Tenant, on: ShoppingList | None, request: Request) -> Browse:
    """Return which items a request is about, from the first one on."""
    return Browse(
        list_id=on.id if on is not None else None,
        view=request.view,
        group_by=request.group_by,
        stores=None if request.store is None else await _stores(tenant, request.store),
        words=() if request.query is None else _words(request.query),
        since_rev=None,
        after=None,
        limit=request.limit + 1,
    )


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


async def _stores(tenant: Tenant, name: str) -> list[str]:
    return [store for store in await query_repository.stores_of(tenant) if fold(store) == fold(name)]


class Cursor(NamedTuple):
    """Where the next page starts: the fingerprint of the request, the first page's revision, and the last row."""

    fingerprint: str
    rev: Annotated[int, Field(ge=0, le=BIGGEST)]
    place: tuple[
        Annotated[int, Field(ge=0, le=2**31 - 1)],
        bool,
        bool,
        Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")],
        Annotated[int, Field(ge=-BIGGEST, le=BIGGEST)],
        Annotated[int, Field(ge=0, le=2**31 - 1)],
    ]


_CURSOR: Final = TypeAdapter(Cursor)


def _fingerprint(on: ShoppingList | None, request: Request) -> str:
    """Return a hash of all that decides which rows there are and in which order; a cursor is valid for that only."""
    list_id = str(on.id) if on is not None else None
    parts = [list_id, request.view, request.group_by, request.store, request.query, request.since_rev]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=6).hexdigest()


def _refuse_other_request(cursor: Cursor | None, fingerprint: str) -> None:
    if cursor is not None and cursor.fingerprint != fingerprint:
        message = "cursor belongs to another request. Repeat the other arguments, or leave it out to start at the top."
        raise Invalid(message, field="cursor")
