"""The one path of every tool call: scopes, arguments, tenant, what the person chose, idempotency, handler, answer,
commit."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import mcp_types as types
import structlog
from mcp.shared.exceptions import MCPError
from pydantic_core import to_json

from app.access.authenticator import Authenticator
from app.access.caller import AccessEnded, Caller
from app.audit.log import AuditLog
from app.audit.models import OK, Action, AuditEntry
from app.db import Engine
from app.db.engine import Driver
from app.errors import Ambiguous, AppError, Conflict, Several
from app.households.tenant import ListsChanged, MembersChanged, ProvenHousehold, Tenant, choose, prove_household
from app.lists.history import repository as history
from app.lists.history.repository import KeptAnswer
from app.lists.models import event_numbers
from app.mcp.elicitation import (
    CANNOT_ASK,
    Answers,
    CallIdentity,
    Elicitation,
    InputNeeded,
    RoundTrip,
    ambiguous_in,
    can_be_asked,
    with_values,
)
from app.mcp.errors import tool_error, tool_fault
from app.mcp.spec import (
    KEY_LENGTH,
    AnyTool,
    Handler,
    Preparation,
    ToolArguments,
    ToolResult,
    WriteArguments,
    WriteResult,
    text_content,
)
from app.mcp.validation import validate, without_refused
from app.records import record
from app.runtime.progress import Report, report_nothing
from app.scopes import format_scope
from app.text import clean

CANCELLED: Final = "cancelled"
FAULT: Final = "fault"
REPLAYED: Final = "replayed"
UNKNOWN_TOOL: Final = "unknown_tool"
SCOPE_MISSING: Final = "insufficient_scope"
ACCESS_ENDED: Final = "access_ended"
STATE_REFUSED: Final = "invalid_state"
COMPLETE: Final = "complete"
"""The `resultType` of a result that asks the client for nothing."""

INPUT_REQUIRED: Final = "input_required"
"""The `resultType` of a result that asks for something, and the outcome of its call."""

RESULT_TYPES: Final = (COMPLETE, INPUT_REQUIRED)
LONGEST_ANSWER: Final = 150_000
"""Bytes of a `CallToolResult`: hosts cut longer ones off."""

_SHARE: Final = 0.9
"""Of what fits: entries differ in length."""

REPLAY_NOTE: Final = "This call was already made; here is its first answer again."
_log: Final = structlog.stdlib.get_logger("app.mcp")


class Served(NamedTuple):
    """A result as JSON, without its `resultType`, which only 2026-07-28 has."""

    body: bytes
    result_type: str = COMPLETE


@dataclass(slots=True)
class _CallRecord:
    """What the audit log records about a call; until its end is known, it counts as cancelled, unless what it changed
    is stored."""

    lists_changed: ListsChanged
    outcome: str = CANCELLED
    household_id: UUID | None = None
    touched: int | None = None
    is_stored: bool = False

    def stored(self, household_id: UUID, lists: Mapping[UUID, int], themselves: Collection[UUID]) -> None:
        """Note that the changes are stored, and notify the followers of the lists."""
        self.is_stored = True
        self.lists_changed(household_id, lists, themselves)


class Dispatch:
    """Calls the tools of one endpoint.

    `lists_changed` and `members_changed` are told about each change after its commit, and `audit` about each call,
    without any content. Links in results begin with `public_url`.
    `authenticator` looks at the caller of a write again that had to wait.
    `elicitation` asks the person, where the client can.
    """

    def __init__(
        self,
        engine: Engine,
        tools: Mapping[str, AnyTool],
        authenticator: Authenticator,
        lists_changed: ListsChanged,
        members_changed: MembersChanged,
        audit: AuditLog,
        elicitation: Elicitation,
        public_url: str,
    ) -> None:
        self._engine = engine
        self._tools = tools
        self._authenticator = authenticator
        self._lists_changed = lists_changed
        self._members_changed = members_changed
        self._audit = audit
        self._elicitation = elicitation
        self._public_url = public_url

    async def call(
        self,
        caller: Caller,
        address: str | None,
        name: str,
        arguments: Mapping[str, Any] | None,
        round_trip: RoundTrip = CANNOT_ASK,
        report: Report = report_nothing,
    ) -> Served:
        """Serve `tools/call` to a caller at a network address; return a `CallToolResult` of any revision, or an
        `InputRequiredResult` for a client that can ask its person.

        Raises `MCPError` for an unknown tool, a missing scope, or a state that is not of this call, and `AccessEnded`
        for a write that waited while its caller lost their access; other failures are results.
        """
        tool = self._tools.get(name)
        record = _CallRecord(self._lists_changed)
        started = time.perf_counter()
        try:
            if tool is None:
                record.outcome = UNKNOWN_TOOL
                raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name[:100]}. tools/list names them all.")
            if not tool.scopes <= caller.scopes:
                # The bearer check already answers this with a 403; nothing runs here even if it were bypassed.
                record.outcome = SCOPE_MISSING
                raise MCPError(
                    types.INVALID_REQUEST,
                    f"{tool.name} needs the scope {format_scope(tool.scopes)}. Connect the app again and allow it.",
                )
            sent = arguments or {}
            valid = validate(tool.arguments, sent, tool.input_schema)
            if tool.everywhere is not None:
                return await self._serve_everywhere(tool, caller, valid, record)
            household = self._prove(tool, caller, valid.household, record)
            record.household_id = household.household_id
            preparation = Preparation(
                caller.actor.person_id, address, report, partial(self._authenticator.count_further, caller)
            )
            served = await self._serve(tool, household, sent, valid, round_trip, preparation, record)
        except AppError as error:
            record.outcome, record.touched = error.code, None
            return Served(tool_error(error))
        except MCPError:
            raise
        except AccessEnded:
            record.outcome, record.touched = ACCESS_ENDED, None
            raise
        except Exception:
            record.outcome, record.touched = FAULT, None
            _log.exception("tool failed", tool=name)
            return Served(tool_fault())
        except BaseException:
            record.outcome = OK if record.is_stored else CANCELLED
            record.touched = record.touched if record.is_stored else None
            raise
        else:
            return served
        finally:
            self._audit.note(
                AuditEntry(
                    action=Action.TOOL_CALLED,
                    at=self._audit.now(),
                    outcome=record.outcome,
                    person_id=caller.actor.person_id,
                    client_id=caller.actor.client_id,
                    grant_id=caller.actor.grant_id,
                    household_id=record.household_id,
                    tool=tool.name if tool is not None else None,
                    address=address,
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    touched=record.touched,
                )
            )

    def _prove(self, tool: AnyTool, caller: Caller, name: str | None, record: _CallRecord) -> ProvenHousehold:
        if not tool.writes:
            return prove_household(self._engine, caller.actor, name, write=False, for_guests=tool.for_guests)
        write = not tool.for_viewers

        async def revalidate(driver: "Driver | None") -> None:
            current = await self._authenticator.revalidate(caller, driver)
            if current is None or not tool.scopes <= current.scopes:
                raise AccessEnded
            now = prove_household(self._engine, current.actor, name, write=write, for_guests=tool.for_guests)
            if now.household_id != record.household_id:
                raise Conflict("Your households have changed while this call waited. Make it again.", field="household")

        def members_stored(household_id: UUID) -> None:
            record.is_stored = True
            self._members_changed(household_id)

        return prove_household(
            self._engine,
            caller.actor,
            name,
            write=write,
            lists_changed=record.stored,
            members_changed=members_stored,
            revalidate=revalidate,
            for_guests=tool.for_guests,
        )

    async def _serve_everywhere(
        self, tool: AnyTool, caller: Caller, valid: ToolArguments, record: _CallRecord
    ) -> Served:
        """Run a tool that reads in all households of the grant, or in the one that is named."""
        default = choose(caller.actor, valid.household)
        covered = [default, *(each for each in caller.actor.memberships if each is not default)]
        chosen = covered if valid.household is None else [default]
        households = [prove_household(self._engine, caller.actor, each.ref, write=False) for each in chosen]
        record.household_id = default.household_id if len(households) == 1 else None
        assert tool.everywhere is not None  # noqa: S101  # the caller has looked
        result: ToolResult = await tool.everywhere(households, valid)
        record.outcome, record.touched = OK, result.touched()
        return Served(_answer_of(result.below(self._public_url)))

    async def _serve(
        self,
        tool: AnyTool,
        household: ProvenHousehold,
        sent: Mapping[str, Any],
        valid: ToolArguments,
        round_trip: RoundTrip,
        preparation: Preparation,
        record: _CallRecord,
    ) -> Served:
        """Run a tool with what the person answered, or return what to ask them."""
        identity = CallIdentity(household.actor.grant_id, household.household_id, tool.name, sent)
        record.outcome = STATE_REFUSED
        answers = self._elicitation.read(round_trip, identity)
        record.outcome = CANCELLED
        prepared = _PreparedCall(
            tool, valid, with_values(valid, answers.values), round_trip, answers, record, self._public_url
        )
        try:
            answer = await _run_alone(prepared, household) or await _answer_again(prepared, household)
            if answer is None:
                handler = await tool.handler_for(prepared.arguments, preparation)
                if tool.prepare is not None:
                    await household.revalidate()
                async with household.open(write=tool.writes) as tenant:
                    # Serialised before COMMIT: a result that can't be shown must not be stored either.
                    answer = await _run(prepared, handler, tenant)
        except InputNeeded as needed:
            asked = needed.asked
        except (Ambiguous, Several) as refusal:
            asked = [*ambiguous_in(refusal)]
            if not round_trip.can_ask or not can_be_asked(asked):
                raise
        else:
            return Served(answer)
        record.outcome, record.touched = INPUT_REQUIRED, None
        return Served(self._elicitation.ask(asked, identity, answers), INPUT_REQUIRED)


@record()
class _PreparedCall:
    """A call that is ready to run: its arguments as they were sent and with what the person answered, and whether they
    can be asked more."""

    tool: AnyTool
    sent: ToolArguments
    arguments: ToolArguments
    round_trip: RoundTrip
    answers: Answers
    record: _CallRecord
    public_url: str

    @property
    def key(self) -> str | None:
        """The idempotency key. Raises `Invalid` for one that can't be stored."""
        key = self.sent.idempotency_key if isinstance(self.sent, WriteArguments) else None
        return None if key is None else clean(key, "idempotency_key", KEY_LENGTH)

    @property
    def hash(self) -> str:
        """What tells two calls with one key apart."""
        sent = without_refused(self.sent)
        plain = sent.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True, warnings=False)
        return hashlib.sha256(json.dumps([self.tool.name, plain], sort_keys=True).encode()).hexdigest()


