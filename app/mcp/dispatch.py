"""The one path of every tool call: scopes, arguments, tenant, what the person chose, idempotency, handler, answer,
commit."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
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
from app.households.tenant import ListsChanged, ProvenHousehold, Tenant, prove_household
from app.lists.history import repository as history
from app.lists.history.repository import KeptAnswer
from app.lists.models import event_no_of
from app.mcp.choices import (
    NO_CLIENT,
    Answers,
    CallIdentity,
    Choices,
    Client,
    InputNeeded,
    ambiguous_in,
    can_be_asked,
    with_values,
)
from app.mcp.errors import tool_error, tool_fault
from app.mcp.spec import (
    KEY_LENGTH,
    AnyTool,
    ToolArguments,
    ToolResult,
    WriteArguments,
    WriteResult,
    text_content,
)
from app.mcp.validation import validate, without_refused
from app.runtime.turns import Report
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
REPLAY_NOTE: Final = "This call was already made; here is its first answer again."
_log: Final = structlog.stdlib.get_logger("app.mcp")


async def report_nothing(progress: float, total: float | None, message: str | None) -> None:
    """Stand in for a report where there is no stream to send it on."""


class Served(NamedTuple):
    """A result as JSON, without its `resultType`, which only 2026-07-28 has."""

    body: bytes
    result_type: str = COMPLETE


@dataclass(slots=True)
class _Call:
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

    `lists_changed` is told about each change after its commit, and `audit` about each call, without any content.
    `authenticator` looks at the caller of a write again that had to wait.
    `choices` asks the person, where the client can.
    """

    def __init__(
        self,
        engine: Engine,
        tools: Mapping[str, AnyTool],
        authenticator: Authenticator,
        lists_changed: ListsChanged,
        audit: AuditLog,
        choices: Choices,
    ) -> None:
        self._engine = engine
        self._tools = tools
        self._authenticator = authenticator
        self._lists_changed = lists_changed
        self._audit = audit
        self._choices = choices

    async def call(
        self,
        caller: Caller,
        address: str | None,
        name: str,
        arguments: Mapping[str, Any] | None,
        client: Client = NO_CLIENT,
        report: Report = report_nothing,
    ) -> Served:
        """Serve `tools/call` to a caller at a network address; return a `CallToolResult` of any revision, or an
        `InputRequiredResult` for a client that can ask its person.

        Raises `MCPError` for an unknown tool, a missing scope, or a state that is not of this call, and `AccessEnded`
        for a write that waited while its caller lost their access; other failures are results.
        """
        tool = self._tools.get(name)
        call = _Call(self._lists_changed)
        started = time.perf_counter()
        try:
            if tool is None:
                call.outcome = UNKNOWN_TOOL
                raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name[:100]}. tools/list names them all.")
            if not tool.scopes <= caller.scopes:
                # The bearer check already answers this with a 403; nothing runs here even if it were bypassed.
                call.outcome = SCOPE_MISSING
                raise MCPError(types.INVALID_REQUEST, f"{tool.name} needs a scope that this token lacks.")
            sent = arguments or {}
            valid = validate(tool.arguments, sent, tool.input_schema)
            household = self._prove(tool, caller, valid.household, call)
            call.household_id = household.household_id
            served = await self._serve(tool, household, sent, valid, client, report, call)
        except AppError as error:
            call.outcome, call.touched = error.code, None
            return Served(tool_error(error))
        except MCPError:
            raise
        except AccessEnded:
            call.outcome, call.touched = ACCESS_ENDED, None
            raise
        except Exception:
            call.outcome, call.touched = FAULT, None
            _log.exception("tool failed", tool=name)
            return Served(tool_fault())
        except BaseException:
            call.outcome = OK if call.is_stored else CANCELLED
            call.touched = call.touched if call.is_stored else None
            raise
        else:
            return served
        finally:
            self._audit.note(
                AuditEntry(
                    action=Action.TOOL_CALLED,
                    at=self._audit.now(),
                    outcome=call.outcome,
                    person_id=caller.actor.person_id,
                    client_id=caller.actor.client_id,
                    grant_id=caller.actor.grant_id,
                    household_id=call.household_id,
                    tool=tool.name if tool is not None else None,
                    address=address,
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    touched=call.touched,
                )
            )

    def _prove(self, tool: AnyTool, caller: Caller, name: str | None, call: _Call) -> ProvenHousehold:
        if not tool.writes:
            return prove_household(self._engine, caller.actor, name, write=False)

        async def revalidate(driver: "Driver | None") -> None:
            current = await self._authenticator.revalidate(caller, driver)
            if current is None or not tool.scopes <= current.scopes:
                raise AccessEnded
            now = prove_household(self._engine, current.actor, name, write=True)
            if now.household_id != call.household_id:
                raise Conflict("Your households have changed while this call waited. Make it again.", field="household")

        return prove_household(
            self._engine, caller.actor, name, write=True, lists_changed=call.stored, revalidate=revalidate
        )

    async def _serve(
        self,
        tool: AnyTool,
        household: ProvenHousehold,
        sent: Mapping[str, Any],
        valid: ToolArguments,
        client: Client,
        report: Report,
        call: _Call,
    ) -> Served:
        """Run a tool with what the person answered, or return what to ask them."""
        identity = CallIdentity(household.actor.grant_id, household.household_id, tool.name, sent)
        call.outcome = STATE_REFUSED
        answers = self._choices.read(client, identity)
        call.outcome = CANCELLED
        work = _Work(tool, valid, with_values(valid, answers.values), client, answers, call)
        try:
            answer = await _run_alone(work, household)
            if answer is None:
                serve = await tool.prepare(work.arguments, report)
                if tool.streams:
                    await household.revalidate()
                async with household.open(write=tool.writes) as tenant:
                    # Serialised before COMMIT: a result that can't be shown must not be stored either.
                    answer = await _run(work, serve, tenant)
        except InputNeeded as needed:
            asked = needed.asked
        except (Ambiguous, Several) as refusal:
            asked = [*ambiguous_in(refusal)]
            if not client.can_ask or not can_be_asked(asked):
                raise
        else:
            return Served(answer)
        call.outcome, call.touched = INPUT_REQUIRED, None
        return Served(self._choices.ask(asked, identity, answers), INPUT_REQUIRED)


