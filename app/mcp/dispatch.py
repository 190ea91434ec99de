"""The one path of every tool call: scopes, arguments, tenant, idempotency, handler, answer, commit."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import mcp_types as types
import structlog
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from starlette.requests import Request

from app.access.caller import Caller
from app.audit.log import AuditLog
from app.db import Engine
from app.errors import AppError, Conflict
from app.households.tenant import ListsChanged, Tenant, open_tenant
from app.lists.history import repository as activity
from app.lists.history.repository import KeptAnswer
from app.lists.models import event_no_of
from app.mcp import call_record, results
from app.mcp.call_record import CallRecord, recorded
from app.mcp.http.bearer_auth import CALLER
from app.mcp.results import Json
from app.mcp.spec import KEY_LENGTH, AnyTool, WriteArguments, WriteResult
from app.mcp.validation import validate
from app.runtime.addresses import known_address
from app.text import clean

_log: Final = structlog.stdlib.get_logger("app.mcp")
REPLAYED: Final = "This call was done before; here is its first answer again."


class Dispatch:
    """Calls tools of one catalogue; `lists_changed` is told of every change after its commit, `audit` of every call."""

    def __init__(
        self, engine: Engine, tools: Mapping[str, AnyTool], lists_changed: ListsChanged, audit: AuditLog
    ) -> None:
        self._engine = engine
        self._tools = tools
        self._lists_changed = lists_changed
        self._audit = audit

    async def call(
        self, context: ServerRequestContext[Any, Request], name: str, arguments: Mapping[str, Any] | None
    ) -> Json:
        """Serve `tools/call`. Raises `MCPError` for an unknown tool; everything else is a result."""
        tool = self._tools.get(name)
        caller = caller_of(context)
        with recorded(self._audit, caller, tool.name if tool else None, _address_of(context)) as call:
            if tool is None:
                call.refused(call_record.UNKNOWN_TOOL)
                raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name[:100]}. tools/list names them all.")
            if not tool.scopes <= caller.scopes:
                # The gate has already said this with a 403; here nothing runs even if it were bypassed.
                call.refused(call_record.SCOPE_MISSING)
                raise MCPError(types.INVALID_REQUEST, f"{tool.name} needs a scope that this token lacks.")
            try:
                return await self._run(tool, caller, arguments or {}, call)
            except AppError as refusal:
                call.refused(refusal.code)
                return results.refuse(refusal)
            except Exception:
                call.refused(call_record.FAULT)
                _log.exception("tool failed", tool=tool.name)
                return results.unexpected()
            except BaseException:
                call.refused(call_record.CANCELLED)
                raise

    async def _run(self, tool: AnyTool, caller: Caller, given: Mapping[str, Any], call: CallRecord) -> Json:
        arguments = validate(tool.arguments, given, tool.input_schema)
        async with open_tenant(
            self._engine, caller.actor, arguments.household, write=tool.writes, lists_changed=self._lists_changed
        ) as tenant:
            call.household_id = tenant.household_id
            if not isinstance(arguments, WriteArguments) or arguments.idempotency_key is None:
                result = await tool.handler(tenant, arguments)
                call.done(result.touched())
                # Made into text before COMMIT: a result that can't be told must not be stored either.
                return results.answer(results.as_dict(result), result.in_words())
            return await _once(tool, tenant, arguments, arguments.idempotency_key, call)


async def _once(tool: AnyTool, tenant: Tenant, arguments: WriteArguments, given_key: str, call: CallRecord) -> Json:
    """Run a call with an idempotency key, or answer what its first run answered."""
    key = clean(given_key, "idempotency_key", KEY_LENGTH)
    args_hash = _hash(tool.name, arguments)
    kept = await activity.kept_answer(tenant, key)
    if kept is not None:
        if kept.args_hash != args_hash:
            message = "This idempotency_key came with other arguments before. Use a new key for a new call."
            raise Conflict(message, field="idempotency_key")
        call.done(0, call_record.REPLAYED)
        return results.answer(json.loads(kept.answer), REPLAYED)
    result: WriteResult = await tool.handler(tenant, arguments)
    call.done(result.touched())
    structured = results.as_dict(result)
    # A call that changed nothing has no event yet; its answer needs one to hang on.
    event_no = event_no_of(result.undo_ref) if result.undo_ref else await activity.insert_event(tenant, tool.name)
    await activity.keep_answer(tenant, event_no, key, KeptAnswer(args_hash, results.as_json(structured)))
    return results.answer(structured, result.in_words())


def caller_of(context: ServerRequestContext[Any, Request]) -> Caller:
    """The caller whom the gate proved. Raises `LookupError` where there is none: then nobody may do anything."""
    caller = context.request.scope.get(CALLER) if context.request is not None else None
    if not isinstance(caller, Caller):
        raise LookupError("a request without a proven caller reached the dispatcher")
    return caller


def _address_of(context: ServerRequestContext[Any, Request]) -> str | None:
    client = context.request.client if context.request is not None else None
    return known_address(client.host) if client is not None else None


def _hash(name: str, arguments: WriteArguments) -> str:
    plain = arguments.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True)
    return hashlib.sha256(json.dumps([name, plain], sort_keys=True).encode()).hexdigest()
