"""A list as text, whole or in pieces."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.errors import Conflict, Invalid
from app.households.tenant import Tenant
from app.lists import query_repository
from app.lists.export_forms import FORMS, Format, TextForm, place_of
from app.lists.items.fields import PageRow, Place
from app.lists.models import ITEMS_PER_LIST, ShoppingList, View
from app.lists.queries import PlaceInCursor
from app.lists.query_repository import Browse
from app.lists.resolve_list import resolve_list
from app.runtime.batches import map_in_batches


@dataclass(frozen=True, slots=True)
class Export:
    """A list as text, or a piece of it, and how many items are in that; `next_cursor` is where the next piece starts.

    All pieces of a list, one behind the other, are its whole text.
    """

    list: ShoppingList
    items: int
    text: str
    next_cursor: str | None = None


async def export_list(
    tenant: Tenant,
    list_name: str | None,
    form: Format,
    view: View,
    *,
    cursor: str | None,
    longest: int,
    cost: Callable[[str], int],
) -> Export:
    """Return the next piece of a list with the items in the view, in its order: as many as together cost no more than
    `longest`, and at least one.

    Raises `NotFound` for the list, `Invalid` for the cursor, and `Conflict` when the list has changed since the first
    piece: then the pieces don't belong together.
    """
    found = await resolve_list(tenant, list_name)
    after = None if cursor is None else _place_in(read_cursor(cursor, _CURSOR), found, form, view)
    return await _write(tenant, found, form, view, after, longest, cost)


async def export_resolved(
    tenant: Tenant, shopping_list: ShoppingList, form: Format, view: View, *, longest: int
) -> Export:
    """Return a whole list that was found already. Raises `Invalid` if it takes more than `longest` characters."""
    export = await _write(tenant, shopping_list, form, view, None, longest, len)
    if export.next_cursor is not None or len(export.text) > longest:
        message = f"{shopping_list.ref} is too long to be shown in one piece. list_items has it page by page."
        raise Invalid(message, field="list")
    return export


async def _write(
    tenant: Tenant,
    on: ShoppingList,
    form: Format,
    view: View,
    after: Place | None,
    longest: int,
    cost: Callable[[str], int],
) -> Export:
    """Write a list in parts, so that others get their turn, and no further than it may be long."""
    text_form = FORMS[form]
    browse = Browse(list_id=on.id, view=view, group_by=text_form.group_by, after=after, limit=ITEMS_PER_LIST)
    written: list[str] = []
    spent = cost(text_form.beginning(on)) + cost(text_form.end)
    previous: PageRow | Place | None = after
    async with aclosing(query_repository.read_in_parts(tenant, browse)) as parts:
        async for rows in parts:
            pairs = [*zip(rows, [previous, *rows[:-1]], strict=True)]
            texts = await map_in_batches(lambda each: text_form.item(text_form.cells(*each)), pairs)
            for row, text, price in zip(rows, texts, await map_in_batches(cost, texts), strict=True):
                spent += price
                if spent > longest and written:
                    return _piece(text_form, on, written, after, place_of(previous), view, form)
                written.append(text)
                previous = row
    return _piece(text_form, on, written, after, None, view, form)


def _piece(
    text_form: TextForm,
    on: ShoppingList,
    written: Sequence[str],
    after: Place | None,
    ended_at: Place | None,
    view: View,
    form: Format,
) -> Export:
    text = text_form.between.join(written)
    beginning = text_form.beginning(on) if after is None else text_form.between
    end = text_form.end if ended_at is None else ""
    cursor = None if ended_at is None else make_cursor(_Cursor(_fingerprint(on, form, view), on.rev, ended_at))
    return Export(on, len(written), f"{beginning}{text}{end}", cursor)


class _Cursor(NamedTuple):
    """Where the next piece starts: what is exported, the revision of the first piece, and the last row."""

    fingerprint: str
    rev: int
    place: PlaceInCursor


_CURSOR: Final = TypeAdapter(_Cursor)


def _fingerprint(on: ShoppingList, form: Format, view: View) -> str:
    return f"{on.ref} {form} {view}"


def _place_in(cursor: _Cursor, on: ShoppingList, form: Format, view: View) -> Place:
    if cursor.fingerprint != _fingerprint(on, form, view):
        message = "cursor belongs to another request. Repeat the other arguments, or leave it out to start at the top."
        raise Invalid(message, field="cursor")
    if cursor.rev != on.rev:
        message = f"{on.ref} has changed since the first piece. Leave cursor out to start again."
        raise Conflict(message, field="cursor")
    return cursor.place
