"""Proving who one is with a password: counted, looked at, recorded."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import Connection, transaction
from app.errors import AppError, Invalid
from app.limits.defaults import SIGN_INS
from app.oauth.auditing import email_hash_of, entry_of, refused
from app.oauth.context import OAuthContext
from app.people.accounts import still_holds
from app.people.models import Person
from app.people.repository import PasswordAccount
from app.runtime.requests import client_address
from app.ui.forms import Fields

WRONG = "The email or the password is wrong."

GoOn = Callable[[Connection, Person], Awaitable[Response | None]]
"""What a sign-in leads to, in its transaction; None when it leads nowhere any more."""


async def count_attempt(server: OAuthContext, request: Request) -> None:
    """Count an attempt that costs work. Raises `LimitReached` for an address with too many."""
    await server.limiter.check(SIGN_INS, client_address(request))


async def prove(server: OAuthContext, request: Request, email: str, password: str) -> PasswordAccount | None:
    """Whose address and password these are, as `Entry.sign_in` answers; whoever uses it asks `still_holds`.

    Raises `Invalid`, `LimitReached`, `Unavailable`.
    """
    await count_attempt(server, request)
    return await server.password_sign_in.sign_in(email, password, client_address(request))


async def sign_in_with_password(server: OAuthContext, request: Request, fields: Fields, go_on: GoOn) -> Response | None:
    """Sign in with `email` and `password` of a form, and go on; an unknown address and a wrong password answer alike.

    Raises `Invalid`, `LimitReached`, `Unavailable`, once that is recorded.
    """
    try:
        account = await prove(server, request, fields.one("email"), fields.one("password"))
        if account is None:
            raise Invalid(WRONG)
        async with transaction(server.engine) as connection:
            if not await still_holds(connection, account):
                raise Invalid(WRONG)
            response = await go_on(connection, account.person)
            if response is not None:
                await record(connection, entry_of(server, request, Action.SIGN_IN, person_id=account.person.id))
            return response
    except AppError as error:
        refused(server, request, Action.SIGN_IN, error.code, email_hash=email_hash_of(server, fields))
        raise
