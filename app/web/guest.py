"""The page of a guest's link: one list, for somebody without an account, and a key for their assistant.

The code in the link is all that a guest has. The page neither reads nor sets a cookie, so that who is signed in at the
browser makes no difference, and a form of another site could do nothing that its sender, who would have to know the
code, can't do without it. Forms carry a token all the same.
"""

from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.db import transaction
from app.errors import AppError, Invalid, LimitReached, NotFound
from app.households.guests import CLIENT_ID, actor_of, find_by_code, make_key, note_use
from app.households.models import GuestLink
from app.households.tenant import open_tenant
from app.households.time_zones import zone_of
from app.limits.defaults import GUEST_PAGES, UNKNOWN_GUEST_LINKS
from app.lists.models import ShoppingList
from app.lists.queries import Page
from app.lists.queries import Request as ItemRequest
from app.lists.shared_list import find_shared_list, read_shared_list, tick_item
from app.resources import GUEST as GUEST_ENDPOINT
from app.runtime.addresses import client_address
from app.ui.forms import Fields, read_form
from app.ui.languages import error_text
from app.ui.languages import gettext as _
from app.ui.paths import guest_path
from app.ui.status import set_retry_after, status_of_page, status_of_refusal
from app.web.context import WebContext

TICK: Final = "/guest/tick"
KEY: Final = "/guest/key"

ITEMS: Final = 200
"""Open items on one page."""

BOUGHT: Final = 50
"""Of what was bought, this much is shown."""


async def show_guest(web: WebContext, request: Request) -> Response:
    """GET /guest: the list that the code in the address shows."""
    code, cursor = request.query_params.get("code", ""), request.query_params.get("cursor", "")
    try:
        link = await _find_link(web, request, code)
    except AppError as error:
        return _refused(web, error)
    return await _page(web, link, code, cursor)


async def post_tick(web: WebContext, request: Request) -> Response:
    """POST /guest/tick: mark an item as bought (`tick`), or as not bought after all (`untick`)."""
    fields = await read_form(request)
    code, cursor = fields.one("code"), fields.one("cursor")
    if not _is_own_form(web, request, fields, TICK):
        return _out_of_date(web)
    try:
        link = await _find_link(web, request, code)
        ref, untick = fields.one("tick"), fields.one("untick")
        entry = web.audit_entry(
            request,
            Action.GUEST_TICKED,
            person_id=link.person_id,
            client_id=CLIENT_ID,
            grant_id=link.id,
            household_id=link.household_id,
            touched=1,
        )
        try:
            async with open_tenant(
                web.kit.engine,
                actor_of(link, ticks=True),
                None,
                write=True,
                lists_changed=web.lists_changed,
                for_guests=True,
            ) as tenant:
                await tick_item(tenant, code, ref or untick, web.kit.clock(), checked=bool(ref))
        except AppError as error:
            web.audit.note(replace(entry, outcome=error.code, touched=None))
            raise
        web.audit.note(entry)
    except AppError as error:
        return await _page_with_error(web, request, code, cursor, error)
    return _unindexed(web.kit.see_other(guest_path(code, cursor)))


async def post_key(web: WebContext, request: Request) -> Response:
    """POST /guest/key: make a key for the guest's assistant, and show it this once."""
    fields = await read_form(request)
    code = fields.one("code")
    if not _is_own_form(web, request, fields, KEY):
        return _out_of_date(web)
    try:
        link = await _find_link(web, request, code)
        async with transaction(web.kit.engine) as connection:
            key, _ = await make_key(connection, code, web.kit.clock())
    except AppError as error:
        return await _page_with_error(web, request, code, "", error)
    return await _page(web, link, code, key=key)


async def _find_link(web: WebContext, request: Request, code: str) -> GuestLink:
    """Return the live link with this code, and store that it was used.

    Raises `NotFound`, and `RateLimited` for a link that is used too often, and for a network with too many codes that
    nobody has: a code that works is looked at first, so that nobody is shut out by those who try others.
    """
    now = web.kit.clock()
    try:
        async with transaction(web.kit.engine) as connection:
            link = await find_by_code(connection, code, now)
            await note_use(connection, link, now)
    except NotFound:
        await web.limiter.check(UNKNOWN_GUEST_LINKS, client_address(request))
        raise
    await web.limiter.check(GUEST_PAGES, link.person_id)
    return link


def _is_own_form(web: WebContext, request: Request, fields: Fields, purpose: str) -> bool:
    return web.kit.csrf.accepts(request, fields.one("code"), fields.one("form_token"), purpose, "")


async def _page_with_error(web: WebContext, request: Request, code: str, cursor: str, error: AppError) -> Response:
    """Return the page as it is now, with an error; or the error alone for who may not see the page."""
    if isinstance(error, LimitReached) and error.retry_after is not None:
        return _refused(web, error)
    try:
        async with transaction(web.kit.engine) as connection:
            link = await find_by_code(connection, code, web.kit.clock())
    except AppError:
        return _refused(web, error)
    return await _page(web, link, code, cursor, error=error)


async def _page(
    web: WebContext, link: GuestLink, code: str, cursor: str = "", *, error: AppError | None = None, key: str = ""
) -> Response:
    try:
        try:
            shared, to_buy, bought = await _read(web, link, cursor)
        except Invalid:  # the list has another order by now
            cursor = ""
            shared, to_buy, bought = await _read(web, link, cursor)
    except AppError as refusal:
        return _refused(web, refusal)
    context: dict[str, Any] = {
        "error": error,
        "list_name": shared.name,
        "may_tick": link.may == "tick",
        "to_buy": to_buy.rows,
        "bought": bought.rows,
        "more_bought": bought.next_cursor is not None,
        "counts": to_buy.counts,
        "next_path": None if to_buy.next_cursor is None else guest_path(code, to_buy.next_cursor),
        "first_path": guest_path(code, "") if cursor else None,
        "code": code,
        "cursor": cursor,
        "until": link.expires_at.astimezone(zone_of(link.time_zone)),
        "tick_token": web.kit.csrf.token(code, TICK, ""),
        "key_token": web.kit.csrf.token(code, KEY, ""),
        "key": key,
        "address": GUEST_ENDPOINT.identifier(web.public_url),
    }
    status = 200 if error is None else status_of_refusal(error)
    response = web.kit.pages.page("guest.html", status=status, **context)
    if error is not None:
        set_retry_after(response, error)
    return _unindexed(response)


async def _read(web: WebContext, link: GuestLink, cursor: str) -> tuple[ShoppingList, Page, Page]:
    async with open_tenant(web.kit.engine, actor_of(link), None, write=False, for_guests=True) as tenant:
        to_buy = ItemRequest(limit=ITEMS, cursor=cursor or None)
        return (
            await find_shared_list(tenant),
            await read_shared_list(tenant, to_buy),
            await read_shared_list(tenant, ItemRequest(view="checked", limit=BOUGHT)),
        )


def _out_of_date(web: WebContext) -> Response:
    return _unindexed(web.kit.pages.message(_("This page is out of date"), _("Open your link again.")))


def _refused(web: WebContext, error: AppError) -> Response:
    title = _("This list can't be shown")
    response = web.kit.pages.message(title, error_text(error), status=status_of_page(error))
    set_retry_after(response, error)
    return _unindexed(response)


def _unindexed(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
