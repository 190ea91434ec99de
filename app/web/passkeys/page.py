"""The page of a person's passkeys: adding, renaming and removing them, and asking for one beside the password."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, transaction
from app.errors import AppError, gettext_noop
from app.households.repository import memberships_of
from app.limits.defaults import ACCESS_FORMS
from app.people.models import Person
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.passkeys.keeping import (
    LONGEST_NAME,
    MOST_PASSKEYS,
    add_passkey,
    remove_passkey,
    rename_passkey,
    require_passkey,
)
from app.people.passkeys.models import Passkey
from app.people.passkeys.recovery import make_codes
from app.people.passkeys.repository import count_codes, find_passkeys, needs_passkey
from app.people.repository import find_profile
from app.people.session_repository import find_person_for_change
from app.ui.browser_names import browser_name
from app.ui.languages import gettext as _
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, SIGN_IN
from app.web.passkeys.confirm import confirm_first, is_confirmed
from app.web.passkeys.questions import question

PASSKEYS: Final = "/account/passkeys"

# The forms on the page, each by the path that it goes to.
ADD: Final = "/account/passkeys/add"
RENAME: Final = "/account/passkeys/rename"
REMOVE: Final = "/account/passkeys/remove"
REQUIRE: Final = "/account/passkeys/require"
CODES: Final = "/account/passkeys/codes"

WHICH: Final = "passkey"
"""The field that names the passkey that a form acts on."""

_DONE: Final = {
    "added": gettext_noop("Your passkey is ready. You can sign in with it from now on."),
    "renamed": gettext_noop("The passkey has its new name."),
    "removed": gettext_noop("The passkey is removed. Nobody can sign in with it any more."),
    "required": gettext_noop("From now on your password needs a passkey beside it."),
    "not-required": gettext_noop("From now on your password is enough to sign in."),
}
"""What the page says of what was just done, by the parameter `done` in the address."""


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """A passkey, with the CSRF tokens of its forms."""

    passkey: Passkey
    rename_token: str
    remove_token: str


async def show_passkeys(web: WebContext, request: Request) -> Response:
    """GET /account/passkeys."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={PASSKEYS}")
    if session.person.email is None:  # they sign in elsewhere
        return web.kit.see_other(ACCOUNT)
    done = _DONE.get(request.query_params.get("done", ""))
    return await passkeys_page(web, session, session.person, done=done)


async def post_add(web: WebContext, passkeys: PasskeyChallenges, request: Request) -> Response:
    """POST /account/passkeys/add: store the passkey that the browser has just made."""
    form = await web.kit.submitted_form(request, ADD)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    try:
        await web.limiter.check(ACCESS_FORMS, form.session.person.id)
        key = await passkeys.verify_new(form.session.cookie, form.fields.one("credential"))
        name = form.fields.one("name").strip() or await passkey_name(request)
        async with transaction(web.kit.engine) as connection:
            person = await _changing(web, connection, form)
            if isinstance(person, Response):
                return person
            await add_passkey(connection, person, key, name, web.kit.clock())
            await record(connection, web.audit_entry(request, Action.PASSKEY_ADDED, person_id=person.id))
    except AppError as error:
        return await _refused(web, request, form, Action.PASSKEY_ADDED, ADD, error)
    return web.kit.see_other(f"{PASSKEYS}?done=added")


async def post_rename(web: WebContext, request: Request) -> Response:
    """POST /account/passkeys/rename."""
    form = await web.kit.submitted_form(request, RENAME, WHICH)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    which, person = UUID(form.fields.one(WHICH)), form.session.person  # the CSRF token covers it: we wrote it
    try:
        async with transaction(web.kit.engine) as connection:
            if not await rename_passkey(connection, person.id, which, form.fields.one("name")):
                return web.account_pages.out_of_date()
    except AppError as error:
        return await passkeys_page(web, form.session, person, error, error_in=str(which))
    return web.kit.see_other(f"{PASSKEYS}?done=renamed")


async def post_remove(web: WebContext, request: Request) -> Response:
    """POST /account/passkeys/remove: the next sign-in with it is refused. Sessions stay."""
    form = await web.kit.submitted_form(request, REMOVE, WHICH)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    which = UUID(form.fields.one(WHICH))  # the CSRF token covers it: we wrote it
    try:
        await web.limiter.check(ACCESS_FORMS, form.session.person.id)
        async with transaction(web.kit.engine) as connection:
            person = await _changing(web, connection, form)
            if isinstance(person, Response):
                return person
            if not await remove_passkey(connection, person.id, which):
                return web.account_pages.out_of_date()
            await record(connection, web.audit_entry(request, Action.PASSKEY_REMOVED, person_id=person.id))
    except AppError as error:
        return await _refused(web, request, form, Action.PASSKEY_REMOVED, str(which), error)
    return web.kit.see_other(f"{PASSKEYS}?done=removed")


