"""The page of all lists that a person sees, and making a new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.crypto.tokens import new_secret
from app.db import transaction
from app.errors import AppError, Conflict, Invalid, LimitReached
from app.households.models import Membership
from app.households.repository import memberships_of
from app.households.tenant import Tenant
from app.limits.defaults import LIST_PAGES
from app.lists.models import Changed, ListOutcome, ShoppingList
from app.lists.repository import all_lists
from app.lists.save_list import ListSettings, save_list
from app.people.models import Person
from app.ui.forms import Fields
from app.ui.page_kit import BrowserSession
from app.ui.paths import LISTS, list_path
from app.web.context import WebContext
from app.web.destinations import SIGN_IN
from app.web.lists.changes import make_change
from app.web.lists.said import for_people
from app.web.lists.visit import FORM, Visit, address_of

NEW_LIST: Final = f"{LISTS}/new"


@dataclass(frozen=True, slots=True)
class ShownHousehold:
    """A household with its lists, those in use and those put away."""

    membership: Membership
    in_use: Sequence[ShoppingList]
    archived: Sequence[ShoppingList]
    form_token: str
    key: str

    @property
    def may_change(self) -> bool:
        """Whether the person may change its lists."""
        return self.membership.role != "viewer"


async def show_lists(web: WebContext, request: Request) -> Response:
    """GET /lists."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={LISTS}")
    await web.limiter.check(LIST_PAGES, session.person.id)
    return await _page(web, session, session.person)


async def post_new_list(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of the form that makes a list: make it, and show it."""
    refs = list[str]()

    async def make(tenant: Tenant) -> Changed:
        made = await save_list(tenant, None, ListSettings(name=fields.one("name")))
        refs.extend(each.result.list.ref for each in made.entries if isinstance(each.result, ListOutcome))
        return made

    try:
        await make_change(web, request, visit, fields, "save_list", make)
    except (Conflict, Invalid, LimitReached) as error:
        return await _page(web, visit.session, visit.person, for_people(error), error_in=visit.membership.ref)
    return web.kit.see_other(address_of(visit, refs[0]) if refs else LISTS)


async def _page(
    web: WebContext, session: BrowserSession, person: Person, error: AppError | None = None, error_in: str = ""
) -> Response:
    async with transaction(web.kit.engine) as connection:
        memberships = await memberships_of(connection, person.id)
    return web.kit.show(
        session,
        "lists/overview.html",
        error,
        error_in=error_in,
        households=[await _shown(web, Visit(session, person, each)) for each in memberships],
        address=list_path,
        new_path=NEW_LIST,
    )


async def _shown(web: WebContext, visit: Visit) -> ShownHousehold:
    async with visit.household(web, write=False).open(write=False) as tenant:
        found = await all_lists(tenant)
    return ShownHousehold(
        visit.membership,
        [each for each in found if each.archived_at is None],
        [each for each in found if each.archived_at is not None],
        web.kit.csrf_token(visit.session, FORM, visit.membership.ref),
        new_secret(),
    )