async def _run_alone(prepared: _PreparedCall, household: ProvenHousehold) -> bytes | None:
    """Run a tool without a transaction and return its answer; None for a call that needs one."""
    tool, arguments, record = prepared.tool, prepared.arguments, prepared.record
    has_key = isinstance(arguments, WriteArguments) and arguments.idempotency_key is not None
    if tool.alone is None or has_key or not household.takes_one_message:
        return None

    def serialise(result: ToolResult) -> bytes:
        _refuse_or_ask(result, prepared.round_trip)
        record.touched = result.touched()
        return _answer_of(result)

    answer: bytes | None = await tool.alone(household, arguments, serialise)
    if answer is not None:
        record.outcome = OK
    return answer


async def _answer_again(prepared: _PreparedCall, household: ProvenHousehold) -> bytes | None:
    """Return the first answer to a call with an idempotency key that was used before, so that nothing is prepared for
    a call that was made already."""
    if prepared.tool.prepare is None or (key := prepared.key) is None:
        return None
    async with household.open(write=False) as tenant:
        kept = await history.find_answer(tenant, key)
    return None if kept is None else _first_answer(prepared, kept)


def _first_answer(prepared: _PreparedCall, kept: KeptAnswer) -> bytes:
    """Return an answer that was kept. Raises `Conflict` if it was one to other arguments."""
    if kept.args_hash != prepared.hash:
        message = "This idempotency_key came with other arguments before. Use a new key for a new call."
        raise Conflict(message, field="idempotency_key")
    prepared.record.outcome, prepared.record.touched = REPLAYED, 0
    first = to_json(json.loads(kept.answer)).decode()  # as it was before the database took it apart
    return _answer(first, text_content(first, REPLAY_NOTE))


