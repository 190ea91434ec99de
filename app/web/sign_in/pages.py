"""The pages that ask who somebody is, on the way of a client's request: signing in, and signing up."""

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError
from app.oauth.authorize.pending_request import find_pending_request, out_of_date, request_of
from app.oauth.clients.ids import host_of, is_document_id
from app.oauth.clients.repository import find_client
from app.oauth.context import OAuthContext
from app.people.sessions import find_person
from app.ui.forms import typed
from app.ui.page_kit import BrowserSession, SubmittedForm

Purpose = Literal["sign-in", "sign-up"]

UPSTREAM = "upstream"


async def open_page(server: OAuthContext, request: Request, purpose: Purpose) -> Response:
    """The page for the request that the address names; on to consent for who is signed in."""
    async with transaction(server.engine) as connection:
        opened = await find_pending_request(server, connection, request)
        if opened is None:
            return out_of_date(server)
        waiting, cookie = opened
        if await find_person(connection, cookie, server.clock()) is not None:
            return server.kit.see_other(f"/oauth/consent?request={waiting.id}")
        client = await find_client(connection, waiting.client_id)
    # What a document says is asked for after the sign-in; until then its site is all there is to show.
    shown = host_of(waiting.client_id) if is_document_id(waiting.client_id) else client.name if client else ""
    return _page(server, BrowserSession(cookie, False, None), purpose, str(waiting.id), client_name=shown)


def page_again(server: OAuthContext, purpose: Purpose, form: SubmittedForm, error: AppError) -> Response:
    """The form again with what was wrong; what was typed stays, but for the password."""
    kept = {name: typed(form.fields, name) for name in ("email", "name")}
    return _page(server, form.session, purpose, str(request_of(form)), error, **kept)


def _page(
    server: OAuthContext,
    visit: BrowserSession,
    purpose: Purpose,
    request_id: str,
    error: AppError | None = None,
    **shown: str,
) -> Response:
    return server.kit.show(
        visit,
        f"{purpose.replace('-', '_')}.html",
        error,
        request_id=request_id,
        form_token=server.kit.csrf_token(visit, purpose, request_id),
        by_mail=server.mailer.enabled,
        has_passwords=server.settings.password_sign_in,
        upstream_name=server.oidc_provider.name if server.oidc_provider else None,
        upstream_token=server.kit.csrf_token(visit, UPSTREAM, request_id),
        **({"client_name": "", "email": "", "name": ""} | shown),
    )
