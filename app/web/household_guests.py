"""The forms for guests on the page of a person's households: making a link that shows one list, and ending it."""

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError
from app.households import guests
from app.households.models import GuestMay
from app.households.tenant import open_tenant
from app.limits.defaults import HOUSEHOLD_FORMS
from app.lists.shared_list import share_list
from app.people.models import Person
from app.ui.page_kit import SubmittedForm
from app.ui.paths import HOUSEHOLD, guest_path
from app.web.context import WebContext
from app.web.household import (
    GUEST_DAYS,
    WHICH,
    NewLink,
    chosen,
    find_actor,
    household_page,
    new_link,
    require_person,
    signed_in_form,
)

SHARE: Final = "/household/guest"
END: Final = "/household/guest/end"

_HOURS: Final = {value: int(value) * 24 for value in GUEST_DAYS}
_MAY: Final[dict[str, GuestMay]] = {"look": "look", "tick": "tick"}


async def post_share(web: WebContext, request: Request) -> Response:
    """POST /household/guest: make a link to one list, and show it this once."""
    found = await signed_in_form(web, request, SHARE)
    if found is None:
        return web.account_pages.out_of_date()
    form, person = found
    household_id = UUID(form.fields.one(WHICH))  # the CSRF token covers it: we wrote it
    try:
        await web.limiter.check(HOUSEHOLD_FORMS, person.id)
        shared = await _share(web, form, person, household_id)
    except AppError as error:
        return await household_page(web, form.session, person, error, error_in=SHARE)
    return await household_page(web, form.session, person, shared=shared)


async def _share(web: WebContext, form: SubmittedForm, person: Person, household_id: UUID) -> NewLink:
    fields, now = form.fields, web.kit.clock()
    may, hours = chosen(fields, "may", _MAY), chosen(fields, "days", _HOURS)
    actor = await find_actor(web, person, household_id)
    async with open_tenant(web.kit.engine, actor, None, write=True) as tenant:
        await require_person(tenant.connection, form, now)
        made, _ = await share_list(tenant, fields.one("list"), fields.one("name"), may, now, hours=hours)
    return new_link(web, household_id, made, guest_path(made.code))


async def post_end_guest(web: WebContext, request: Request) -> Response:
    """POST /household/guest/end: end a guest's link, with the keys of their assistants."""
    found = await signed_in_form(web, request, END)
    if found is None:
        return web.account_pages.out_of_date()
    form, person = found
    household_id, link_id = map(UUID, form.fields.one(WHICH).split(" "))  # the CSRF token covers it: we wrote it

    def notify() -> None:
        web.members_changed(household_id)

    try:
        await web.limiter.check(HOUSEHOLD_FORMS, person.id)
        async with transaction(web.kit.engine, committed=notify) as connection:
            now = web.kit.clock()
            by = await require_person(connection, form, now)
            await guests.end_link(connection, household_id, link_id, now, by=by.id)
    except AppError as error:
        return await household_page(web, form.session, person, error, error_in=END)
    return web.kit.see_other(HOUSEHOLD)
