"""Reading a list: a page of items in the view and order that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from pydantic import Field, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.households.tenant import Tenant
from app.lists import browse_repository, repository
from app.lists.browse_repository import Browse, Place, Row
from app.lists.model import NAME_LENGTH, GroupBy, ShoppingList, View
from app.lists.naming import ALL_LISTS, resolve_list
from app.text import clean, fold


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
    rows: Sequence[Row]
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
    """A page of items. Raises `NotFound` for the list and `Invalid` for the cursor."""
    shopping_list = None if request.list == ALL_LISTS else await resolve_list(tenant, request.list)
    list_id = shopping_list.id if shopping_list is not None else None
    # Before the rows: a change that comes between is read again with since_rev, never missed.
    clock = await repository.read_clock(tenant) if shopping_list is None or request.since_rev is not None else None
    rev = shopping_list.rev if shopping_list is not None else clock.rev if clock is not None else 0
    full = request.since_rev is not None and clock is not None and request.since_rev < clock.forgotten_rev
    since_rev = None if full else request.since_rev
    after = None if request.cursor is None else read_cursor(request.cursor, _PLACE)
    browse = Browse(
        list_id=list_id,
        view=request.view,
        group_by=request.group_by,
        stores=None if request.store is None else await _stores(tenant, request.store),
        words=() if request.query is None else fold(clean(request.query, "query", NAME_LENGTH)).split(),
        since_rev=since_rev,
        after=after,
        limit=request.limit + 1,
    )
    rows = await browse_repository.read_page(tenant, browse)
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    removed = [row.item.ref for row in rows if not row.in_view]
    if list_id is not None and since_rev is not None and after is None:
        removed += [f"i{number}" for number in await browse_repository.departed(tenant, list_id, since_rev)]
    return Page(
        list=shopping_list,
        rev=rev,
        rows=[row for row in rows if row.in_view],
        removed=removed,
        counts=Counts(*await browse_repository.count(tenant, list_id)),
        next_cursor=make_cursor(rows[-1].place) if more else None,
        full=full,
    )


async def _stores(tenant: Tenant, name: str) -> list[str]:
    return [store for store in await browse_repository.stores_of(tenant) if fold(store) == fold(name)]


_BIGINT: Final = 2**63 - 1
_PLACE: Final = TypeAdapter[Place](
    tuple[
        Annotated[int, Field(ge=0, le=2**31 - 1)],
        bool,
        Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")],
        Annotated[int, Field(ge=-_BIGINT, le=_BIGINT)],
        Annotated[int, Field(ge=0, le=2**31 - 1)],
    ]
)
