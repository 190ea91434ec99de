"""The pages' forms: each is good in one browser, for whom it was shown to, and for what it is about."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError
from app.oauth.browser.browser_session import Visit, visit_of
from app.oauth.context import AuthorizationServer
from app.ui.forms import Fields, read_form
from app.ui.status import say_when, status_of_refusal


@dataclass(frozen=True, slots=True)
class Posted:
    """A form proven to come from our page in this browser, shown to the same person."""

    visit: Visit
    fields: Fields


async def posted(server: AuthorizationServer, request: Request, purpose: str, item: str = "") -> Posted | None:
    """The posted form; None unless cookie, token and Origin prove it ours. Raises `Invalid` for broken forms.

    `item` is the field that names what the form acts on, such as one of several apps, or the waiting request.
    """
    fields = await read_form(request)
    visit = await visit_of(server, request)
    subject = _subject(visit, fields.one(item) if item else "")
    if not server.guard.accepts(request, visit.cookie, fields.one("form_token"), purpose, subject):
        return None
    return Posted(visit, fields)


def form_token(server: AuthorizationServer, visit: Visit, purpose: str, item: str = "") -> str:
    """The proof to put into a form; `item` is the value of the field that names what it acts on."""
    return server.guard.token(visit.cookie, purpose, _subject(visit, item))


def show(
    server: AuthorizationServer, visit: Visit, template: str, error: AppError | None = None, **context: Any
) -> Response:
    """A page; with `error` as its status, its alert and Retry-After."""
    status = 200 if error is None else status_of_refusal(error)
    response = server.pages.page(template, status=status, error=error, **context)
    if error is not None:
        say_when(response, error)
    if visit.is_new:
        server.cookie.write(response, visit.cookie)
    return response


def _subject(visit: Visit, item: str) -> str:
    return f"{visit.person.id if visit.person else ''} {item}"
