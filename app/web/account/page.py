"""The account page: who one is here, what is connected, and the forms that change it."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError
from app.oauth.authorize.consent_choices import asked_level
from app.oauth.clients.redirects import shown_host
from app.oauth.context import OAuthContext
from app.oauth.grants.connected_apps_repository import ConnectedApp, find_connected_apps
from app.people.models import Person
from app.people.repository import find_profile
from app.ui.page_kit import BrowserSession
from app.web.account.urls import (
    ACCOUNT,
    SIGN_IN,
    TO_CHANGE_PASSWORD,
    TO_DISCONNECT,
    TO_SEND_PROOF,
    TO_SIGN_OUT,
    TO_SIGN_OUT_EVERYWHERE,
)

_DONE: Final = {
    "password": "Your password is changed. Other browsers are signed out; apps stay connected.",
    "made": "Your account is made. Go back to your app and connect again.",
}
"""What is said of a change that just went well, by the word for it in the address."""


@dataclass(frozen=True, slots=True)
class ShownApp:
    """A connected app with the proof for its Disconnect button; `host` is where it lives, or its answers go."""

    app: ConnectedApp
    host: str | None
    level: str
    form_token: str


async def show_account(server: OAuthContext, request: Request) -> Response:
    """GET /account; `done` in the address says what the form did that led here."""
    visit = await server.kit.read_session(request)
    if visit.person is None:
        return server.kit.see_other(f"{SIGN_IN}?next={ACCOUNT}")
    return await account_page(server, visit, visit.person, done=_DONE.get(request.query_params.get("done", "")))


async def account_page(
    server: OAuthContext,
    visit: BrowserSession,
    person: Person,
    error: AppError | None = None,
    *,
    error_in: str | None = None,
    done: str | None = None,
) -> Response:
    """The page for the person who is signed in; `error_in` is the purpose of the form that was refused."""
    async with transaction(server.engine) as connection:
        profile = await find_profile(connection, person.id)
        apps = await find_connected_apps(connection, person.id, server.clock())
    return server.kit.show(
        visit,
        "account.html",
        error,
        error_in=error_in,
        done=done,
        person=person,
        provider=server.provider_of(person),
        profile=profile,
        by_mail=server.mailer.enabled,
        has_passwords=server.settings.password_sign_in,
        apps=[_shown(server, visit, app) for app in apps],
        tokens={
            "sign_out": server.kit.csrf_token(visit, TO_SIGN_OUT),
            "sign_out_everywhere": server.kit.csrf_token(visit, TO_SIGN_OUT_EVERYWHERE),
            "password": server.kit.csrf_token(visit, TO_CHANGE_PASSWORD),
            "proof": server.kit.csrf_token(visit, TO_SEND_PROOF),
        },
    )


def _shown(server: OAuthContext, visit: BrowserSession, app: ConnectedApp) -> ShownApp:
    host = shown_host(app.client_id) if app.client_id.startswith("https://") else app.redirect_host
    token = server.kit.csrf_token(visit, TO_DISCONNECT, str(app.grant_id))
    return ShownApp(app, host, asked_level(app.scopes), token)
