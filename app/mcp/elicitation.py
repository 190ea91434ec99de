"""Elicitation: asking the person at the client what only they can decide, such as which of two lines is meant.

In revision 2026-07-28 a call that needs one ends with an `InputRequiredResult`: the questions, and a state that the
client keeps. Nothing is stored, and nothing waits here. The client asks its person and makes the call again, with the
answers and the state. Which arguments an answer may set, and to which values, is in the state; it is encrypted with a
key that all processes share, and valid for this call of this grant only: the same household, tool and arguments.
docs/decisions/0024-choices.md has the reasons.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_core import to_json

from app.crypto.encryption import decrypt, encrypt
from app.errors import Ambiguous, AppError, Invalid, Several
from app.records import record
from app.runtime.clock import Clock, system_clock
from app.text import printable_start

PURPOSE: Final = "request state"
LIFETIME: Final = timedelta(minutes=10)
MOST_QUESTIONS: Final = 5
"""In one form. Of more, nobody is asked: the call is answered with the candidates."""

REQUEST: Final = "choice"
"""The key of the one request in a result, and of the client's response to it."""

CONFIRMED: Final = "confirm"
LONGEST_NAME: Final = 80

Values = Mapping[str, str]
"""New values of arguments, by their paths."""

Arguments = TypeVar("Arguments", bound=BaseModel)


class Declined(AppError):
    """The person was asked and did not say yes."""

    code = "declined"


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What a request says of asking its person: whether its client can, and what it brings back from having asked.

    The protocol calls requests that are made again with answers multi round-trip requests.
    """

    can_ask: bool = False
    responses: Mapping[str, Any] = field(default_factory=dict[str, Any])
    state: str | None = None


CANNOT_ASK: Final = RoundTrip()
"""Of a client that can't ask its person."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question that takes yes or no; yes sets arguments."""

    message: str
    title: str
    values: Values


@dataclass(frozen=True, slots=True)
class Answers:
    """What the person has answered so far: new values of arguments, and whether a confirmation was among them."""

    values: Values = field(default_factory=dict[str, str])
    is_confirmed: bool = False


class InputNeeded(Exception):
    """Ends a call with a question instead of a result. Its transaction is rolled back."""

    def __init__(self, asked: Sequence[Ambiguous] | Confirmation) -> None:
        super().__init__("the person must choose")
        self.asked = asked


def ambiguous_in(refusal: AppError) -> Sequence[Ambiguous]:
    """Return the names that a refusal is about, if it is about nothing else."""
    refusals = refusal.refusals if isinstance(refusal, Several) else [refusal]
    ambiguous = [each for each in refusals if isinstance(each, Ambiguous)]
    return ambiguous if len(ambiguous) == len(refusals) else []


def can_be_asked(refusals: Sequence[Ambiguous]) -> bool:
    """Return whether the person can choose: each refusal says between what, and they fit one form."""
    return 0 < len(refusals) <= MOST_QUESTIONS and all(each.options and each.field for each in refusals)


def round_trip_of(params: Mapping[str, Any], version: str) -> RoundTrip:
    """Return what valid params of `tools/call` say of asking the person. Only 2026-07-28 has a way to ask."""
    if version not in MODERN_PROTOCOL_VERSIONS:
        return CANNOT_ASK
    meta = cast("Mapping[str, Any]", params.get("_meta") or {})
    capabilities = cast("Mapping[str, Any]", meta.get(types.CLIENT_CAPABILITIES_META_KEY) or {})
    elicitation = cast("Mapping[str, Any] | None", capabilities.get("elicitation"))
    # An empty object declares forms (client/elicitation, Capabilities).
    can_ask = elicitation is not None and (not elicitation or elicitation.get("form") is not None)
    return RoundTrip(can_ask, params.get("inputResponses") or {}, params.get("requestState"))


class _Question(BaseModel):
    """Which argument an answer sets, and what it may be."""

    argument: str
    options: list[str]


class _State(BaseModel):
    """What the client keeps for us between two rounds."""

    model_config = ConfigDict(frozen=True)

    until: float
    values: dict[str, str]
    is_confirmed: bool
    questions: dict[str, _Question]
    confirmation: dict[str, str] | None


