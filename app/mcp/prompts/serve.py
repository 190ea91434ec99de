"""Serve `prompts/list` and `prompts/get`."""

from collections.abc import Container, Sequence
from typing import Final

import mcp_types as types
from mcp.shared.exceptions import MCPError

from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.db import Engine
from app.households.tenant import open_tenant
from app.mcp.context import Context, address_of, caller_of, identity_of
from app.mcp.icons import Icons
from app.mcp.paging import page_of
from app.mcp.prompts.go_shopping import GO_SHOPPING
from app.mcp.prompts.plan_meals import PLAN_MEALS
from app.mcp.prompts.read_receipt import READ_RECEIPT
from app.mcp.prompts.restock_check import RESTOCK_CHECK
from app.mcp.prompts.spec import PromptSpec
from app.mcp.prompts.spending_review import SPENDING_REVIEW
from app.text import clean

PROMPTS: Final[tuple[PromptSpec, ...]] = (PLAN_MEALS, GO_SHOPPING, RESTOCK_CHECK, READ_RECEIPT, SPENDING_REVIEW)
LONGEST_ARGUMENT: Final = 500


def prompts_for(tools: Container[str]) -> tuple[PromptSpec, ...]:
    """Return the prompts of an endpoint with these tools: a prompt that names a tool needs it."""
    return tuple(each for each in PROMPTS if all(name in tools for name in each.tools))


def find_prompt(prompts: Sequence[PromptSpec], name: str) -> PromptSpec:
    """Return the prompt of this name. Raises `MCPError` if there is none."""
    prompt = next((each for each in prompts if each.name == name), None)
    if prompt is None:
        raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {name[:100]}. prompts/list names them all.")
    return prompt


class PromptServer:
    """Serves prompts to the caller of a request, about their default household."""

    def __init__(self, prompts: Sequence[PromptSpec], engine: Engine, audit: AuditLog, icons: Icons) -> None:
        self._prompts = prompts
        self._definitions = [each.definition(icons) for each in prompts]
        self._engine = engine
        self._audit = audit

    async def list_prompts(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """Return a page of prompts. Raises `Invalid` for the cursor."""
        page, next_cursor = page_of(self._definitions, params)
        return types.ListPromptsResult(prompts=page, next_cursor=next_cursor)

    async def get(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """Return the messages of a prompt. Raises `MCPError` for an unknown prompt or argument, `Invalid` and
        `NotFound` for the value of an argument."""
        prompt = find_prompt(self._prompts, params.name)
        given = params.arguments or {}
        unknown = given.keys() - {each.name for each in prompt.arguments}
        if unknown:
            known = ", ".join(each.name for each in prompt.arguments)
            raise MCPError(
                types.INVALID_PARAMS, f"{prompt.name} has no argument {min(unknown)[:100]}. It has: {known}."
            )
        # An empty text is what forms send for a field that was left alone.
        values = {name: clean(value, name, LONGEST_ARGUMENT) for name, value in given.items() if value.strip()}
        caller = caller_of(context)
        async with open_tenant(self._engine, caller.actor, None, write=False) as tenant:
            messages = await prompt.write(tenant, values)
            household_id = tenant.household_id
        self._audit.note(
            AuditEntry(
                action=Action.PROMPT_READ,
                at=self._audit.now(),
                **identity_of(caller),
                household_id=household_id,
                detail=prompt.name,
                address=address_of(context),
            )
        )
        return types.GetPromptResult(description=prompt.description, messages=list(messages))
