"""The pages' forms: each is good in one browser, for whom it was shown to, and for what it is about."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError
from app.oauth.browser.browser_session import BrowserSession, read_browser_session
from app.oauth.context import OAuthContext
from app.ui.forms import Fields, read_form
from app.ui.status import set_retry_after, status_of_refusal


@dataclass(frozen=True, slots=True)
class SubmittedForm:
    """A form proven to come from our page in this browser, shown to the same person."""

    session: BrowserSession
    fields: Fields


async def submitted_form(server: OAuthContext, request: Request, purpose: str, item: str = "") -> SubmittedForm | None:
    """The posted form; None unless cookie, token and Origin prove it ours. Raises `Invalid` for broken forms.

    `item` is the field that names what the form acts on, such as one of several apps, or the waiting request.
    """
    fields = await read_form(request)
    visit = await read_browser_session(server, request)
    subject = _subject(visit, fields.one(item) if item else "")
    if not server.csrf.accepts(request, visit.cookie, fields.one("form_token"), purpose, subject):
        return None
    return SubmittedForm(visit, fields)


def csrf_token(server: OAuthContext, visit: BrowserSession, purpose: str, item: str = "") -> str:
    """The proof to put into a form; `item` is the value of the field that names what it acts on."""
    return server.csrf.token(visit.cookie, purpose, _subject(visit, item))


def show(
    server: OAuthContext, visit: BrowserSession, template: str, error: AppError | None = None, **context: Any
) -> Response:
    """A page; with `error` as its status, its alert and Retry-After."""
    status = 200 if error is None else status_of_refusal(error)
    response = server.pages.page(template, status=status, error=error, **context)
    if error is not None:
        set_retry_after(response, error)
    if visit.is_new:
        server.cookie.write(response, visit.cookie)
    return response


def _subject(visit: BrowserSession, item: str) -> str:
    return f"{visit.person.id if visit.person else ''} {item}"
