"""The letters: nothing in them was typed by anybody, so that nobody can write to others through us."""

from uuid import UUID

from app.db import transaction
from app.oauth.context import OAuthContext
from app.people import repository
from app.people.email_addresses import EmailAddress
from app.people.email_links import EmailLink, make_link
from app.people.models import Person
from app.runtime.mailer import Email

_END = "\n\nYou did not ask for this? Then do nothing; nobody gets anywhere without this letter.\n"


async def sign_up_letter(server: OAuthContext, email: EmailAddress, request_id: UUID) -> Email:
    """To who wants an account: the link that makes it, or word that they have one."""
    async with transaction(server.engine) as connection:
        owner = await repository.find_local_person(connection, email)
        if owner is not None:
            text = (
                f"Somebody asked for an account with your address at {server.settings.public_url}, but you have one. "
                f"Sign in with it, or choose a new password:\n\n{server.settings.public_url}/account/reset"
            )
            return Email(owner.email or email.address, "You have an account already", text + _END)
        secret = await make_link(connection, EmailLink("sign_up", email.address, None, mailed=True), server.clock())
    text = (
        "Open this link in the browser in which you asked for it, and choose a password. It is good for a day; your "
        "app waits for ten minutes, and has to be connected again after that:\n\n"
        f"{server.settings.public_url}/account/new?link={secret}&request={request_id}"
    )
    return Email(email.address, "Make your account", text + _END)


async def reset_letter(server: OAuthContext, email: EmailAddress) -> Email | None:
    """To who has forgotten their password; nothing to an address without account."""
    async with transaction(server.engine) as connection:
        person = await repository.find_local_person(connection, email)
        if person is None or person.email is None:
            return None
        # To the address of the account, however the one that was typed is spelled.
        secret = await make_link(connection, EmailLink("reset", person.email, person.id, mailed=True), server.clock())
    text = (
        "Open this link to choose a new password. It is good for half an hour. Every browser is signed out then, your "
        "API keys end, and every app has to be connected again:\n\n"
        f"{reset_address(server.settings.public_url, secret)}"
    )
    return Email(person.email, "Choose a new password", text + _END)


async def verify_letter(server: OAuthContext, person: Person) -> Email | None:
    """To a signed-in person whose address is not proven yet."""
    if person.email is None:
        return None
    async with transaction(server.engine) as connection:
        secret = await make_link(connection, EmailLink("verify", person.email, person.id, mailed=True), server.clock())
    text = (
        "Open this link to confirm that this address is yours. It is good for a day, and you need your password:\n\n"
        f"{server.settings.public_url}/account/verify?link={secret}"
    )
    return Email(person.email, "Confirm your address", text + _END)


def reset_address(public_url: str, secret: str) -> str:
    """Where a new password is chosen."""
    return f"{public_url}/account/new-password?link={secret}"