async def _run(prepared: _PreparedCall, handler: Handler[Any], tenant: Tenant) -> bytes:
    """Run a tool, by its handler, and return its answer; for an idempotency key that was used before, return the first
    one."""
    tool, record, key = prepared.tool, prepared.record, prepared.key
    if key is None:
        result: ToolResult = await _handle(prepared, handler, tenant)
        record.outcome, record.touched = OK, result.touched()
        return _answer_of(result)
    kept = await history.kept_answer(tenant, key)
    if kept is not None:
        return _first_answer(prepared, kept)
    written: WriteResult = await _handle(prepared, handler, tenant)
    record.outcome, record.touched = OK, written.touched()
    structured, answer = _serialised(written)
    # A call that changed nothing has no event yet, but the kept answer refers to one.
    undo_ref = written.undo_ref
    event_no = event_numbers(undo_ref)[-1] if undo_ref else await history.insert_event(tenant, tool.name)
    await history.keep_answer(tenant, event_no, key, KeptAnswer(prepared.hash, structured))
    return answer


async def _handle(prepared: _PreparedCall, handler: Handler[Any], tenant: Tenant) -> Any:
    """Run a tool and return its result. Raises `InputNeeded` where the person is to be asked, with nothing stored as
    soon as the transaction is rolled back."""
    confirm = prepared.tool.confirm
    if confirm is not None and prepared.round_trip.can_ask and not prepared.answers.is_confirmed:
        raise InputNeeded(await confirm(tenant, prepared.arguments))
    result: ToolResult = await handler(tenant)
    _refuse_or_ask(result, prepared.round_trip)
    return result.below(prepared.public_url)


