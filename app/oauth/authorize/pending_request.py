"""The way from a client's request to its answer: a request that waits, in one browser."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.crypto.tokens import hash_of
from app.db import Connection
from app.oauth.authorize.repository import AuthorizationRequest, find_request, lock_request, rebind_request
from app.oauth.context import OAuthContext
from app.oauth.faults import OAuthFault
from app.people.models import Person
from app.ui.page_kit import SubmittedForm

REQUEST = "request"
"""The parameter, and the field of forms, that names the waiting request."""

SIGN_OUT = "sign-out"
"""The purpose of the form "not you?" on the consent page."""


async def find_pending_request(
    server: OAuthContext, connection: Connection, request: Request
) -> tuple[AuthorizationRequest, str] | None:
    """The request that a page's address names, with this browser's cookie; None when it is not (or no longer) this
    browser's."""
    cookie = server.kit.cookie.read(request)
    request_id = uuid_or_none(request.query_params.get(REQUEST, ""))
    if cookie is None or request_id is None:
        return None
    found = await find_request(connection, request_id, hash_of(cookie), server.clock())
    return None if found is None else (found, cookie)


def request_of(form: SubmittedForm) -> UUID:
    """The waiting request that a form is about, whose proof covers it: so we wrote it."""
    return UUID(form.fields.one(REQUEST))


async def continue_as(
    server: OAuthContext, connection: Connection, cookie: str, request_id: UUID, person: Person | None
) -> Response | None:
    """Sign `person` in (None: sign out) and go on with the same request under a new id and a new cookie.

    Nothing that was known of the browser before, such as a cookie planted in it, is good for anything afterwards.
    Answers None, and changes nothing, when the request is not open any more.
    """
    now = server.clock()
    waiting = await lock_request(connection, request_id, hash_of(cookie), now)
    if waiting is None:
        return None
    new = await server.kit.swap_session(connection, cookie, person)
    moved = await rebind_request(connection, waiting, hash_of(new.value), now)
    return server.kit.see_other(f"/oauth/{'sign-in' if person is None else 'consent'}?request={moved.id}", new)


def fault_page(server: OAuthContext, fault: OAuthFault) -> Response:
    """The page for a client's fault that is not sent on to the client."""
    return server.kit.pages.page(
        "authorize_fault.html", status=fault.status, error=fault.error, description=fault.description
    )


def out_of_date(server: OAuthContext) -> Response:
    """The page for a form or address that is not good any more."""
    return server.kit.pages.message(
        "This page is out of date",
        "It was open for too long, was answered already, or belongs to another browser or another sign-in; or your "
        "browser keeps no cookies. Go back to your app and connect again.",
        status=400,
    )


def uuid_or_none(text: str) -> UUID | None:
    """The id that a parameter names; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
