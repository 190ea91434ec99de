"""Signing in to the account's pages, and out again."""

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, transaction
from app.errors import AppError
from app.oauth.auditing import entry_of
from app.oauth.context import OAuthContext
from app.people.models import Person
from app.people.sessions import close_all_sessions, find_person_for_change
from app.ui.forms import local_path, typed
from app.ui.page_kit import BrowserSession
from app.web.account.urls import (
    ACCOUNT,
    SIGN_IN,
    TO_SIGN_IN,
    TO_SIGN_IN_UPSTREAM,
    TO_SIGN_OUT,
    TO_SIGN_OUT_EVERYWHERE,
    enter,
    out_of_date,
)
from app.web.password_proof import sign_in_with_password


async def show_sign_in(server: OAuthContext, request: Request) -> Response:
    """GET /account/sign-in; `next` is the path of ours to go to afterwards."""
    visit = await server.kit.read_session(request)
    path = local_path(request.query_params.get("next", ""), ACCOUNT)
    return server.kit.see_other(path) if visit.person else _page(server, visit, path)


async def post_sign_in(server: OAuthContext, request: Request) -> Response:
    """POST /account/sign-in: on to `next`, or the page again; an unknown email and a wrong password answer alike."""
    form = await server.kit.submitted_form(request, TO_SIGN_IN)
    if form is None:
        return out_of_date(server)
    path = ACCOUNT

    async def go_on(connection: Connection, person: Person) -> Response:
        return await enter(server, connection, form.session.cookie, person, path)

    try:
        path = local_path(form.fields.one("next"), ACCOUNT)
        return await sign_in_with_password(server, request, form.fields, go_on) or out_of_date(server)
    except AppError as error:
        return _page(server, form.session, path, typed(form.fields, "email"), error)


async def post_sign_out(server: OAuthContext, request: Request) -> Response:
    """POST /account/sign-out: this browser."""
    form = await server.kit.submitted_form(request, TO_SIGN_OUT)
    if form is None:
        return out_of_date(server)
    person = form.session.person
    async with transaction(server.engine) as connection:
        if person is not None:
            await record(connection, entry_of(server, request, Action.SIGN_OUT, person_id=person.id))
        return await enter(server, connection, form.session.cookie, None, SIGN_IN)


async def post_sign_out_everywhere(server: OAuthContext, request: Request) -> Response:
    """POST /account/sign-out-everywhere: every browser of the person, this one too. Apps stay connected."""
    form = await server.kit.submitted_form(request, TO_SIGN_OUT_EVERYWHERE)
    if form is None:
        return out_of_date(server)
    async with transaction(server.engine) as connection:
        person = await find_person_for_change(connection, form.session.cookie, server.clock())
        if person is None:
            return out_of_date(server)
        await close_all_sessions(connection, person.id)
        known = {"person_id": person.id, "detail": "everywhere"}
        await record(connection, entry_of(server, request, Action.SIGN_OUT, **known))
        return await enter(server, connection, form.session.cookie, None, SIGN_IN)


def _page(
    server: OAuthContext, visit: BrowserSession, path: str, email: str = "", error: AppError | None = None
) -> Response:
    return server.kit.show(
        visit,
        "account_sign_in.html",
        error,
        form_token=server.kit.csrf_token(visit, TO_SIGN_IN),
        has_passwords=server.settings.password_sign_in,
        upstream_name=server.oidc_provider.name if server.oidc_provider else None,
        upstream_token=server.kit.csrf_token(visit, TO_SIGN_IN_UPSTREAM),
        next=path,
        email=email,
    )
