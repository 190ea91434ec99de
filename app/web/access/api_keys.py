"""The form that makes an API key, which is shown once, on the page that answers it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError, Invalid
from app.households.models import Membership
from app.households.repository import memberships_of
from app.limits.defaults import ACCESS_FORMS
from app.oauth.credentials.own_api_keys import DAYS, OwnKey, create_own_key, levels_for
from app.people.repository import find_profile
from app.people.session_repository import find_person_for_change
from app.runtime.addresses import client_address, known_address
from app.ui.forms import Fields, typed
from app.web.access.page import NEW_KEY, ShownKey, access_page
from app.web.context import WebContext

_DAYS: Final = {str(each): each for each in DAYS}


async def post_new_key(web: WebContext, request: Request) -> Response:
    """POST /access/key: make a key, and show it with the page."""
    form = await web.kit.submitted_form(request, NEW_KEY)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    fields, session, visitor = form.fields, form.session, form.session.person
    try:
        await web.limiter.check(ACCESS_FORMS, visitor.id)
        async with transaction(web.kit.engine) as connection:
            now = web.kit.clock()
            person = await find_person_for_change(connection, session.cookie, now)
            if person is None:
                return web.account_pages.out_of_date()
            levels = levels_for(await find_profile(connection, person.id), can_verify=web.mailer.enabled)
            wanted = _wanted(fields, await memberships_of(connection, person.id))
            address = known_address(client_address(request))
            issued = await create_own_key(connection, person, web.public_url, wanted, levels, now, address)
    except AppError as error:
        return await access_page(web, session, visitor, error, key_name=typed(fields, "name"))
    return await access_page(web, session, visitor, made=ShownKey(wanted.name.strip(), issued.secret))


def _wanted(fields: Fields, memberships: list[Membership]) -> OwnKey:
    ref = fields.one("household")
    household = next((each for each in memberships if each.ref == ref), None)
    if household is None:
        raise Invalid("Choose one of your own households.", field="household")
    return OwnKey(fields.one("name"), household, fields.one("level"), _DAYS.get(fields.one("days"), 0))
