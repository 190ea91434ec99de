"""The one path of every tool call: scopes, arguments, tenant, idempotency, handler, answer, commit."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import mcp_types as types
import structlog
from mcp.shared.exceptions import MCPError
from pydantic_core import to_json

from app.access.caller import Caller
from app.audit.log import AuditLog
from app.audit.models import OK, Action, AuditEntry
from app.db import Engine
from app.errors import AppError, Conflict
from app.households.tenant import ListsChanged, ProvenHousehold, Tenant, prove_household
from app.lists.history import repository as history
from app.lists.history.repository import KeptAnswer
from app.lists.models import event_no_of
from app.mcp.errors import tool_error, tool_fault
from app.mcp.spec import KEY_LENGTH, AnyTool, Report, ToolResult, WriteArguments, WriteResult, text_content
from app.mcp.validation import validate
from app.text import clean

CANCELLED: Final = "cancelled"
FAULT: Final = "fault"
REPLAYED: Final = "replayed"
UNKNOWN_TOOL: Final = "unknown_tool"
SCOPE_MISSING: Final = "insufficient_scope"
REPLAY_NOTE: Final = "This call was already made; here is its first answer again."
_log: Final = structlog.stdlib.get_logger("app.mcp")


async def report_nothing(progress: float, total: float | None, message: str | None) -> None:
    """Stand in for a report where there is no stream to send it on."""


@dataclass(slots=True)
class _Call:
    """What the audit log records about a call; until its end is known, it counts as cancelled."""

    outcome: str = CANCELLED
    household_id: UUID | None = None
    touched: int | None = None


class Dispatch:
    """Calls the tools of one endpoint.

    `lists_changed` is told about each change after its commit, and `audit` about each call, without any content.
    """

    def __init__(
        self, engine: Engine, tools: Mapping[str, AnyTool], lists_changed: ListsChanged, audit: AuditLog
    ) -> None:
        self._engine = engine
        self._tools = tools
        self._lists_changed = lists_changed
        self._audit = audit

    async def call(
        self,
        caller: Caller,
        address: str | None,
        name: str,
        arguments: Mapping[str, Any] | None,
        report: Report = report_nothing,
    ) -> bytes:
        """Serve `tools/call` to a caller at a network address; return a `CallToolResult` of any revision as JSON.

        Raises `MCPError` for an unknown tool or a missing scope; other failures are results.
        """
        tool = self._tools.get(name)
        call = _Call()
        started = time.perf_counter()
        try:
            if tool is None:
                call.outcome = UNKNOWN_TOOL
                raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name[:100]}. tools/list names them all.")
            if not tool.scopes <= caller.scopes:
                # The bearer check already answers this with a 403; nothing runs here even if it were bypassed.
                call.outcome = SCOPE_MISSING
                raise MCPError(types.INVALID_REQUEST, f"{tool.name} needs a scope that this token lacks.")
            valid = validate(tool.arguments, arguments or {}, tool.input_schema)
            household = prove_household(
                self._engine, caller.actor, valid.household, write=tool.writes, lists_changed=self._lists_changed
            )
            call.household_id = household.household_id
            answer = await _run_alone(tool, household, valid, call)
            if answer is None:
                serve = await tool.prepare(valid, report)
                async with household.open(write=tool.writes) as tenant:
                    # Serialised before COMMIT: a result that can't be shown must not be stored either.
                    answer = await _run(tool, serve, tenant, valid, call)
        except AppError as error:
            call.outcome, call.touched = error.code, None
            return tool_error(error)
        except MCPError:
            raise
        except Exception:
            call.outcome, call.touched = FAULT, None
            _log.exception("tool failed", tool=name)
            return tool_fault()
        except BaseException:
            call.outcome, call.touched = CANCELLED, None
            raise
        else:
            return answer
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


async def _run_alone(tool: AnyTool, household: ProvenHousehold, arguments: Any, call: _Call) -> bytes | None:
    """Run a tool without a transaction and return its answer; None for a call that needs one."""
    has_key = isinstance(arguments, WriteArguments) and arguments.idempotency_key is not None
    if tool.alone is None or has_key or not household.takes_one_message:
        return None

    def serialise(result: ToolResult) -> tuple[bytes, int]:
        return _answer_of(result), result.touched()

    served: tuple[bytes, int] | None = await tool.alone(household, arguments, serialise)
    if served is None:
        return None
    answer, call.touched = served
    call.outcome = OK
    return answer


async def _run(
    tool: AnyTool, serve: Callable[[Tenant], Awaitable[Any]], tenant: Tenant, arguments: Any, call: _Call
) -> bytes:
    """Run a tool, by `serve`, and return its answer; for an idempotency key that was used before, return the first
    one."""
    if not isinstance(arguments, WriteArguments) or arguments.idempotency_key is None:
        result: ToolResult = await serve(tenant)
        call.outcome, call.touched = OK, result.touched()
        return _answer_of(result)
    key = clean(arguments.idempotency_key, "idempotency_key", KEY_LENGTH)
    args_hash = _hash(tool.name, arguments)
    kept = await history.kept_answer(tenant, key)
    if kept is not None:
        if kept.args_hash != args_hash:
            message = "This idempotency_key came with other arguments before. Use a new key for a new call."
            raise Conflict(message, field="idempotency_key")
        call.outcome, call.touched = REPLAYED, 0
        first = to_json(json.loads(kept.answer)).decode()  # as it was before the database took it apart
        return _answer(first, text_content(first, REPLAY_NOTE))
    written: WriteResult = await serve(tenant)
    call.outcome, call.touched = OK, written.touched()
    structured = written.model_dump_json(exclude_none=True)
    # A call that changed nothing has no event yet, but the kept answer refers to one.
    event_no = event_no_of(written.undo_ref) if written.undo_ref else await history.insert_event(tenant, tool.name)
    await history.keep_answer(tenant, event_no, key, KeptAnswer(args_hash, structured))
    return _answer(structured, written.content(structured))


def _answer_of(result: ToolResult) -> bytes:
    structured = result.model_dump_json(exclude_none=True)
    return _answer(structured, result.content(structured))


def _answer(structured: str, content: list[dict[str, Any]]) -> bytes:
    """Return a `CallToolResult` as JSON: the object itself, which is JSON already, and the same for people and models
    to read."""
    return b'{"content":%b,"structuredContent":%b,"isError":false}' % (to_json(content), structured.encode())


def _hash(name: str, arguments: WriteArguments) -> str:
    plain = arguments.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True)
    return hashlib.sha256(json.dumps([name, plain], sort_keys=True).encode()).hexdigest()