class Elicitation:
    """Asks, and reads the answers. The first of the keys encrypts, all decrypt."""

    def __init__(self, secret_keys: Sequence[SecretStr], clock: Clock = system_clock) -> None:
        self._secret_keys = secret_keys
        self._clock = clock

    def ask(self, asked: Sequence[Ambiguous] | Confirmation, call: "CallIdentity", so_far: Answers) -> bytes:
        """Return an `InputRequiredResult` as JSON, without its type, that asks what `so_far` leaves open."""
        if isinstance(asked, Confirmation):
            message, questions, confirmation = asked.message, dict[str, _Question](), dict(asked.values)
            properties = {CONFIRMED: {"type": "boolean", "title": asked.title, "default": False}}
        else:
            confirmation = None
            keyed = {f"choice_{number}": each for number, each in enumerate(asked, 1)}
            message = " ".join(_question(each) for each in asked)
            questions = {
                key: _Question(argument=each.field or "", options=list(each.options)) for key, each in keyed.items()
            }
            properties = {key: _choice(each) for key, each in keyed.items()}
        state = _State(
            until=(self._clock() + LIFETIME).timestamp(),
            values=dict(so_far.values),
            is_confirmed=so_far.is_confirmed,
            questions=questions,
            confirmation=confirmation,
        )
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        params = {"mode": "form", "message": message, "requestedSchema": schema}
        plain = state.model_dump_json().encode()
        encrypted = encrypt(plain, PURPOSE, call.label, self._secret_keys[0])
        return to_json(
            {
                "inputRequests": {REQUEST: {"method": "elicitation/create", "params": params}},
                "requestState": urlsafe_b64encode(encrypted).decode(),
            }
        )

    def read(self, round_trip: RoundTrip, call: "CallIdentity") -> Answers:
        """Return what the person answered; nothing for a call that is made for the first time, or an answer that is
        missing: then it is asked for again (basic/patterns/mrtr, Error Handling).

        Raises `MCPError` for a state that is not of this call or has expired, `Declined` when the person didn't say
        yes, and `Invalid` for an answer that was not among the choices.
        """
        if round_trip.state is None:
            return Answers()
        state = self._open(round_trip.state, call)
        so_far = Answers(state.values, state.is_confirmed)
        response = round_trip.responses.get(REQUEST)
        if not isinstance(response, Mapping):
            return so_far
        answer = cast("Mapping[str, Any]", response)
        if answer.get("action") != "accept":
            raise _declined(answer.get("action"))
        content = answer.get("content")
        given = cast("Mapping[str, Any]", content if isinstance(content, Mapping) else {})
        if not given.keys() >= ({CONFIRMED} if state.confirmation is not None else state.questions.keys()):
            return so_far
        if state.confirmation is not None:
            if given.get(CONFIRMED) is not True:
                raise _declined("decline")
            return Answers({**so_far.values, **state.confirmation}, is_confirmed=True)
        chosen = {question.argument: _chosen(given, key, question) for key, question in state.questions.items()}
        return Answers({**so_far.values, **chosen}, so_far.is_confirmed)

    def _open(self, encrypted: str, call: "CallIdentity") -> _State:
        # One answer for a state that was changed, belongs to another call, or is too old: it helps nobody to guess.
        refusal = "params.requestState is not valid for this call, or has expired. Make the call again without it."
        try:
            opened = decrypt(urlsafe_b64decode(encrypted.encode("ascii")), PURPOSE, call.label, self._secret_keys)
            state = None if opened is None else _State.model_validate_json(opened[0])
        except (UnicodeEncodeError, Base64Error, ValidationError):
            state = None
        if state is None or state.until < self._clock().timestamp():
            raise MCPError(types.INVALID_PARAMS, refusal)
        return state


@record()
class CallIdentity:
    """What makes a call the same one when it is made again: who, where, and what was sent."""

    grant_id: UUID
    household_id: UUID
    tool: str
    arguments: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The text that the state is bound to."""
        sent = json.dumps(self.arguments, sort_keys=True).encode()
        return json.dumps([str(self.grant_id), str(self.household_id), self.tool, hashlib.sha256(sent).hexdigest()])


def with_values(arguments: Arguments, values: Values) -> Arguments:
    """Return arguments with new values at paths such as `list` or `items[2].item`."""
    for path, value in values.items():
        arguments = _replaced(arguments, re.findall(r"\w+", path), value)
    return arguments


def _replaced(thing: Any, path: Sequence[str], value: str) -> Any:
    if not path:
        return value
    step, *rest = path
    if isinstance(thing, BaseModel):
        return thing.model_copy(update={step: _replaced(getattr(thing, step), rest, value)})
    copied = list(thing)
    copied[int(step)] = _replaced(copied[int(step)], rest, value)
    return copied


def _question(refusal: Ambiguous) -> str:
    return f"Several lines fit \u201c{printable_start(refusal.name, LONGEST_NAME)}\u201d. Which one is meant?"


def _choice(refusal: Ambiguous) -> dict[str, Any]:
    options = [{"const": value, "title": label} for value, label in refusal.options.items()]
    return {"type": "string", "title": printable_start(refusal.name, LONGEST_NAME), "oneOf": options}


def _chosen(given: Mapping[str, Any], key: str, question: _Question) -> str:
    value = given[key]
    if value not in question.options:
        message = f"inputResponses.{REQUEST}.content.{key} must be one of the options that were offered."
        raise Invalid(f"{message} Nothing was changed.", field=question.argument, candidates=question.options)
    return value


def _declined(action: object) -> Declined:
    if action == "decline":
        return Declined("The person was asked and declined. Nothing was changed.")
    return Declined("The person closed the question without an answer. Nothing was changed.")
