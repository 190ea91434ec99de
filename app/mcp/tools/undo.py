"""The tool `undo`."""

from pydantic import ConfigDict, Field

from app.households.tenant import Tenant
from app.lists.history import undo as undoing
from app.mcp.argument_types import Time, in_zone
from app.mcp.spec import Handler, Hints, Preparation, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.runtime.progress import reported_beside
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which calls."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    undo_ref: str | None = Field(default=None, description="The undo_ref of a call", max_length=20)
    undo_refs: list[str] | None = Field(default=None, description="Of several calls", max_length=50)
    since: Time | None = Field(default=None, description="Instead: all I changed from this time on")
    until: Time | None = Field(default=None, description="Before this time")
    items: list[str] | None = Field(default=None, description="Only for these items", max_length=100)
    left_out: list[str] | None = Field(default=None, alias="except", description="Not for these items", max_length=100)


async def undo(arguments: Arguments, preparation: Preparation) -> Handler[ChangeResult]:
    """Undoes one call or several, whoever made them: what they added, changed, checked, moved, removed or deleted is as
    before. What was changed again since is reported as a conflict and left alone. Undoing an undo brings the change
    back. Results show up to 100, conflicts first."""

    async def handler(tenant: Tenant) -> ChangeResult:
        zone = tenant.membership.zone
        refs = [*([arguments.undo_ref] if arguments.undo_ref is not None else []), *(arguments.undo_refs or [])]
        request = undoing.Request(
            refs,
            since=in_zone(arguments.since, zone),
            until=in_zone(arguments.until, zone),
            items=arguments.items,
            left_out=arguments.left_out,
        )
        async with reported_beside(preparation.report) as note:
            return change_result(await undoing.undo(tenant, request, note))

    return handler


UNDO = ToolSpec(
    None,
    Arguments,
    ChangeResult,
    title="Undo a change",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="What it changes is an event too, and undoing that brings it back.",
    ),
    prepare=undo,
)
