"""What the page of a list shows: its items in groups, where new ones come from, and what was done last."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Final, Literal
from uuid import UUID

from app.db import transaction
from app.errors import Invalid, NotFound
from app.households.tenant import Tenant
from app.lists.history.queries import Happening, read_history
from app.lists.history.queries import Request as HistoryRequest
from app.lists.items.fields import LABEL_LENGTH, PageRow
from app.lists.models import Order, ShoppingList, event_ref
from app.lists.provenance_repository import Origin, read_grants, read_recent_origins
from app.lists.queries import Counts, Page, read_items
from app.lists.queries import Request as ItemRequest
from app.lists.query_repository import read_bought_last, stores_to_visit
from app.oauth.grants.connected_apps_repository import names_of_apps
from app.text import fold
from app.web.context import WebContext
from app.web.lists.changes import find_list
from app.web.lists.visit import Visit, address_of

ITEMS: Final = 500
"""Items to buy on one page."""

BOUGHT: Final = 50
"""Of what was bought, the latest are shown: so many."""

STORES: Final = 50
"""So many stores are offered in the view for the shop."""

MOST_CHANGED: Final = 100
"""Of more items that have changed at once, all are shown anew."""

LATER: Final = 100
"""Of what waits for a day, this much is shown."""

LATEST: Final = timedelta(days=1)
"""For so long the page offers to undo what was done last."""

LONGEST_CURSOR: Final = 2_000

At = Literal["list", "shop", "order"]
By = Literal["own", "none", "category", "store", "recipe"]

_AT: Final[dict[str, At]] = {"shop": "shop", "order": "order"}
_BY: Final[dict[str, By]] = {"none": "none", "category": "category", "store": "store", "recipe": "recipe"}


@dataclass(frozen=True, slots=True)
class Shown:
    """Which part of a list is shown, and how; `at` is the page of it: the list, the shop, or where it is put in
    order."""

    at: At = "list"
    by: By = "own"
    store: str | None = None
    cursor: str = ""


def shown_from(value_of: Callable[[str], str]) -> Shown:
    """Return what the parameters of an address, or the fields of a form, ask for; `value_of` returns an empty text for
    those that are left out. What is asked for wrongly is as if it were left out."""
    at = _AT.get(value_of("at"), "list")
    by = "none" if at == "order" else _BY.get(value_of("by"), "own")
    store = value_of("store").replace("\0", "").strip()
    return Shown(at, by, store[:LABEL_LENGTH] or None, value_of("cursor")[:LONGEST_CURSOR])


def address_of_shown(visit: Visit, ref: str, shown: Shown, part: str = "") -> str:
    """Return the address of the page that shows it; of another part of the page, the one for the same."""
    named = {"at": shown.at, "by": shown.by, "store": shown.store, "cursor": shown.cursor}
    if not part and shown.at == "shop":
        part, named["at"] = "shop", None
    asked = {name: value for name, value in named.items() if value and value not in ("list", "own")}
    return address_of(visit, ref, part, **asked)


@dataclass(frozen=True, slots=True)
class Line:
    """An item, with who added it and through which app, if that was lately."""

    row: PageRow
    added_by: str | None = None
    app: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Items that belong together; without a title where they are in no groups, with an empty one for the rest."""

    title: str | None
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Event:
    """A change, with its ref and the app through which it was made, if it was one."""

    happening: Happening
    ref: str
    app: str | None

    @property
    def kind(self) -> str:
        """What was done."""
        return self.happening.entry.event.kind

    @property
    def is_undone(self) -> bool:
        """Whether it was undone."""
        return self.happening.entry.event.undone_by is not None

    @property
    def more(self) -> int:
        """How many of its things are not named in a short sentence."""
        return self.happening.more + max(0, len(self.happening.changes) - 1)


@dataclass(frozen=True, slots=True)
class Content:
    """A list as its page shows it."""

    list: ShoppingList
    shown: Shown
    groups: Sequence[Group]
    bought: Sequence[Line]
    later: Sequence[Line]
    counts: Counts
    next_cursor: str | None
    more_bought: bool
    stores: Sequence[str]
    """Where one can shop for the list, in the view for the shop."""

    learned_for: str | None
    latest: Event | None
    changed: Collection[str] | None = None
    """The refs of the items that have changed since a revision; None where all are to be shown."""


