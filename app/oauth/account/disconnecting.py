"""Disconnecting an app: its grant ends, and with it every token."""

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.audit.entry import Action
from app.audit.recording import record
from app.db import transaction
from app.oauth.account.visits import ACCOUNT, TO_DISCONNECT, out_of_date
from app.oauth.auditing import entry_of
from app.oauth.browser_session import see_other
from app.oauth.forms import posted
from app.oauth.server import AuthorizationServer
from app.oauth.store.connections import end_grant_of
from app.people.sessions import find_person

BY_PERSON: Final = "disconnected_by_person"


async def post_disconnect(server: AuthorizationServer, request: Request) -> Response:
    """POST /account/disconnect; `grant` names which. Of another's grant as little is told as of none."""
    form = await posted(server, request, TO_DISCONNECT, "grant")
    if form is None:
        return out_of_date(server)
    grant_id = UUID(form.fields.one("grant"))  # the form's token says that we wrote it
    now = server.clock()
    ended: list[UUID] = []
    async with transaction(server.engine, committed=lambda: server.grants_revoked(ended)) as connection:
        person = await find_person(connection, form.visit.cookie, now)
        if person is not None and await end_grant_of(connection, person.id, grant_id, BY_PERSON, now):
            ended.append(grant_id)
            known = {"person_id": person.id, "grant_id": grant_id, "detail": BY_PERSON}
            await record(connection, entry_of(server, request, Action.GRANT_REVOKED, **known))
    return see_other(server, ACCOUNT) if ended else out_of_date(server)
