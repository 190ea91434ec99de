"""Serve `completion/complete`: values for the variables of resource templates and the arguments of prompts."""

from collections.abc import Iterable, Sequence
from typing import Final, get_args

import mcp_types as types
from mcp.shared.exceptions import MCPError

from app.access.caller import Caller
from app.db import Engine
from app.households import repository as households
from app.households.tenant import Tenant, open_tenant
from app.lists import repository as lists
from app.lists.known_values_repository import find_months, find_stores
from app.lists.purchases.spending_repository import SpendingGroup
from app.mcp.context import Context, caller_of
from app.mcp.prompts.serve import find_prompt
from app.mcp.prompts.spec import Completed, PromptSpec
from app.mcp.resources.serve import HOUSEHOLD, RESOURCES, covered
from app.recipes.models import RECIPES_PER_HOUSEHOLD
from app.recipes.repository import read_recipes
from app.text import fold

MOST_VALUES: Final = 100
"""The most values in one response (MCP specification, completion)."""

Choice = tuple[str, str]
"""A value, and the text that people know it by."""


class Completions:
    """Completes what the caller of a request has typed, with values that they may read."""

    def __init__(self, prompts: Sequence[PromptSpec], engine: Engine) -> None:
        self._prompts = prompts
        self._engine = engine

    async def complete(self, context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        """Return the values that begin with what was typed, without regard to case and accents.

        Raises `MCPError` for a template, prompt or variable that does not exist. A household that the caller's grant
        does not cover has no values, and neither has anything for a guest.
        """
        caller = caller_of(context)
        if caller.actor.is_guest:
            return _result([], "")
        variable = params.argument.name
        chosen = (params.context.arguments if params.context is not None else None) or {}
        if isinstance(params.ref, types.PromptReference):
            choices = await self._for_prompt(caller, params.ref.name, variable)
        else:
            choices = await self._for_template(caller, params.ref.uri, variable, chosen.get(HOUSEHOLD))
        return _result(choices, params.argument.value)

    async def _for_prompt(self, caller: Caller, name: str, variable: str) -> Sequence[Choice]:
        prompt = find_prompt(self._prompts, name)
        argument = next((each for each in prompt.arguments if each.name == variable), None)
        if argument is None:
            raise _unknown_variable(variable, (each.name for each in prompt.arguments))
        if argument.completed is None:
            return []
        async with open_tenant(self._engine, caller.actor, None, write=False) as tenant:
            return await _choices(tenant, argument.completed, by_name=True)

    async def _for_template(self, caller: Caller, uri: str, variable: str, household: str | None) -> Sequence[Choice]:
        template = next((each.template for each in RESOURCES if str(each.template) == uri), None)
        if template is None:
            raise MCPError(types.INVALID_PARAMS, "Unknown template. resources/templates/list names them all.")
        if variable not in template.variable_names:
            raise _unknown_variable(variable, template.variable_names)
        if variable == HOUSEHOLD:
            return [(each.ref, each.name) for each in caller.actor.memberships]
        if variable != "list":
            return []
        membership = None if household is None else covered(caller, household)
        if household is not None and membership is None:
            return []
        async with open_tenant(self._engine, caller.actor, membership and membership.ref, write=False) as tenant:
            return await _choices(tenant, "list", by_name=False)


async def _choices(tenant: Tenant, completed: Completed, *, by_name: bool) -> Sequence[Choice]:
    """Return every value; a list is its name where people read it, and its ref in a URI."""
    match completed:
        case "list":
            found = [each for each in await lists.all_lists(tenant) if each.archived_at is None]
            return [(each.name if by_name else each.ref, each.name) for each in found]
        case "store":
            spellings: dict[str, str] = {}
            for store in await find_stores(tenant):
                spellings.setdefault(fold(store), store)
            return _plain(spellings.values())
        case "month":
            return _plain(await find_months(tenant))
        case "group":
            return _plain(get_args(SpendingGroup))
        case "recipe":
            return _plain([each.name for each in await read_recipes(tenant, "", RECIPES_PER_HOUSEHOLD, archived=False)])
        case "member":
            members = await households.members_of(tenant.connection, tenant.household_id)
            return _plain(dict.fromkeys(each.name for each in members))


def _plain(values: Iterable[str]) -> list[Choice]:
    return [(value, value) for value in values]


def _result(choices: Sequence[Choice], typed: str) -> types.CompleteResult:
    start = fold(typed[:200])
    found = [value for value, label in choices if fold(value).startswith(start) or fold(label).startswith(start)]
    return types.CompleteResult(
        completion=types.Completion(values=found[:MOST_VALUES], total=len(found), has_more=len(found) > MOST_VALUES)
    )


def _unknown_variable(name: str, known: Iterable[str]) -> MCPError:
    return MCPError(types.INVALID_PARAMS, f"There is no variable {name[:100]}. There are: {', '.join(known)}.")
