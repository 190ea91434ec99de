"""Serve `resources/list`, `resources/templates/list` and `resources/read`: one path for every resource."""

import time
from dataclasses import replace
from typing import Final

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from app.access.caller import Caller
from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.db import Engine
from app.errors import AppError, Invalid, NotFound
from app.households.models import Membership
from app.households.tenant import open_tenant
from app.lists import repository as lists
from app.lists.models import ShoppingList
from app.lists.shared_list import find_shared_list
from app.mcp.cache_hints import PUBLIC
from app.mcp.context import Context, address_of, caller_of, identity_of
from app.mcp.dispatch import CANCELLED, FAULT
from app.mcp.icons import Icons
from app.mcp.paging import page_of
from app.mcp.resources.guide import GUIDE
from app.mcp.resources.lists import LIST_AS_CSV, LIST_AS_MARKDOWN, LISTS
from app.mcp.resources.members import MEMBERS
from app.mcp.resources.sample import SAMPLE
from app.mcp.resources.spec import LARGEST, LONGEST_URI, HouseholdResource, PublicResource, Variables

AnyResource = HouseholdResource | PublicResource

RESOURCES: Final[tuple[AnyResource, ...]] = (LISTS, LIST_AS_CSV, LIST_AS_MARKDOWN, MEMBERS, GUIDE, SAMPLE)
"""The first that matches a URI reads it."""

HOUSEHOLD: Final = "household"
LEGACY_NOT_FOUND: Final = -32002
"""The code of revisions up to 2025-11-25; 2026-07-28 says invalid params (SEP-2164)."""


class ResourceServer:
    """Serves resources to the caller of a request: those of the households that their grant covers, and public ones."""

    def __init__(self, engine: Engine, audit: AuditLog, icons: Icons) -> None:
        self._engine = engine
        self._audit = audit
        self._icons = icons
        self._templates = [each.definition(icons) for each in RESOURCES if each.is_template]

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Return a page of the caller's lists, household by household. Raises `Invalid` for the cursor."""
        caller = caller_of(context)
        if caller.actor.is_guest:
            return types.ListResourcesResult(resources=[await self._entry_of_guest(caller)])
        found = [GUIDE.listed(str(GUIDE.template), GUIDE.title, self._icons)]
        for membership in caller.actor.memberships:
            found += await self._entries_of(caller, membership)
        page, next_cursor = page_of(found, params)
        return types.ListResourcesResult(resources=page, next_cursor=next_cursor)

    async def list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Return a page of templates. Raises `Invalid` for the cursor."""
        page, next_cursor = page_of(self._templates, params)
        return types.ListResourceTemplatesResult(resource_templates=page, next_cursor=next_cursor)

    async def read(self, context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Return the text of a resource.

        Raises `MCPError`, the same for a URI that the caller may not read as for one that does not exist, and `Invalid`
        for a list that is too long to be read in one piece.
        """
        uri = str(params.uri)
        spec, variables = find_resource(uri)
        entry = AuditEntry(action=Action.RESOURCE_READ, at=self._audit.now(), detail=spec and spec.name)
        started = time.perf_counter()
        try:
            if spec is None:
                raise NotFound("")
            text = await self._read(caller_of(context), spec, variables)
            if len(text) > LARGEST:
                raise Invalid("This list is too long for one resource. list_items has it page by page.", field="uri")
        except AppError as error:
            entry = replace(entry, outcome=error.code)
            if isinstance(error, NotFound):
                raise _no_such_resource(context, uri) from None
            raise
        except Exception:
            entry = replace(entry, outcome=FAULT)
            raise
        except BaseException:
            entry = replace(entry, outcome=CANCELLED)
            raise
        finally:
            self._note(context, entry, variables.get(HOUSEHOLD), started)
        contents = types.TextResourceContents(uri=uri, mime_type=spec.mime_type, text=text)
        if isinstance(spec, PublicResource):
            return types.ReadResourceResult(contents=[contents], ttl_ms=PUBLIC.ttl_ms, cache_scope=PUBLIC.scope)
        return types.ReadResourceResult(contents=[contents])

    async def _read(self, caller: Caller, spec: AnyResource, variables: Variables) -> str:
        if isinstance(spec, PublicResource):
            return spec.read(variables)
        membership = covered(caller, variables[HOUSEHOLD])
        if membership is None:
            raise NotFound("")
        is_guest = caller.actor.is_guest
        if is_guest and spec is not LIST_AS_MARKDOWN:
            raise NotFound("")
        async with open_tenant(self._engine, caller.actor, membership.ref, write=False, for_guests=is_guest) as tenant:
            if is_guest and (await find_shared_list(tenant)).ref != variables["list"]:
                raise NotFound("")
            return await spec.read(tenant, variables)

    async def _entry_of_guest(self, caller: Caller) -> types.Resource:
        async with open_tenant(self._engine, caller.actor, None, write=False, for_guests=True) as tenant:
            found = await find_shared_list(tenant)
            return self._entry_of(found, {HOUSEHOLD: tenant.membership.ref})

    async def _entries_of(self, caller: Caller, membership: Membership) -> list[types.Resource]:
        async with open_tenant(self._engine, caller.actor, membership.ref, write=False) as tenant:
            found = await lists.all_lists(tenant)
        household = {HOUSEHOLD: membership.ref}
        return [
            LISTS.listed(LISTS.template.expand(household), f"Lists of {membership.name}", self._icons),
            MEMBERS.listed(MEMBERS.template.expand(household), f"Members of {membership.name}", self._icons),
            *(self._entry_of(each, household) for each in found),
        ]

    def _entry_of(self, found: ShoppingList, household: Variables) -> types.Resource:
        uri = LIST_AS_MARKDOWN.template.expand({**household, "list": found.ref})
        return LIST_AS_MARKDOWN.listed(uri, found.name, self._icons)

    def _note(self, context: Context, entry: AuditEntry, household: str | None, started: float) -> None:
        caller = caller_of(context)
        membership = None if household is None else covered(caller, household)
        self._audit.note(
            replace(
                entry,
                **identity_of(caller),
                household_id=None if membership is None else membership.household_id,
                address=address_of(context),
                duration_ms=round((time.perf_counter() - started) * 1000),
            )
        )


def find_resource(uri: str) -> tuple[AnyResource | None, Variables]:
    """Return the resource of a URI, and the values of its variables; None if there is none of this form."""
    for spec in RESOURCES:
        variables = spec.match(uri)
        if variables is not None:
            return spec, variables
    return None, {}


def covered(caller: Caller, ref: str) -> Membership | None:
    """Return the household with this ref if the caller's grant covers it; a name is none, since names change."""
    return next((each for each in caller.actor.memberships if each.ref == ref), None)


def _no_such_resource(context: Context, uri: str) -> MCPError:
    code = types.INVALID_PARAMS if context.protocol_version in MODERN_PROTOCOL_VERSIONS else LEGACY_NOT_FOUND
    return MCPError(
        code, "There is no such resource. resources/list names those that you may read.", {"uri": uri[:LONGEST_URI]}
    )
