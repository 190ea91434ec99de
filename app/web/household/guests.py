"""The forms for guests on the page of a person's households: making a link that shows one list, and ending it."""

from functools import partial
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.households import guests
from app.households.models import GuestMay
from app.households.tenant import open_tenant
from app.limits.defaults import HOUSEHOLD_FORMS
from app.lists.shared_list import share_list
from app.people.models import Person
from app.ui.page_kit import SubmittedForm
from app.ui.paths import HOUSEHOLD, guest_path
from app.web.context import WebContext
from app.web.household.forms import answer_form, chosen, find_actor, require_person
from app.web.household.page import GUEST_DAYS, WHICH, NewLink, household_page, new_link

SHARE: Final = "/household/guest"
END: Final = "/household/guest/end"

_HOURS: Final = {value: int(value) * 24 for value in GUEST_DAYS}
_MAY: Final[dict[str, GuestMay]] = {"look": "look", "tick": "tick"}


async def post_share(web: WebContext, request: Request) -> Response:
    """POST /household/guest: make a link to one list, and show it this once."""

    async def share(form: SubmittedForm, person: Person) -> Response:
        household_id = UUID(form.fields.one(WHICH))  # the CSRF token covers it: we wrote it
        shared = await _share(web, form, person, household_id)
        return await household_page(web, form.session, person, shared=shared)

    return await answer_form(web, request, SHARE, HOUSEHOLD_FORMS, share)


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

    async def end(form: SubmittedForm, _: Person) -> Response:
        household_id, link_id = map(UUID, form.fields.one(WHICH).split(" "))  # the CSRF token covers it: we wrote it
        async with transaction(web.kit.engine, committed=partial(web.members_changed, household_id)) as connection:
            now = web.kit.clock()
            by = await require_person(connection, form, now)
            await guests.end_link(connection, household_id, link_id, now, by=by.id)
        return web.kit.see_other(HOUSEHOLD)

    return await answer_form(web, request, END, HOUSEHOLD_FORMS, end)
