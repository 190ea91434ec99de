"""The tool `export_list`."""

from typing import Final

from pydantic import Field

from app.households.tenant import Tenant
from app.lists import export as exporting
from app.lists.export import Format
from app.lists.models import View
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.scopes import LISTS_READ

LONGEST: Final = 4_000_000
"""Characters of an export: 10,000 items with some details each."""


class Arguments(ToolArguments):
    """Which list, and in what form."""

    list: str | None = Field(default=None, description="List name or ref; default list if left out", max_length=200)
    format: Format = Field(default="json", description="json and csv keep everything; markdown is for reading")
    view: View = Field(default="all", description="open: to buy now; checked: bought; all: both, and waiting ones")


class Result(ToolResult):
    """A list as text."""

    list: str = Field(description="Ref")
    format: str
    items: int = Field(description="How many are in it")
    text: str

    def in_words(self) -> str:
        """One line of prose."""
        return f"{self.list} as {self.format}, items: {self.items}."

    def touched(self) -> int:
        """How many items were exported."""
        return self.items


async def export_list(tenant: Tenant, arguments: Arguments) -> Result:
    """Gives a whole shopping list as text, to keep or to take elsewhere: JSON or CSV with every detail, which can be
    imported again without loss, or markdown. CSV cells that look like formulas start with an apostrophe."""
    export = await exporting.export_list(tenant, arguments.list, arguments.format, arguments.view, longest=LONGEST)
    return Result(list=export.list.ref, format=arguments.format, items=export.items, text=export.text)


EXPORT_LIST = ToolSpec(
    export_list,
    Arguments,
    Result,
    title="Export a list",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True),
)
