"""`python -m app people reset`."""

import argparse
import sys
from functools import partial

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.commands.common import Commands, run_in_transaction
from app.db import Connection
from app.errors import Conflict, NotFound
from app.people import repository
from app.people.email_addresses import parse_email
from app.people.email_link_repository import make_link
from app.people.models import EmailLink
from app.runtime.clock import system_clock
from app.settings import Settings
from app.web.emails import link_url


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("people", help="help people with their accounts")
    actions = parser.add_subparsers(dest="action", required=True)
    resetting = actions.add_parser("reset", help="print a link with which a person chooses a new password")
    resetting.add_argument("email", help="the e-mail address that the person signs in with")
    resetting.set_defaults(run=_reset)


def _reset(settings: Settings, arguments: argparse.Namespace) -> int:
    if not (settings.auth_server and settings.password_sign_in):
        raise Conflict(
            "Nobody signs in with a password here: PASSWORD_SIGN_IN or AUTH_SERVER is off. Nothing was changed."
        )
    secret = run_in_transaction(settings, partial(_make_link, email=arguments.email))
    print(link_url(settings.public_url, "reset", secret))
    print("The link works once, for half an hour, and only until the password is changed.", file=sys.stderr)
    return 0


async def _make_link(connection: Connection, email: str) -> str:
    address, now = parse_email(email), system_clock()
    person = await repository.find_local_person(connection, address)
    if person is None or not await repository.lock_account(connection, person.id):
        raise NotFound("Nobody has an account with this address.")
    link = EmailLink("reset", person.email or address.address, person.id, mailed=False)
    secret = await make_link(connection, link, now)
    await record(connection, AuditEntry(action=Action.RESET_LINK_MADE, at=now, other_person_id=person.id))
    return secret
