"""The arguments by which tools find items that have something in common."""

from typing import Annotated

from pydantic import Field

from app.lists.items.filters import ItemFilter
from app.lists.models import View
from app.mcp.spec import WriteArguments

ListOfItems = Annotated[
    str | None,
    Field(description="Name or ref; default list if left out; *: all, with where_ or view", max_length=200),
]


class FilterArguments(WriteArguments):
    """Arguments of every tool that changes either named items, or those that a filter fits."""

    where_store: str | None = Field(default=None, description="Instead of items: those of this store")
    where_category: str | None = Field(default=None, description="Instead: those of this category")
    where_assignee: str | None = Field(default=None, description="Instead: those of this member, or me")
    view: View | None = Field(default=None, description="Only those; alone: instead of items")
    dry_run: bool = Field(default=False, description="Only say what would change")

    def item_filter(self) -> ItemFilter:
        """Return the filter that they say."""
        return ItemFilter(self.where_store, self.where_category, self.where_assignee, self.view)
