"""What every form of these pages passes: it is our own, its sender is a member, and a script gets a part of a page."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError
from app.limits.defaults import LIST_FORMS
from app.ui.forms import Fields
from app.ui.status import set_retry_after, status_of_page
from app.web.context import WebContext
from app.web.lists.said import Done, for_people
from app.web.lists.visit import FORM, HOUSEHOLD, Visit, find_visit

SCRIPTED: Final = "x-list-part"
"""The header of a request that a script of these pages makes: it wants a part of a page. The answer has it too, with
what became of a form: `done`, `partly` if some lines were not, or `refused`. An answer without it isn't from a form."""

FormHandler = Callable[[WebContext, Visit, Fields, Request], Awaitable[Response]]


async def from_member(web: WebContext, handler: FormHandler, request: Request) -> Response:
    """Serve a form about a household to a member of it. Raises what `handler` raises, in the words of people."""
    form = await web.kit.submitted_form(request, FORM, HOUSEHOLD)
    person = form.session.person if form else None
    if form is None or person is None:
        return web.account_pages.out_of_date()
    try:
        await web.limiter.check(LIST_FORMS, person.id)
        visit = await find_visit(web, form.session, person, form.fields.one(HOUSEHOLD))
        return await handler(web, visit, form.fields, request)
    except AppError as error:
        refusal = for_people(error)
        if not is_scripted(request):
            raise refusal from None
        return told(web, refusal=refusal)


def is_scripted(request: Request) -> bool:
    """Return whether a script of these pages sent a form."""
    return SCRIPTED in request.headers


def told(web: WebContext, done: Done | None = None, refusal: AppError | None = None) -> Response:
    """Return the part of a page that says what a form did, or why it didn't."""
    status = 200 if refusal is None else status_of_page(refusal)
    response = web.kit.pages.page("lists/said.html", status=status, done=done, error=refusal)
    is_partial = done is not None and any(each.status == "failed" for each in done.said)
    response.headers[SCRIPTED] = "refused" if refusal is not None else "partly" if is_partial else "done"
    if refusal is not None:
        set_retry_after(response, refusal)
    return response