@dataclass(frozen=True, slots=True)
class _Work:
    """A tool to run: its arguments as they were sent and with what the person answered, and who can be asked more."""

    tool: AnyTool
    sent: ToolArguments
    arguments: ToolArguments
    client: Client
    answers: Answers
    call: _Call


async def _run_alone(work: _Work, household: ProvenHousehold) -> bytes | None:
    """Run a tool without a transaction and return its answer; None for a call that needs one."""
    tool, arguments, call = work.tool, work.arguments, work.call
    has_key = isinstance(arguments, WriteArguments) and arguments.idempotency_key is not None
    if tool.alone is None or has_key or not household.takes_one_message:
        return None

    def serialise(result: ToolResult) -> bytes:
        _refuse_or_ask(result, work.client)
        call.touched = result.touched()
        return _answer_of(result)

    answer: bytes | None = await tool.alone(household, arguments, serialise)
    if answer is not None:
        call.outcome = OK
    return answer


async def _run(work: _Work, serve: Callable[[Tenant], Awaitable[Any]], tenant: Tenant) -> bytes:
    """Run a tool, by `serve`, and return its answer; for an idempotency key that was used before, return the first
    one."""
    tool, sent, call = work.tool, work.sent, work.call
    if not isinstance(sent, WriteArguments) or sent.idempotency_key is None:
        result: ToolResult = await _handle(work, serve, tenant)
        call.outcome, call.touched = OK, result.touched()
        return _answer_of(result)
    key = clean(sent.idempotency_key, "idempotency_key", KEY_LENGTH)
    args_hash = _hash(tool.name, sent)
    kept = await history.kept_answer(tenant, key)
    if kept is not None:
        if kept.args_hash != args_hash:
            message = "This idempotency_key came with other arguments before. Use a new key for a new call."
            raise Conflict(message, field="idempotency_key")
        call.outcome, call.touched = REPLAYED, 0
        first = to_json(json.loads(kept.answer)).decode()  # as it was before the database took it apart
        return _answer(first, text_content(first, REPLAY_NOTE))
    written: WriteResult = await _handle(work, serve, tenant)
    call.outcome, call.touched = OK, written.touched()
    structured = written.model_dump_json(exclude_none=True)
    # A call that changed nothing has no event yet, but the kept answer refers to one.
    event_no = event_no_of(written.undo_ref) if written.undo_ref else await history.insert_event(tenant, tool.name)
    await history.keep_answer(tenant, event_no, key, KeptAnswer(args_hash, structured))
    return _answer(structured, written.content(structured))


async def _handle(work: _Work, serve: Callable[[Tenant], Awaitable[Any]], tenant: Tenant) -> Any:
    """Run a tool and return its result. Raises `InputNeeded` where the person is to be asked, with nothing stored as
    soon as the transaction is rolled back."""
    confirm = work.tool.confirm
    if confirm is not None and work.client.can_ask and not work.answers.is_confirmed:
        raise InputNeeded(await confirm(tenant, work.arguments))
    result: ToolResult = await serve(tenant)
    _refuse_or_ask(result, work.client)
    return result


def _refuse_or_ask(result: ToolResult, client: Client) -> None:
    """Raise what asks the person about ambiguous entries, or refuses a call of which every entry failed."""
    if client.can_ask and can_be_asked(ambiguous := result.ambiguities()):
        raise InputNeeded(ambiguous)
    if (refusal := result.refusal()) is not None:
        raise refusal


def _answer_of(result: ToolResult) -> bytes:
    structured = result.model_dump_json(exclude_none=True)
    return _answer(structured, result.content(structured))


def _answer(structured: str, content: list[dict[str, Any]]) -> bytes:
    """Return a `CallToolResult` as JSON: the object itself, which is JSON already, and the same for people and models
    to read."""
    return b'{"content":%b,"structuredContent":%b,"isError":false}' % (to_json(content), structured.encode())


def _hash(name: str, arguments: WriteArguments) -> str:
    sent = without_refused(arguments)
    plain = sent.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True, warnings=False)
    return hashlib.sha256(json.dumps([name, plain], sort_keys=True).encode()).hexdigest()
