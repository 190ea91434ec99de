"""The tool `undo`."""

from pydantic import Field

from app.households.tenant import Tenant
from app.lists.history import undo as undoing
from app.mcp.spec import Handler, Hints, Preparation, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.runtime.progress import reported_beside
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which call."""

    undo_ref: str = Field(description="The undo_ref in the answer to that call", max_length=20)


async def undo(arguments: Arguments, preparation: Preparation) -> Handler[ChangeResult]:
    """Undoes one call, whoever made it: what it added, changed, checked, moved, removed or deleted is as before. What
    was changed again since is reported as a conflict and left alone. Undoing an undo brings the change back. Results
    show up to 100, conflicts first."""

    async def handler(tenant: Tenant) -> ChangeResult:
        async with reported_beside(preparation.report) as note:
            return change_result(await undoing.undo(tenant, arguments.undo_ref, note))

    return handler


UNDO = ToolSpec(
    None,
    Arguments,
    ChangeResult,
    title="Undo a change",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=True, idempotent=False),
    prepare=undo,
)
