"""Reading a list: a page of items in the view and order that was asked for."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import query_repository as browse_repository
from app.lists import query_repository as page_repository
from app.lists import repository
from app.lists.models import NAME_LENGTH, GroupBy, ShoppingList, View
from app.lists.page import PageRow
from app.lists.query_repository import Browse
from app.lists.repository import Clock
from app.lists.resolve_list import ALL_LISTS, resolve_list
from app.quantities.merge_key import singular
from app.text import clean, fold

BIGGEST: Final = 2**63 - 1


class Counts(NamedTuple):
    """How many items are open, checked, and waiting for their day."""

    open: int
    checked: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the view, the refs of those that left it (with `since_rev`), and where the next page starts.

    `full` when everything in the view is there although `since_rev` was given, because the record does not reach back.
    """

    list: ShoppingList | None
    rev: int
    rows: Sequence[PageRow]
    removed: Sequence[str]
    counts: Counts
    next_cursor: str | None
    full: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What to read, as it was asked for; `list` is a name, a ref, None for the default one, or `*` for all."""

    list: str | None = None
    view: View = "open"
    group_by: GroupBy = "none"
    store: str | None = None
    query: str | None = None
    since_rev: int | None = None
    cursor: str | None = None
    limit: int = 100


async def read_items(tenant: Tenant, request: Request) -> Page:
    """A page of items. Raises `NotFound` for the list, and `Invalid` for the query and the cursor."""
    cursor = None if request.cursor is None else read_cursor(request.cursor, _CURSOR)
    if request.list != ALL_LISTS and request == Request(request.list, cursor=request.cursor, limit=request.limit):
        return await _read_open_items(tenant, request, cursor)
    shopping_list = None if request.list == ALL_LISTS else await resolve_list(tenant, request.list)
    asked = _fingerprint(shopping_list, request)
    _refuse_other_question(cursor, asked)
    clock = await _clock(tenant, shopping_list, request)
    # Read before the rows, and carried from page to page: what changes meanwhile is younger than the revision that
    # the last page answers, so since_rev finds it.
    rev = cursor.rev if cursor is not None else _rev_of(shopping_list, clock)
    full = request.since_rev is not None and clock is not None and request.since_rev < clock.forgotten_rev
    since_rev = None if full else request.since_rev
    rows = await _browse(tenant, shopping_list, request, since_rev, cursor)
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    removed = [row.ref for row in rows if not row.in_view]
    if shopping_list is not None and since_rev is not None and cursor is None:
        left = await browse_repository.departed(tenant, shopping_list.id, since_rev)
        removed += [f"i{number}" for number in left]
    return Page(
        list=shopping_list,
        rev=rev,
        rows=[row for row in rows if row.in_view],
        removed=removed,
        counts=_counts([shopping_list] if shopping_list is not None else await repository.all_lists(tenant)),
        next_cursor=make_cursor(Cursor(asked, rev, rows[-1].place)) if more else None,
        full=full,
    )


async def _read_open_items(tenant: Tenant, request: Request, cursor: "Cursor | None") -> Page:
    """What is to be bought on one list, in its order, without any filter: what nearly every call asks for."""
    after = None if cursor is None else cursor.place[-2:]
    found = await page_repository.read_open_page(tenant, request.list, after, request.limit + 1)
    if found is None:
        await resolve_list(tenant, request.list)  # raises, with the lists that there are
        return await _read_open_items(tenant, request, cursor)  # it has appeared this moment
    shopping_list, rows = found
    asked = _fingerprint(shopping_list, request)
    _refuse_other_question(cursor, asked)
    rev = shopping_list.rev if cursor is None else cursor.rev
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    return Page(
        list=shopping_list,
        rev=rev,
        rows=rows,
        removed=(),
        counts=_counts([shopping_list]),
        next_cursor=make_cursor(Cursor(asked, rev, rows[-1].place)) if more else None,
    )


async def _browse(
    tenant: Tenant, on: ShoppingList | None, request: Request, since_rev: int | None, cursor: "Cursor | None"
) -> list[PageRow]:
    """One row more than the page holds, if there are as many."""
    browse = Browse(
        list_id=on.id if on is not None else None,
        view=request.view,
        group_by=request.group_by,
        stores=None if request.store is None else await _stores(tenant, request.store),
        words=() if request.query is None else _words(request.query),
        since_rev=since_rev,
        after=None if cursor is None else cursor.place,
        limit=request.limit + 1,
    )
    return await browse_repository.read_page(tenant, browse)


def _counts(lists: Sequence[ShoppingList]) -> Counts:
    waiting = sum(each.waiting_items for each in lists)
    return Counts(
        open=sum(each.open_items for each in lists) - waiting,
        checked=sum(each.checked_items for each in lists),
        waiting=waiting,
    )


async def _clock(tenant: Tenant, shopping_list: ShoppingList | None, request: Request) -> Clock | None:
    """The household's clock, where the answer depends on it."""
    if shopping_list is None or request.since_rev is not None:
        return await repository.read_clock(tenant)
    return None


def _rev_of(shopping_list: ShoppingList | None, clock: Clock | None) -> int:
    if shopping_list is not None:
        return shopping_list.rev
    return clock.rev if clock is not None else 0


def _words(query: str) -> list[tuple[str, str]]:
    """Each word folded, and in the singular, as keys are."""
    return [(word, singular(word)) for word in fold(clean(query, "query", NAME_LENGTH)).split()]


async def _stores(tenant: Tenant, name: str) -> list[str]:
    return [store for store in await browse_repository.stores_of(tenant) if fold(store) == fold(name)]


class Cursor(NamedTuple):
    """Where the next page starts: what was asked, the first page's revision, and the last row of the page before.

    It needs no seal: what may be seen is decided anew by every query.
    """

    asked: str
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
    """What decides which rows there are and in which order; a cursor is good for that alone."""
    list_id = str(on.id) if on is not None else None
    parts = [list_id, request.view, request.group_by, request.store, request.query, request.since_rev]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=6).hexdigest()


def _refuse_other_question(cursor: Cursor | None, asked: str) -> None:
    if cursor is not None and cursor.asked != asked:
        message = "cursor belongs to another question. Repeat the other arguments, or leave it out to start at the top."
        raise Invalid(message, field="cursor")
