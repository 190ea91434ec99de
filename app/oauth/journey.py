"""The pages between a client's request and its answer: each form belongs to one request in one browser."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.db import Connection
from app.oauth.faults import OAuthFault
from app.oauth.server import AuthorizationServer
from app.oauth.store.requests import AuthorizationRequest, find_request, lock_request, rebind_request
from app.people.person import Person
from app.people.sessions import SESSION_LIFE, close_session, new_session_secret, open_session, session_hash
from app.ui.forms import Fields, read_form


@dataclass(frozen=True, slots=True)
class PostedForm:
    """A form proven to come from our page in this browser."""

    fields: Fields
    cookie: str
    request_id: UUID


async def open_request(
    server: AuthorizationServer, connection: Connection, request: Request
) -> tuple[AuthorizationRequest, str] | None:
    """The request that a page's address names, with this browser's cookie; None when it is not (or no longer) this
    browser's."""
    cookie = server.cookie.read(request)
    request_id = uuid_or_none(request.query_params.get("request", ""))
    if cookie is None or request_id is None:
        return None
    found = await find_request(connection, request_id, session_hash(cookie), server.clock())
    return None if found is None else (found, cookie)


async def posted_form(
    server: AuthorizationServer, request: Request, purpose: str, person: Person | None = None
) -> PostedForm | None:
    """The posted form; None unless cookie, token and Origin prove it ours. Raises `Invalid` for broken forms.

    `person` is whom the form was shown to: after another sign-in it is not accepted.
    """
    fields = await read_form(request)
    cookie = server.cookie.read(request)
    request_id = uuid_or_none(fields.one("request"))
    if cookie is None or request_id is None:
        return None
    subject = form_subject(request_id, person)
    if not server.guard.accepts(request, cookie, fields.one("form_token"), purpose, subject):
        return None
    return PostedForm(fields, cookie, request_id)


def form_subject(request_id: UUID, person: Person | None = None) -> str:
    """What a form's token stands for."""
    return f"{request_id} {person.id}" if person else str(request_id)


async def change_person(
    server: AuthorizationServer, connection: Connection, form: PostedForm, person: Person | None
) -> Response | None:
    """Sign `person` in (None: sign out) and go on with the same request under a new id and a new cookie.

    Nothing that was known of the browser before, such as a cookie planted in it, is good for anything afterwards.
    Answers None, and changes nothing, when the request is not open any more.
    """
    now = server.clock()
    waiting = await lock_request(connection, form.request_id, session_hash(form.cookie), now)
    if waiting is None:
        return None
    await close_session(connection, form.cookie)
    cookie = new_session_secret() if person is None else await open_session(connection, person.id, now)
    moved = await rebind_request(connection, waiting, session_hash(cookie), now)
    step = "sign-in" if person is None else "consent"
    response = see_other(server, f"/oauth/{step}?request={moved.id}")
    server.cookie.write(response, cookie, None if person is None else int(SESSION_LIFE.total_seconds()))
    return response


def see_other(server: AuthorizationServer, path: str) -> Response:
    """Go on to another page of ours."""
    return RedirectResponse(server.url(path), 303, headers={"Cache-Control": "no-store"})


def fault_page(server: AuthorizationServer, fault: OAuthFault) -> Response:
    """The page for a client's fault that is not sent on to the client."""
    return server.pages.page(
        "authorize_fault.html", status=fault.status, error=fault.error, description=fault.description
    )


def out_of_date(server: AuthorizationServer) -> Response:
    """The page for a form or address that is not good any more."""
    return server.pages.message(
        "This page is out of date",
        "It was open for too long, was answered already, or belongs to another browser or another sign-in. "
        "Go back to your app and connect again.",
        status=400,
    )


def uuid_or_none(text: str) -> UUID | None:
    """The id that a parameter names; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
