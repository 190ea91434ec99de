"""The forms of notifications: what to hear of a list, which browsers get pushes, and how all of it is said."""

import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.alerts.event_repository import last_event
from app.alerts.models import MINUTES_A_DAY, AlertSettings, ListAlert, QuietHours
from app.alerts.outbox_repository import put_trial
from app.alerts.push_addresses import parse_address
from app.alerts.repository import save_alert
from app.alerts.settings_repository import add_settings, plan_letter, save_settings
from app.alerts.subscription_repository import remove_browser, save_subscription
from app.db import transaction
from app.errors import AppError, Invalid
from app.households.repository import lock_household
from app.households.time_zones import zone_names
from app.limits.defaults import ALERT_FORMS, PUSH_TRIALS
from app.people.session_repository import find_person_for_change
from app.ui.forms import Fields
from app.ui.languages import LANGUAGES
from app.ui.paths import NOTIFICATIONS
from app.web.context import WebContext
from app.web.lists.changes import find_list
from app.web.lists.visit import NO_LIST, AccessLost, Visit, address_of, prove_again
from app.web.notifications.page import BROWSER, END_BROWSER, SETTINGS, TRIAL, first_settings, notifications_page

TRIAL_LASTS: Final = timedelta(minutes=10)

_PUSHES: Final = ("", "additions", "changes")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::\d\d)?")


async def post_list_alert(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST /notifications/lists/{ref}: what a member, who may be a viewer, wants to hear of a list."""
    push, in_letter = fields.one("push"), fields.one("letter") == "yes"
    if push not in _PUSHES:
        raise Invalid("Choose what you want to hear of the list.", field="push")
    now = web.kit.clock()
    async with visit.household(web, write=False).open(write=False) as tenant:
        connection, household_id = tenant.connection, visit.membership.household_id
        if not await lock_household(connection, household_id):
            raise AccessLost(NO_LIST)
        await prove_again(connection, web, visit)
        on = await find_list(tenant, request.path_params["ref"])
        wanted = ListAlert(household_id, on.id, push or None, in_letter)
        await add_settings(connection, visit.person.id, first_settings([visit.membership]))
        await save_alert(connection, visit.person.id, wanted, await last_event(tenant))
        await plan_letter(connection, visit.person.id, now)
    if fields.one("back") == "settings":
        return web.kit.see_other(address_of(visit, on.ref, "settings"))
    return web.kit.see_other(f"{NOTIFICATIONS}?done=list")


async def post_browser(web: WebContext, request: Request) -> Response:
    """POST /notifications/browser: have pushes sent to this browser, at the address that its script sends."""
    form = await web.kit.submitted_form(request, BROWSER)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    session, fields = form.session, form.fields
    try:
        await web.limiter.check(ALERT_FORMS, form.session.person.id)
        address = parse_address(fields.one("endpoint"), fields.one("p256dh"), fields.one("auth"))
    except AppError as error:
        return await notifications_page(web, session, form.session.person, error)
    async with transaction(web.kit.engine) as connection:
        now = web.kit.clock()
        person = await find_person_for_change(connection, session.cookie, now)
        if person is None:
            return web.account_pages.out_of_date()
        await add_settings(connection, person.id, first_settings([]))
        key = web.push_keys.public_key
        await save_subscription(connection, person.id, session.cookie, address, key, web.secret_keys[0], now)
    return web.kit.see_other(f"{NOTIFICATIONS}?done=browser")


async def post_end_browser(web: WebContext, request: Request) -> Response:
    """POST /notifications/browser/end: send a browser no more pushes. Another person's is as one that isn't there."""
    form = await web.kit.submitted_form(request, END_BROWSER, "browser")
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    await web.limiter.check(ALERT_FORMS, form.session.person.id)
    which = UUID(form.fields.one("browser"))  # the CSRF token covers it: we wrote it
    async with transaction(web.kit.engine) as connection:
        person = await find_person_for_change(connection, form.session.cookie, web.kit.clock())
        if person is None or not await remove_browser(connection, person.id, which):
            return web.account_pages.out_of_date()
    return web.kit.see_other(f"{NOTIFICATIONS}?done=end")


async def post_trial(web: WebContext, request: Request) -> Response:
    """POST /notifications/trial: send a push to each of the person's browsers."""
    form = await web.kit.submitted_form(request, TRIAL)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    await web.limiter.check(PUSH_TRIALS, form.session.person.id)
    async with transaction(web.kit.engine) as connection:
        now = web.kit.clock()
        person = await find_person_for_change(connection, form.session.cookie, now)
        if person is None:
            return web.account_pages.out_of_date()
        browsers = await put_trial(connection, person.id, now, now + TRIAL_LASTS)
    return web.kit.see_other(f"{NOTIFICATIONS}?done={'trial' if browsers else 'none'}")


async def post_settings(web: WebContext, request: Request) -> Response:
    """POST /notifications/settings: quiet hours, time zone, language, words, and the hour of the letter."""
    form = await web.kit.submitted_form(request, SETTINGS)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    try:
        await web.limiter.check(ALERT_FORMS, form.session.person.id)
        settings = _settings(form.fields)
    except AppError as error:
        return await notifications_page(web, form.session, form.session.person, error)
    async with transaction(web.kit.engine) as connection:
        now = web.kit.clock()
        person = await find_person_for_change(connection, form.session.cookie, now)
        if person is None:
            return web.account_pages.out_of_date()
        await save_settings(connection, person.id, settings, now)
    return web.kit.see_other(f"{NOTIFICATIONS}?done=settings")


def _settings(fields: Fields) -> AlertSettings:
    zone, language, hour = fields.one("time_zone"), fields.one("language"), fields.one("letter_hour")
    if zone not in zone_names():
        raise Invalid("Choose a time zone from the list.", field="time_zone")
    if language not in LANGUAGES or hour not in map(str, range(24)):
        raise Invalid("Choose a language and an hour from the lists.", field="language")
    quiet = None
    if fields.one("quiet") == "yes":
        quiet = QuietHours(_minute(fields, "quiet_from"), _minute(fields, "quiet_until"))
        if quiet.start == quiet.end:
            raise Invalid("Quiet hours begin at one time and end at another.", field="quiet_from")
    return AlertSettings(language, zone, quiet, fields.one("without_text") == "yes", int(hour))


def _minute(fields: Fields, name: str) -> int:
    found = _TIME.fullmatch(fields.one(name).strip())
    if found is None:
        raise Invalid("Write times as hours and minutes, such as 22:00.", field=name)
    minute = int(found[1]) * 60 + int(found[2])
    return minute % MINUTES_A_DAY
