"""The two ceremonies of WebAuthn: making a key pair, and signing a challenge with it.

The library parses and verifies. It is loaded when it is first needed, which takes a tenth of a second, so everything
here is called in a thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeVar
from uuid import UUID

import pydantic_core

from app.crypto.tokens import new_secret
from app.people.models import Person
from app.people.passkeys.models import Passkey, RelyingParty
from app.people.passkeys.repository import CHALLENGE_LIFE

LONGEST_ANSWER: Final = 16 * 1024
SERVICE_NAME: Final = "Shopping list"

_TIMEOUT_MILLISECONDS: Final = int(CHALLENGE_LIFE.total_seconds() * 1000)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge for a browser: what it is asked, as JSON, and the hash by which its answer is recognized."""

    hash: bytes
    options: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser answered, not verified yet; `user_handle` is whose key its device says that it is."""

    credential: dict[str, Any]
    credential_id: bytes
    challenge: bytes
    user_handle: bytes | None

    @property
    def challenge_hash(self) -> bytes:
        """The hash under which its challenge is stored, if it is one of ours."""
        return sha256(self.challenge).digest()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A verified new key pair: what its device calls it, its public half, and how often it was used."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def ask_for_assertion(rp: RelyingParty, credential_ids: Sequence[bytes]) -> Challenge:
    """Return a challenge to sign with one of these keys; without any, with whichever the person chooses."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    challenge = new_secret().encode()
    options = generate_authentication_options(
        rp_id=rp.id,
        challenge=challenge,
        timeout=_TIMEOUT_MILLISECONDS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in credential_ids],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Challenge(sha256(challenge).digest(), options_to_json(options))


def ask_for_key(rp: RelyingParty, person: Person, credential_ids: Sequence[bytes]) -> Challenge:
    """Return a challenge to make a key pair for a person, on a device that has none of theirs yet."""
    return _ask_for_key(rp, person, credential_ids, new_secret().encode())


def ask_newcomer_for_key(rp: RelyingParty, email: str, name: str) -> Challenge:
    """Return a challenge to make the key pair of an account that is to be made; `newcomer_id` is its person's id."""
    challenge = new_secret().encode()
    return _ask_for_key(rp, Person(newcomer_id(challenge), name, email), [], challenge)


def newcomer_id(challenge: bytes) -> UUID:
    """Return the id of the person whose account is made with the answer to a challenge.

    The device keeps it with the key, before there is an account. Made of the challenge, it needs no row of its own.
    """
    return UUID(bytes=sha256(b"newcomer " + challenge).digest()[:16], version=4)


def _ask_for_key(rp: RelyingParty, person: Person, credential_ids: Sequence[bytes], challenge: bytes) -> Challenge:
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AttestationConveyancePreference,
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=rp.id,
        rp_name=SERVICE_NAME,
        user_id=person.id.bytes,
        user_name=person.email or person.name,
        user_display_name=person.name,
        challenge=challenge,
        timeout=_TIMEOUT_MILLISECONDS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in credential_ids],
    )
    return Challenge(sha256(challenge).digest(), options_to_json(options))


def read_assertion(text: str) -> Answer | None:
    """Return what a browser says that it signed; None if it is malformed."""
    from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json

    def read() -> Answer:
        credential = _json_object(text)
        parsed = parse_authentication_credential_json(credential)
        data = parse_client_data_json(parsed.response.client_data_json)
        if data.cross_origin:  # in a frame of another site
            raise ValueError("cross-origin")
        return Answer(credential, parsed.raw_id, data.challenge, parsed.response.user_handle)

    return _or_none(read)


def read_new_key(text: str) -> Answer | None:
    """Return what a browser says of a key pair that it made; None if it is malformed."""
    from webauthn.helpers import parse_client_data_json, parse_registration_credential_json

    def read() -> Answer:
        credential = _json_object(text)
        parsed = parse_registration_credential_json(credential)
        data = parse_client_data_json(parsed.response.client_data_json)
        if data.cross_origin:  # in a frame of another site
            raise ValueError("cross-origin")
        return Answer(credential, parsed.raw_id, data.challenge, None)

    return _or_none(read)


def verify_assertion(rp: RelyingParty, answer: Answer, passkey: Passkey) -> int | None:
    """Return how often the passkey says that it was used, if it really signed the answer; else None.

    The signature, the page's origin, the relying party, the presence and verification of the person, and that the
    counter goes up (WebAuthn section 7.2). The challenge is the caller's to check.
    """
    from webauthn import verify_authentication_response

    if answer.user_handle not in (None, passkey.person_id.bytes):
        return None
    verified = _or_none(
        lambda: verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=rp.id,
            expected_origin=rp.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    )
    return None if verified is None else verified.new_sign_count


def verify_new_key(rp: RelyingParty, answer: Answer) -> NewKey | None:
    """Return the key pair if it is as `ask_for_key` asked (WebAuthn section 7.1); else None."""
    from webauthn import verify_registration_response

    verified = _or_none(
        lambda: verify_registration_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=rp.id,
            expected_origin=rp.origin,
            require_user_verification=True,
        )
    )
    if verified is None:
        return None
    return NewKey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def _json_object(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_ANSWER:
        raise ValueError("too long")
    return dict(pydantic_core.from_json(text))  # bounded depth, unlike json


def _or_none(work: Callable[[], _T]) -> _T | None:
    """Return the result; None if it fails. Browsers may send anything, and the library raises what its parsers raise:
    its own errors, and those of Base64, JSON, CBOR, X.509 and the keys."""
    try:
        return work()
    except Exception:
        return None
