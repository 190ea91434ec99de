"""The e-mails of the service. They hold nothing that a stranger typed, so nobody can write to others through it."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import gettext_noop
from app.people import repository
from app.people.email_addresses import EmailAddress, parse_email
from app.people.email_link_repository import make_link
from app.people.models import EmailLink, Person, Purpose
from app.runtime.addresses import client_address
from app.runtime.mailer import Compose, Email
from app.ui.languages import current_visit, during
from app.ui.languages import gettext as _
from app.web.context import WebContext
from app.web.destinations import Destinations
from app.web.email_links import PATHS

_END: Final = gettext_noop("If you did not ask for this, ignore this message: without it, nobody can get any further.")


async def send_email(
    web: WebContext, request: Request, purpose: Purpose, to: str, compose: Callable[[EmailAddress], Compose]
) -> EmailAddress:
    """Count an e-mail that someone asked for, and have it written and sent after the response, in the language of the
    page that they asked on; to whom it goes.

    Raises `Invalid` for a malformed address, `LimitReached`, and `Unavailable` when too many are waiting.
    """
    await web.count_attempt(request)
    email = parse_email(to)
    async with transaction(web.kit.engine) as connection:
        throttle = web.password_sign_in.throttle
        await throttle.count_email(connection, purpose, email, client_address(request), web.kit.clock())
    composing, visit = compose(email), current_visit()

    async def compose_in_language() -> Email | None:
        with during(visit):
            return await composing()

    web.mailer.put(compose_in_language)
    return email


def email_sent(web: WebContext, text: str, path: str) -> Response:
    """Return the page for someone who waits for an e-mail; at `path` they can ask for another."""
    hint = _("Nothing arrived? Check your spam folder, and that you typed the address correctly.")
    return web.kit.pages.page(
        "done.html",
        title=_("Check your email"),
        text=f"{text} {hint}",
        path=path,
        label=_("Send another"),
    )


async def sign_up_email(web: WebContext, email: EmailAddress, to: Destinations, destination: str) -> Email:
    """Write to someone who wants an account: with the link to create it, or saying that they already have one.

    `destination` must be nothing that a stranger could have written.
    """
    async with transaction(web.kit.engine) as connection:
        owner = await repository.find_local_person(connection, email)
        if owner is not None:
            text = _(
                "Someone asked for an account with your address at %(service)s, but you already have one. "
                "Sign in with it, or choose a new password:",
                service=web.public_url,
            )
            address = owner.email or email.address
            return _email(address, _("You already have an account"), text, f"{web.public_url}/account/reset")
        secret = await make_link(connection, EmailLink("sign_up", email.address, None, mailed=True), web.kit.clock())
    text = _("Open this link in the browser where you asked for it, and choose a password. It works for a day.")
    if to.request_id(destination) is not None:
        text += " " + _("Your app waits for ten minutes; after that, connect it again.")
    link = f"{link_url(web.public_url, 'sign_up', secret)}&{urlencode({to.field: destination})}"
    return _email(email.address, _("Create your account"), text, link)


async def reset_email(web: WebContext, email: EmailAddress) -> Email | None:
    """Write to someone who has forgotten their password; None for an address without an account."""
    async with transaction(web.kit.engine) as connection:
        person = await repository.find_local_person(connection, email)
        if person is None or person.email is None or not await repository.lock_account(connection, person.id):
            return None
        # To the address as the account has it, whatever spelling was typed.
        link = EmailLink("reset", person.email, person.id, mailed=True)
        secret = await make_link(connection, link, web.kit.clock())
    text = _(
        "Open this link to choose a new password. It works for half an hour. Changing the password signs you out in "
        "every browser and ends your API keys, and you have to connect every app again:"
    )
    return _email(person.email, _("Choose a new password"), text, link_url(web.public_url, "reset", secret))


async def verification_email(web: WebContext, person: Person) -> Email | None:
    """Write to a signed-in person whose address is not confirmed yet; None if they delete their account meanwhile."""
    if person.email is None:
        return None
    async with transaction(web.kit.engine) as connection:
        if not await repository.lock_account(connection, person.id):
            return None
        link = EmailLink("verify", person.email, person.id, mailed=True)
        secret = await make_link(connection, link, web.kit.clock())
    text = _("Open this link to confirm that this address is yours. It works for a day, and you need your password:")
    return _email(person.email, _("Confirm your address"), text, link_url(web.public_url, "verify", secret))


def _email(to: str, subject: str, text: str, link: str) -> Email:
    return Email(to, subject, f"{text}\n\n{link}\n\n{_(_END)}\n")


def link_url(public_url: str, purpose: Purpose, secret: str) -> str:
    """Return the address behind a one-time link."""
    return f"{public_url}{PATHS[purpose]}?link={secret}"
