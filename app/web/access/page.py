"""The page of who has access: connected apps, API keys, and the browsers in which the person is signed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError, gettext_noop
from app.households.models import Membership
from app.households.repository import memberships_of
from app.oauth.authorize.consent_choices import LEVELS
from app.oauth.credentials.own_api_keys import DAYS, levels_for
from app.oauth.grants.connected_apps_repository import ConnectedApp, find_connected_apps, find_contested_apps
from app.oauth.grants.models import GrantKind
from app.people.models import Person
from app.people.repository import find_profile
from app.people.session_repository import OpenSession, find_sessions, session_id
from app.resources import resource_at
from app.scopes import next_scope, strongest_scope
from app.ui.browser_names import browser_name
from app.ui.page_kit import BrowserSession
from app.ui.paths import ACCESS
from app.web.context import WebContext
from app.web.destinations import SIGN_IN
from app.web.sign_in import SIGN_OUT_EVERYWHERE

END: Final = "/access/end"
WIDEN: Final = "/access/widen"
END_SESSION: Final = "/access/session"
NEW_KEY: Final = "/access/key"

CONTESTED_FOR: Final = timedelta(days=30)
"""For so long the page tells that an app was ended because its token was in two hands."""

_DONE: Final = {
    "end": gettext_noop("Its access has ended. Its next call is refused."),
    "session": gettext_noop("That browser is signed out."),
    "widen": gettext_noop("It may do that from now on. If the app still refuses, wait a moment and try again there."),
}
"""What the page says of what was just done, by the parameter `done` in the address."""


@dataclass(frozen=True, slots=True)
class ShownApp:
    """A grant, the strongest scope that it has, its households by name and ref, and the CSRF token of its button; and
    the scope that it may be given as well, with the token of the button for that."""

    app: ConnectedApp
    scope: str
    households: Sequence[tuple[str, str]]
    form_token: str
    wider: str | None
    wider_token: str


@dataclass(frozen=True, slots=True)
class AppGroup:
    """What one app was allowed, each time that it was connected; apps are told apart by their names and hosts."""

    name: str
    host: str | None
    connections: Sequence[ShownApp]


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A browser that is signed in, with the names of it and of its system, and the CSRF token of its button."""

    session: OpenSession
    browser: str | None
    system: str | None
    is_this: bool
    form_token: str


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key that was just made. It is not stored, and can't be shown again."""

    name: str
    secret: str


async def show_access(web: WebContext, request: Request) -> Response:
    """GET /access."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={ACCESS}")
    return await access_page(web, session, session.person, done=_DONE.get(request.query_params.get("done", "")))


async def access_page(
    web: WebContext,
    session: BrowserSession,
    person: Person,
    error: AppError | None = None,
    *,
    done: str | None = None,
    made: ShownKey | None = None,
    key_name: str = "",
) -> Response:
    """Return the page of the person who is signed in. `error` is why no key was made, and `key_name` what was typed."""
    now = web.kit.clock()
    async with transaction(web.kit.engine) as connection:
        apps = await find_connected_apps(connection, person.id, now)
        contested = await find_contested_apps(connection, person.id, now - CONTESTED_FOR)
        sessions = await find_sessions(connection, person.id, now)
        memberships = await memberships_of(connection, person.id)
        profile = await find_profile(connection, person.id)
    levels = levels_for(profile, can_verify=web.mailer.enabled)
    shown = [_shown_app(web, session, each, levels) for each in apps]
    return web.kit.show(
        session,
        "access/access.html",
        error,
        done=done,
        made=made,
        key_name=key_name,
        zone=_zone(memberships),
        groups=_groups([each for each in shown if each.app.kind != GrantKind.KEY]),
        keys=[each for each in shown if each.app.kind == GrantKind.KEY],
        contested=contested,
        sessions=await anyio.to_thread.run_sync(partial(_shown_sessions, web, session, sessions)),
        memberships=memberships,
        levels=levels,
        days=DAYS,
        key_token=web.kit.csrf_token(session, NEW_KEY),
        everywhere_token=web.kit.csrf_token(session, SIGN_OUT_EVERYWHERE),
    )


def wider_scope(app: ConnectedApp, levels: Iterable[str]) -> str | None:
    """Return the next scope that a person may give to a connected app as well, of those that belong to its endpoint;
    `levels` are those that they may give at all."""
    if app.kind != GrantKind.CONSENT:
        return None
    return next_scope(app.scopes, {LEVELS[each] for each in levels}.intersection(resource_at(app.resource).scopes))


def _shown_app(web: WebContext, session: BrowserSession, app: ConnectedApp, levels: Iterable[str]) -> ShownApp:
    wider = wider_scope(app, levels)
    return ShownApp(
        app,
        strongest_scope(app.scopes),
        list(zip(app.households, app.household_refs, strict=True)),
        web.kit.csrf_token(session, END, str(app.grant_id)),
        wider,
        web.kit.csrf_token(session, WIDEN, f"{app.grant_id} {wider}"),
    )


def _groups(shown: Sequence[ShownApp]) -> list[AppGroup]:
    def of(each: ShownApp) -> tuple[str, str]:
        return (each.app.name, each.app.host or "")

    # Sorting keeps the newest connection of an app on top, and dictionaries the app that was connected last.
    newest = {of(each): number for number, each in reversed(list(enumerate(shown)))}
    ordered = sorted(shown, key=lambda each: newest[of(each)])
    return [AppGroup(name, host or None, list(group)) for (name, host), group in groupby(ordered, key=of)]


def _shown_sessions(web: WebContext, session: BrowserSession, found: Sequence[OpenSession]) -> list[ShownSession]:
    mine = session_id(session.cookie)
    return [
        ShownSession(
            each, *browser_name(each.browser), each.id == mine, web.kit.csrf_token(session, END_SESSION, each.id)
        )
        for each in sorted(found, key=lambda each: each.id != mine)
    ]


def _zone(memberships: Sequence[Membership]) -> object:
    return memberships[0].zone if memberships else None
