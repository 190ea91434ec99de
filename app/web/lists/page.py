"""The page of a list, the same in the shop and where it is put in order, and what its forms do."""

from dataclasses import replace
from functools import partial
from typing import Any, Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from app.crypto.tokens import new_secret
from app.errors import AppError, NotFound, RoleRefused
from app.households.tenant import Tenant
from app.households.time_zones import zone_of
from app.lists.items.pasted_text import LONGEST_TEXT
from app.lists.known_names_repository import find_names
from app.lists.models import Changed
from app.quantities import parse_phrase
from app.text import plain_number
from app.ui.forms import Fields
from app.web.context import WebContext
from app.web.lists.acts import FORMS, TELLING
from app.web.lists.changes import find_list, make_change
from app.web.lists.content import Content, Shown, address_of_shown, read_content, shown_from
from app.web.lists.forms import is_scripted, told
from app.web.lists.said import Done, for_people
from app.web.lists.visit import FORM, AccessLost, Visit, address_of

MOST_NAMES: Final = 8
LONGEST_LINE: Final = 200

_TEMPLATES: Final = {"list": "lists/list.html", "shop": "lists/shop.html", "order": "lists/list.html"}


async def show_list(at: Literal["list", "shop"], web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of a list, or of the view for the shop."""
    return await list_page(web, visit, request.path_params["ref"], _shown(visit, request, at))


async def show_items(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of the part of the page with the items, as it is now: open pages read it after each change.

    A page that names the revision that it has in `since` gets the rows that are the same as places only.
    """
    shown, since = _shown(visit, request), plain_number(request.query_params.get("since", "")[:20])
    # Where the list is put in order, the buttons of a row depend on its neighbours.
    is_known = since is not None and 0 <= since < 2**63 and since == int(since) and shown.at != "order"
    since_rev = int(since) if is_known and since is not None else None
    content = await read_content(web, visit, request.path_params["ref"], shown, since_rev)
    return web.kit.pages.page("lists/items.html", **page_context(web, visit), **_shown_context(visit, content))


async def show_names(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of the usual names that begin with what is being typed."""
    typed = request.query_params.get("typed", "")[:LONGEST_LINE].replace("\0", "").strip()
    words = parse_phrase(typed).name
    async with visit.household(web, write=False).open(write=False) as tenant:
        on = await find_list(tenant, request.path_params["ref"])
        names = await find_names(tenant, on.id, words, MOST_NAMES)
    amount = typed.removesuffix(words) if words else ""
    return web.kit.pages.page("lists/names.html", names=names, amount="" if amount == typed else amount)


async def post_list(form: str, web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of a form of the page: make its change, and show the page that it came from again.

    A script gets what became of each line instead.
    """
    act, kind = FORMS[form]
    ref, shown = request.path_params["ref"], shown_from(fields.one)

    async def on_list(tenant: Tenant) -> Changed:
        return await act(tenant, await find_list(tenant, ref), fields)

    try:
        place = "" if is_scripted(request) or form in TELLING else await _place(web, visit, ref, shown, fields)
        done = await make_change(web, request, visit, fields, kind, on_list)
    except AppError as error:
        if is_scripted(request) or isinstance(error, RoleRefused | AccessLost):
            raise
        return await _refused(web, visit, ref, fields, for_people(error))
    if is_scripted(request):
        return told(web, done)
    if form in TELLING:
        return await list_page(web, visit, ref, shown, done=done)
    return web.kit.see_other(f"{address_of_shown(visit, ref, shown)}#{place}")


async def _place(web: WebContext, visit: Visit, ref: str, shown: Shown, fields: Fields) -> str:
    """Return where on the page it goes on after a form without scripts: at the item that was moved, or beside the one
    that leaves its place; the id of an element."""
    moved, item = fields.one("move"), fields.one("check") or fields.one("uncheck") or fields.one("remove")
    if moved:
        return moved.partition(" ")[0]
    content = await read_content(web, visit, ref, shown)
    to_buy = [line.row.ref for group in content.groups for line in group.lines]
    for refs in (to_buy, [line.row.ref for line in content.bought]):
        if item in refs:
            index = refs.index(item)
            beside = refs[index + 1 : index + 2] or refs[max(0, index - 1) : index]
            return beside[0] if beside else "items"
    return "items"


async def list_page(
    web: WebContext,
    visit: Visit,
    ref: str,
    shown: Shown,
    error: AppError | None = None,
    *,
    done: Done | None = None,
    text: str = "",
) -> Response:
    """Show a list, with what a form did or why it didn't, and `text` in the field for new items."""
    content = await read_content(web, visit, ref, shown)
    return web.kit.show(
        visit.session,
        _TEMPLATES[shown.at],
        error,
        **page_context(web, visit),
        **_shown_context(visit, content),
        done=done,
        text=text,
    )


def page_context(web: WebContext, visit: Visit) -> dict[str, Any]:
    """Return what every page and part of a list needs."""
    return {
        "membership": visit.membership,
        "may_change": visit.may_change,
        "address": partial(address_of, visit),
        "zone": zone_of(visit.membership.time_zone),
        "form_token": web.kit.csrf_token(visit.session, FORM, visit.membership.ref),
    }


async def _refused(web: WebContext, visit: Visit, ref: str, fields: Fields, refusal: AppError) -> Response:
    """Return the page as it is now, with a refusal; or the refusal alone for who may not see the page."""
    try:
        return await list_page(web, visit, ref, shown_from(fields.one), refusal, text=_typed_lines(fields))
    except NotFound:
        raise refusal from None


def _typed_lines(fields: Fields) -> str:
    """Return the lines that were typed, to show them again."""
    try:
        return fields.one("text")[:LONGEST_TEXT]
    except AppError:
        return ""


def _shown(visit: Visit, request: Request, at: str = "list") -> Shown:
    shown = shown_from(lambda name: request.query_params.get(name, ""))
    shown = replace(shown, at="shop") if at == "shop" else shown
    return shown if visit.may_change or shown.at != "order" else replace(shown, at="list")


def _shown_context(visit: Visit, content: Content) -> dict[str, Any]:
    ref, shown = content.list.ref, content.shown
    return {
        "content": content,
        "list": content.list,
        "key": new_secret(),
        "here": partial(_here, visit, ref, shown),
    }


def _here(visit: Visit, ref: str, shown: Shown, part: str = "", **changed: Any) -> str:
    """Return the address of what is shown, with something changed, or of another part of the page."""
    return address_of_shown(visit, ref, replace(shown, **changed), part)