def _refuse_or_ask(result: ToolResult, round_trip: RoundTrip) -> None:
    """Raise what asks the person about ambiguous entries, or refuses a call of which every entry failed."""
    if round_trip.can_ask and can_be_asked(ambiguous := result.ambiguities()):
        raise InputNeeded(ambiguous)
    if (refusal := result.refusal()) is not None:
        raise refusal


def _answer_of(result: ToolResult) -> bytes:
    _, answer = _serialised(result)
    return answer


def _serialised(result: ToolResult) -> tuple[str, bytes]:
    """Return a result as JSON, and the answer with it, which is shortened where it would be longer than hosts read."""
    structured = result.model_dump_json(exclude_none=True)
    answer = _answer(structured, result.content(structured))
    while len(answer) > LONGEST_ANSWER:
        shorter = result.shortened(_SHARE * LONGEST_ANSWER / len(answer))
        if shorter is result:
            break
        result = shorter
        structured = result.model_dump_json(exclude_none=True)
        answer = _answer(structured, result.content(structured))
    return structured, answer


def _answer(structured: str, content: list[dict[str, Any]]) -> bytes:
    """Return a `CallToolResult` as JSON: the object itself, which is JSON already, and the same for people and models
    to read."""
    return b'{"content":%b,"structuredContent":%b,"isError":false}' % (to_json(content), structured.encode())
