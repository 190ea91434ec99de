"""`python -m app people`: a link for a new password, and taking the second step away."""

import argparse
import sys
from dataclasses import dataclass
from functools import partial

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.commands.common import Commands, run_in_transaction
from app.db import Connection
from app.errors import Conflict, NotFound
from app.people import repository
from app.people.email_addresses import parse_email
from app.people.email_link_repository import make_link
from app.people.models import EmailLink, Person
from app.people.passkeys.repository import count_codes, count_passkeys, delete_passkeys, needs_passkey
from app.people.session_repository import close_all_sessions
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
    ending = actions.add_parser(
        "end-second-step", help="let a person who lost passkey and recovery codes sign in with the password alone"
    )
    ending.add_argument("email", help="the e-mail address that the person signs in with")
    ending.set_defaults(run=_end_second_step)


def _reset(settings: Settings, arguments: argparse.Namespace) -> int:
    _require_passwords(settings)
    secret = run_in_transaction(settings, partial(_make_link, email=arguments.email))
    print(link_url(settings.public_url, "reset", secret))
    print("The link works once, for half an hour, and only until the password is changed.", file=sys.stderr)
    return 0


async def _make_link(connection: Connection, email: str) -> str:
    now, person = system_clock(), await _find(connection, email)
    link = EmailLink("reset", person.email or email, person.id, mailed=False)
    secret = await make_link(connection, link, now)
    await record(connection, AuditEntry(action=Action.RESET_LINK_MADE, at=now, other_person_id=person.id))
    return secret


def _end_second_step(settings: Settings, arguments: argparse.Namespace) -> int:
    _require_passwords(settings)
    ended = run_in_transaction(settings, partial(_forget_passkeys, email=arguments.email))
    print(
        f"The password alone signs in again. Removed: passkeys ({ended.passkeys}), recovery codes ({ended.codes}). "
        "Every session ended; apps and API keys stay connected."
    )
    return 0


@dataclass(frozen=True, slots=True)
class _Ended:
    """How many passkeys and recovery codes a person had."""

    passkeys: int
    codes: int


async def _forget_passkeys(connection: Connection, email: str) -> _Ended:
    """Whoever finds the lost device could sign in with it alone, so the passkeys go with the second step."""
    person = await _find(connection, email)
    await close_all_sessions(connection, person.id)  # locks the person
    if not await needs_passkey(connection, person.id):
        raise Conflict("The password of this person is enough to sign in already. Nothing was changed.")
    ended = _Ended(await count_passkeys(connection, person.id), await count_codes(connection, person.id))
    await delete_passkeys(connection, person.id)
    entry = AuditEntry(action=Action.SECOND_STEP_ENDED, at=system_clock(), other_person_id=person.id)
    await record(connection, entry)
    return ended


def _require_passwords(settings: Settings) -> None:
    if not (settings.auth_server and settings.password_sign_in):
        raise Conflict(
            "Nobody signs in with a password here: PASSWORD_SIGN_IN or AUTH_SERVER is off. Nothing was changed."
        )


async def _find(connection: Connection, email: str) -> Person:
    person = await repository.find_local_person(connection, parse_email(email))
    if person is None or not await repository.lock_account(connection, person.id):
        raise NotFound("Nobody has an account with this address.")
    return person
