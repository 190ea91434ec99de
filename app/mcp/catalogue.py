"""Every tool, in the order in which assistants see them."""

from typing import Final

from app.mcp.spec import AnyTool
from app.mcp.tools.add_items import ADD_ITEMS
from app.mcp.tools.get_overview import GET_OVERVIEW
from app.mcp.tools.list_items import LIST_ITEMS

TOOLS: Final[tuple[AnyTool, ...]] = (GET_OVERVIEW, LIST_ITEMS, ADD_ITEMS)
