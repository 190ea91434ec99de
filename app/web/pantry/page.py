"""The page of the pantry."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, Invalid
from app.households.tenant import Tenant
from app.lists.models import Changed
from app.lists.pantry.read import read_pantry
from app.lists.suggestions.suggest import suggest
from app.ui.amounts import percentage
from app.ui.forms import LONGEST_SHOWN, Fields
from app.ui.paths import PANTRY
from app.web.context import WebContext
from app.web.household.visit import at_household
from app.web.kitchen import Refused, kitchen_context, lists_to_choose, refused
from app.web.lists.acts import undo_named
from app.web.lists.changes import make_change
from app.web.lists.content import LONGEST_CURSOR
from app.web.lists.said import Done, for_people
from app.web.lists.visit import Visit
from app.web.pantry import acts
from app.web.pantry.words import evidence_of, reason_for

SUGGESTIONS: Final = 12

Act = Callable[[Tenant, Fields], Awaitable[Changed | Done]]

FORMS: Final[dict[str, tuple[Act, str]]] = {
    "say": (acts.say, "update_pantry"),
    "put": (acts.put_on_list, "add_items"),
    "undo": (undo_named, "undo"),
}
"""The forms, each by the last part of its path, with what it does and the kind of its event."""

_SHOWN_AT: Final = {"say": ("name", "amount", "expires"), "put": ("list",)}
"""The fields of forms that messages stand beside."""


async def show_pantry(web: WebContext, request: Request) -> Response:
    """GET /pantry."""
    visit = await at_household(web, PANTRY, request)
    if isinstance(visit, Response):
        return visit
    query = request.query_params.get("q", "").replace("\0", "").strip()[:LONGEST_SHOWN]
    return await _page(web, visit, query, request.query_params.get("cursor", "")[:LONGEST_CURSOR])


async def post_pantry(form: str, web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of a form of the page: make its change, and show the page with what became of it."""
    act, kind = FORMS[form]

    async def change(tenant: Tenant) -> Changed | Done:
        return await act(tenant, fields)

    query, cursor = fields.one("q").strip()[:LONGEST_SHOWN], fields.one("cursor")[:LONGEST_CURSOR]
    try:
        done = await make_change(web, request, visit, fields, kind, change)
    except AppError as error:
        name = f"say-{fields.one('of')}" if fields.one("of") else form
        refusal = refused(for_people(error), name, fields, _SHOWN_AT.get(form, ()))
        return await _page(web, visit, query, cursor, refusal=refusal)
    return await _page(web, visit, query, cursor, done=done)


async def _page(
    web: WebContext,
    visit: Visit,
    query: str,
    cursor: str,
    *,
    done: Done | None = None,
    refusal: Refused | None = None,
) -> Response:
    async with visit.household(web, write=False).open(write=False) as tenant:
        try:
            page = await read_pantry(tenant, query or None, cursor or None)
        except Invalid:  # a cursor that is of no use any more, or a query that no name can have
            cursor = ""
            page = await read_pantry(tenant, None, None)
        if refusal is not None and refusal.form not in (
            "undo",
            "put",
            *(f"say-{each.name_key}" for each in page.holdings),
        ):
            refusal = replace(refusal, form="say")  # its thing isn't shown any more
        _, suggestions = await suggest(tenant, None, None, SUGGESTIONS)
        lists = await lists_to_choose(tenant)
    return web.kit.show(
        visit.session,
        "pantry/pantry.html",
        None if refusal is None else refusal.error,
        **await kitchen_context(web, visit, done, refusal),
        holdings=page.holdings,
        next_cursor=page.next_cursor,
        suggestions=suggestions,
        lists=lists,
        query=query,
        cursor=cursor,
        evidence_of=evidence_of,
        reason_for=reason_for,
        thing_to_put=acts.thing_to_put,
        percentage=percentage,
    )