async def post_require(web: WebContext, request: Request) -> Response:
    """POST /account/passkeys/require: have the password need a passkey beside it, or not."""
    form = await web.kit.submitted_form(request, REQUIRE, "needed")
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    needed = form.fields.one("needed") == "yes"
    try:
        await web.limiter.check(ACCESS_FORMS, form.session.person.id)
        async with transaction(web.kit.engine) as connection:
            person = await _changing(web, connection, form)
            if isinstance(person, Response):
                return person
            await require_passkey(connection, person.id, needed=needed)
            entry = web.audit_entry(
                request, Action.PASSKEY_REQUIRED, person_id=person.id, detail="on" if needed else "off"
            )
            await record(connection, entry)
    except AppError as error:
        return await _refused(web, request, form, Action.PASSKEY_REQUIRED, REQUIRE, error)
    return web.kit.see_other(f"{PASSKEYS}?done={'required' if needed else 'not-required'}")


async def post_codes(web: WebContext, request: Request) -> Response:
    """POST /account/passkeys/codes: new recovery codes in place of the earlier ones, on a page to print or copy."""
    form = await web.kit.submitted_form(request, CODES)
    if form is None or form.session.person is None:
        return web.account_pages.out_of_date()
    try:
        await web.limiter.check(ACCESS_FORMS, form.session.person.id)
        async with transaction(web.kit.engine) as connection:
            person = await _changing(web, connection, form)
            if isinstance(person, Response):
                return person
            has_password = (await find_profile(connection, person.id)).has_password
            codes = await make_codes(connection, person.id, web.kit.clock())
            await record(connection, web.audit_entry(request, Action.RECOVERY_CODES_MADE, person_id=person.id))
    except AppError as error:
        return await _refused(web, request, form, Action.RECOVERY_CODES_MADE, CODES, error)
    return web.kit.show(
        form.session, "passkeys/codes.html", codes=codes, email=person.email, alone=not has_password, onward=None
    )


async def _changing(web: WebContext, connection: Connection, form: SubmittedForm) -> Person | Response:
    """Return the person, locked; or where to go if they are not signed in any longer, or not lately enough."""
    person = await find_person_for_change(connection, form.session.cookie, web.kit.clock())
    if person is None or person.email is None:
        return web.account_pages.out_of_date()
    return person if await is_confirmed(web, connection, form.session) else confirm_first(web, PASSKEYS)


async def _refused(
    web: WebContext, request: Request, form: SubmittedForm, action: Action, error_in: str, error: AppError
) -> Response:
    person = form.session.person
    if person is None:
        return web.account_pages.out_of_date()
    web.record_refusal(request, action, error.code, person_id=person.id)
    return await passkeys_page(web, form.session, person, error, error_in=error_in)


async def passkey_name(request: Request) -> str:
    """Return a name for a passkey whose person gave it none: where it was made."""
    work = partial(browser_name, request.headers.get("user-agent", "")[:300])
    browser, system = await anyio.to_thread.run_sync(work)
    known = _("%(browser)s on %(system)s", browser=browser, system=system) if browser and system else browser or ""
    return known[:LONGEST_NAME]


async def passkeys_page(
    web: WebContext,
    session: BrowserSession,
    person: Person,
    error: AppError | None = None,
    *,
    error_in: str | None = None,
    done: str | None = None,
) -> Response:
    """Return the page; `error_in` is the form that was refused, by its path or the id of its passkey."""
    async with transaction(web.kit.engine) as connection:
        found = await find_passkeys(connection, person.id)
        code_count = await count_codes(connection, person.id)
        is_needed = await needs_passkey(connection, person.id)
        confirmed = await is_confirmed(web, connection, session)
        profile = await find_profile(connection, person.id)
        memberships = await memberships_of(connection, person.id)
    return web.kit.show(
        session,
        "passkeys/passkeys.html",
        error,
        error_in=error_in,
        done=done,
        passkeys=_shown(web, session, found),
        is_full=len(found) >= MOST_PASSKEYS,
        longest_name=LONGEST_NAME,
        is_needed=is_needed,
        code_count=code_count,
        codes_token=web.kit.csrf_token(session, CODES),
        is_confirmed=confirmed,
        has_password=profile.has_password,
        zone=memberships[0].zone if memberships else None,
        ask=question(web, session, "add"),
        add_token=web.kit.csrf_token(session, ADD),
        needed="no" if is_needed else "yes",
        require_token=web.kit.csrf_token(session, REQUIRE, "no" if is_needed else "yes"),
    )


def _shown(web: WebContext, session: BrowserSession, found: Sequence[Passkey]) -> list[ShownPasskey]:
    def token(path: str, each: Passkey) -> str:
        return web.kit.csrf_token(session, path, str(each.id))

    return [ShownPasskey(each, token(RENAME, each), token(REMOVE, each)) for each in found]