async def read_content(web: WebContext, visit: Visit, ref: str, shown: Shown, since_rev: int | None = None) -> Content:
    """Return a list as it is now, with what has changed since a revision if it is given. Raises `NotFound`."""
    async with visit.household(web, write=False).open(write=False) as tenant:
        on = await find_list(tenant, ref)
        page, shown = await _read_page(tenant, on, shown)
        bought = await read_bought_last(tenant, on.id, BOUGHT + 1)
        more_bought, bought = len(bought) > BOUGHT, bought[:BOUGHT]
        stores = await stores_to_visit(tenant, on.id, STORES) if shown.at == "shop" else []
        later = await read_items(tenant, ItemRequest(list=on.ref, view="waiting", limit=LATER))
        changed = None if since_rev is None else await _changed_since(tenant, on, since_rev)
        rows = [*page.rows, *bought, *later.rows]
        origins = await read_recent_origins(tenant, [row.no for row in rows])
        history = await read_history(tenant, HistoryRequest(list=on.ref, limit=1))
        latest = [each for each in history.happenings if each.entry.event.at > web.kit.clock() - LATEST]
        grants = await read_grants(tenant, [each.entry.event.no for each in latest])
    apps = await _apps(web, {*grants.values(), *(each.grant_id for each in origins.values())})

    def lines(rows: Sequence[PageRow]) -> list[Line]:
        return [_line(row, origins.get(row.no), apps) for row in rows]

    events = _events(latest, grants, apps)
    return Content(
        list=on,
        shown=shown,
        groups=_groups(on, shown, lines(page.rows)),
        bought=lines(bought),
        later=lines(later.rows),
        counts=page.counts,
        next_cursor=page.next_cursor,
        more_bought=more_bought,
        stores=_choice(stores, on.store, shown.store),
        learned_for=None if page.order is None else page.order.store,
        latest=events[0] if events else None,
        changed=changed,
    )


async def read_events(
    web: WebContext, visit: Visit, ref: str, request: HistoryRequest
) -> tuple[ShoppingList, list[Event], str | None]:
    """Return a list, the changes on it or those of an item, newest first, and where the next page starts.

    Raises what `read_history` does.
    """
    async with visit.household(web, write=False).open(write=False) as tenant:
        on = await find_list(tenant, ref)
        history = await read_history(tenant, replace(request, list=on.ref if request.item is None else None))
        grants = await read_grants(tenant, [each.entry.event.no for each in history.happenings])
    return on, _events(history.happenings, grants, await _apps(web, set(grants.values()))), history.next_cursor


async def _read_page(tenant: Tenant, on: ShoppingList, shown: Shown) -> tuple[Page, Shown]:
    request = ItemRequest(list=on.ref, group_by=shown.by, store=shown.store, cursor=shown.cursor or None, limit=ITEMS)
    try:
        return await read_items(tenant, request), shown
    except (Invalid, NotFound):  # the list has another order by now, or nothing is for that store any more
        first = replace(shown, store=None, cursor="")
        return await read_items(tenant, replace(request, store=None, cursor=None)), first


async def _changed_since(tenant: Tenant, on: ShoppingList, rev: int) -> Collection[str] | None:
    """Return the refs of the items that have changed since a revision; None where that is not known, or too many."""
    page = await read_items(tenant, ItemRequest(list=on.ref, view="all", since_rev=rev, limit=MOST_CHANGED))
    return None if page.full or page.next_cursor is not None else {row.ref for row in page.rows}


async def _apps(web: WebContext, grants: set[UUID]) -> dict[UUID, str]:
    async with transaction(web.kit.engine) as connection:
        return await names_of_apps(connection, grants)


def _line(row: PageRow, origin: Origin | None, apps: dict[UUID, str]) -> Line:
    return Line(row) if origin is None else Line(row, origin.person, apps.get(origin.grant_id))


def _events(happenings: Sequence[Happening], grants: dict[int, UUID], apps: dict[UUID, str]) -> list[Event]:
    numbered = [(each.entry.event.no, each) for each in happenings]
    return [Event(each, event_ref(no), apps.get(grants[no]) if no in grants else None) for no, each in numbered]


def _choice(stores: Sequence[str], *others: str | None) -> list[str]:
    """Return the stores to choose from; of spellings that mean the same one, the first."""
    spellings = {fold(store): store for store in reversed([*filter(None, others), *stores])}
    return sorted(spellings.values(), key=str.casefold)


def _groups(on: ShoppingList, shown: Shown, lines: Sequence[Line]) -> list[Group]:
    by: Order = "category" if shown.by == "own" and on.category_order else shown.by
    if by in ("own", "none"):
        return [Group(None, lines)] if lines else []

    def title(line: Line) -> str:
        if by == "store":
            return line.row.store or on.store or ""
        return (line.row.category if by == "category" else line.row.recipe) or ""

    # Spellings of one group stand together; its title is that of its first line.
    groups = (list(each) for _, each in groupby(lines, key=lambda line: fold(title(line))))
    return [Group(title(of_group[0]), of_group) for of_group in groups]
