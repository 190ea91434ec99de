"""Disconnecting an app: its grant ends, and with it every token."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.oauth.auditing import endings_of
from app.oauth.context import OAuthContext
from app.oauth.grants.repository import one_of_person
from app.oauth.grants.revocation import RevocationReason
from app.people.sessions import find_person
from app.web.account.urls import ACCOUNT, TO_DISCONNECT, out_of_date


async def post_disconnect(server: OAuthContext, request: Request) -> Response:
    """POST /account/disconnect; `grant` names which. Of another's grant as little is told as of none."""
    form = await server.kit.submitted_form(request, TO_DISCONNECT, "grant")
    if form is None:
        return out_of_date(server)
    grant_id = UUID(form.fields.one("grant"))  # the form's token says that we wrote it
    now = server.clock()
    endings = endings_of(server, request)
    async with transaction(server.engine, committed=endings.tell) as connection:
        person = await find_person(connection, form.session.cookie, now)
        if person is None:
            return out_of_date(server)
        ended = await endings.end(connection, one_of_person(person.id, grant_id), RevocationReason.BY_PERSON, now)
    return server.kit.see_other(ACCOUNT) if ended else out_of_date(server)
