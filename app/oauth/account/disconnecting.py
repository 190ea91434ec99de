"""Disconnecting an app: its grant ends, and with it every token."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.oauth.account.visits import ACCOUNT, TO_DISCONNECT, out_of_date, posted
from app.oauth.journey import see_other
from app.oauth.server import AuthorizationServer
from app.oauth.store.connections import end_grant_of
from app.people.sessions import find_person


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
        if person is not None and await end_grant_of(connection, person.id, grant_id, "disconnected_by_person", now):
            ended.append(grant_id)
    return see_other(server, ACCOUNT) if ended else out_of_date(server)
