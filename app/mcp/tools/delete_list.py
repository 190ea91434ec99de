"""The tool `delete_list`."""

from pydantic import Field

from app.households.tenant import Tenant
from app.lists import save_list
from app.mcp.spec import Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.scopes import HOUSEHOLD_MANAGE


class Arguments(WriteArguments):
    """Which list, said twice."""

    list: str = Field(description="List name or ref", max_length=200)
    confirm_name: str = Field(description="Its full name, once more", max_length=400)


async def delete_list(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Deletes a shopping list with everything on it. To put a list away for a while, save_list archives it; undo brings
    a deleted list back."""
    return change_result(await save_list.delete_list(tenant, arguments.list, arguments.confirm_name))


DELETE_LIST = ToolSpec(
    delete_list,
    Arguments,
    ChangeResult,
    title="Delete a list",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(read_only=False, destructive=True, idempotent=False),
)
