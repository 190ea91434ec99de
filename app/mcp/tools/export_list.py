"""The tool `export_list`."""

from typing import Final, Self

from pydantic import Field, PrivateAttr
from pydantic_core import to_json

from app.households.tenant import Tenant
from app.lists import export as exporting
from app.lists.export_forms import Format
from app.lists.models import View
from app.mcp.prose import shown_name
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec
from app.scopes import LISTS_READ

LONGEST: Final = 140_000
"""Bytes that a piece takes in an answer, where it stands twice: in the object, and in the object as text."""


class Arguments(ToolArguments):
    """Which list, and in what form."""

    list: str | None = Field(default=None, description="List name or ref; default list if left out", max_length=200)
    format: Format = Field(default="json", description="json, csv: everything; text: plain lines for a message")
    view: View | None = Field(default=None, description="all if left out; for text open: to buy now")
    cursor: str | None = Field(default=None, description="next_cursor of the piece before", max_length=1000)


class Result(ToolResult):
    """A list as text."""

    list: str = Field(description="Ref")
    format: str
    items: int = Field(description="How many are in it")
    text: str
    next_cursor: str | None = Field(default=None, description="There is more: append the next text to this one")
    _list_name: str = PrivateAttr(default="")

    def of(self, list_name: str) -> Self:
        """Return this result, with the name of its list."""
        self._list_name = list_name
        return self

    def in_words(self) -> str:
        """What it is: `Groceries as csv: 12 items.`"""
        items = "1 item" if self.items == 1 else f"{self.items:,} items"
        more = "" if self.next_cursor is None else ", and more with next_cursor"
        return f"{shown_name(self._list_name)} as {self.format}: {items}{more}."

    def touched(self) -> int:
        """How many items were exported."""
        return self.items


async def export_list(tenant: Tenant, arguments: Arguments) -> Result:
    """Gives a shopping list as text, to keep or to take elsewhere: JSON or CSV with every detail, which can be imported
    again without loss, markdown, or plain lines grouped by category to paste into a message. Long lists come in pieces.
    CSV cells that look like formulas start with an apostrophe."""
    export = await exporting.export_list(
        tenant,
        arguments.list,
        arguments.format,
        arguments.view or ("open" if arguments.format == "text" else "all"),
        cursor=arguments.cursor,
        longest=LONGEST,
        cost=_cost,
    )
    result = Result(
        list=export.list.ref,
        format=arguments.format,
        items=export.items,
        text=export.text,
        next_cursor=export.next_cursor,
    )
    return result.of(export.list.name)


def _cost(text: str) -> int:
    once = to_json(text)
    return len(once) + len(to_json(once.decode()))


EXPORT_LIST = ToolSpec(
    export_list,
    Arguments,
    Result,
    title="Export a list",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads; the text is in the answer and nowhere else.",
    ),
)
