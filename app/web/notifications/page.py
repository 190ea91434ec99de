"""The page of notifications: all lists at once, the browsers that get pushes, quiet hours, and the daily letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from uuid import UUID

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.alerts.models import AlertSettings, ListAlert, PushBrowser
from app.alerts.repository import find_alerts
from app.alerts.settings_repository import find_settings
from app.alerts.subscription_repository import find_browsers
from app.db import transaction
from app.errors import AppError, gettext_noop
from app.households.models import Membership
from app.households.repository import memberships_of
from app.households.tenant import SERVICE, Actor, open_tenant
from app.households.time_zones import zone_names
from app.lists.models import ShoppingList
from app.lists.repository import all_lists
from app.people.models import Person
from app.people.repository import find_profile
from app.people.session_repository import session_id
from app.ui.browser_names import browser_name
from app.ui.languages import current_visit
from app.ui.page_kit import BrowserSession
from app.ui.pages import BARE_PAGE, page_headers
from app.ui.paths import NOTIFICATIONS
from app.web.context import WebContext
from app.web.destinations import SIGN_IN
from app.web.lists.visit import FORM, PAGE

BROWSER: Final = f"{NOTIFICATIONS}/browser"
END_BROWSER: Final = f"{NOTIFICATIONS}/browser/end"
RENEWAL: Final = f"{NOTIFICATIONS}/renewal"
SETTINGS: Final = f"{NOTIFICATIONS}/settings"
TRIAL: Final = f"{NOTIFICATIONS}/trial"

_DONE: Final = {
    "list": gettext_noop("Saved."),
    "settings": gettext_noop("Saved."),
    "browser": gettext_noop("This browser gets notifications from now on."),
    "end": gettext_noop("That browser gets no more notifications."),
    "trial": gettext_noop("A notification is on its way to each of your browsers. It takes a few seconds."),
    "none": gettext_noop("None of your browsers gets notifications yet."),
}
"""What the page says of what was just done, by the parameter `done` in the address."""


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list, and what its person wants to hear of it."""

    list: ShoppingList
    alert: ListAlert


@dataclass(frozen=True, slots=True)
class ShownHousehold:
    """A household's lists, and the CSRF token of their forms."""

    membership: Membership
    lists: Sequence[ShownList]
    form_token: str


@dataclass(frozen=True, slots=True)
class ShownBrowser:
    """A browser that gets pushes, with the names of it and of its system, and the CSRF token of its button."""

    browser: PushBrowser
    name: str | None
    system: str | None
    is_this: bool
    form_token: str


async def show_notifications(web: WebContext, request: Request) -> Response:
    """GET /notifications."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={NOTIFICATIONS}")
    done = _DONE.get(request.query_params.get("done", ""))
    return await notifications_page(web, session, session.person, done=done)


async def show_renewal(web: WebContext, request: Request) -> Response:
    """GET /notifications/renewal: what a browser's worker needs to send its new address; 404 when it is signed out."""
    session = await web.kit.read_session(request)
    headers = page_headers(BARE_PAGE)
    if session.person is None:
        return JSONResponse({}, 404, headers)
    token = web.kit.csrf_token(session, BROWSER)
    return JSONResponse({"key": web.push_keys.public_key, "form_token": token}, headers=headers)


async def notifications_page(
    web: WebContext, session: BrowserSession, person: Person, error: AppError | None = None, *, done: str | None = None
) -> Response:
    """Return the page of the person who is signed in. `error` is why something was not saved."""
    now = web.kit.clock()
    async with transaction(web.kit.engine) as connection:
        memberships = await memberships_of(connection, person.id)
        alerts = {(each.household_id, each.list_id): each for each in await find_alerts(connection, person.id)}
        settings = await find_settings(connection, person.id) or first_settings(memberships)
        browsers = await find_browsers(connection, person.id, now)
        profile = await find_profile(connection, person.id)
    return web.kit.show(
        session,
        "notifications/notifications.html",
        error,
        done=done,
        households=[await _shown_household(web, session, person, each, alerts) for each in memberships],
        browsers=await anyio.to_thread.run_sync(partial(_shown_browsers, web, session, browsers)),
        settings=settings,
        quiet_from=_clock_time(settings.quiet.start if settings.quiet else 22 * 60),
        quiet_until=_clock_time(settings.quiet.end if settings.quiet else 7 * 60),
        zone=settings.zone,
        zones=_zones(settings.time_zone),
        key=web.push_keys.public_key,
        sends_letters=web.mailer.enabled,
        is_confirmed=person.email is not None and profile.verified_at is not None,
        browser_token=web.kit.csrf_token(session, BROWSER),
        settings_token=web.kit.csrf_token(session, SETTINGS),
        trial_token=web.kit.csrf_token(session, TRIAL),
    )


def first_settings(memberships: Sequence[Membership]) -> AlertSettings:
    """Return the settings of who has chosen none: in the language of the visit and the zone of their first
    household."""
    settings = AlertSettings(language=current_visit().language)
    return replace(settings, time_zone=memberships[0].time_zone) if memberships else settings


async def _shown_household(
    web: WebContext,
    session: BrowserSession,
    person: Person,
    membership: Membership,
    alerts: Mapping[tuple[UUID, UUID], ListAlert],
) -> ShownHousehold:
    household_id = membership.household_id
    actor = Actor(person.id, PAGE, SERVICE, (membership,), household_id)
    async with open_tenant(web.kit.engine, actor, None, write=False) as tenant:
        lists = await all_lists(tenant)
    shown = [
        ShownList(each, alerts.get((household_id, each.id)) or ListAlert(household_id, each.id, None, in_letter=False))
        for each in lists
        if each.archived_at is None
    ]
    return ShownHousehold(membership, shown, web.kit.csrf_token(session, FORM, membership.ref))


def _shown_browsers(web: WebContext, session: BrowserSession, found: Sequence[PushBrowser]) -> list[ShownBrowser]:
    mine = session_id(session.cookie)
    return [
        ShownBrowser(
            each,
            *browser_name(each.browser),
            each.session == mine,
            web.kit.csrf_token(session, END_BROWSER, str(each.id)),
        )
        for each in found
    ]


def _clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _zones(chosen: str) -> Sequence[str]:
    names = zone_names()
    return names if chosen in names else [chosen, *names]
