"""Every tool, in the order in which assistants see them."""

from typing import Final

from app.mcp.spec import AnyTool
from app.mcp.tools.add_items import ADD_ITEMS
from app.mcp.tools.check_items import CHECK_ITEMS
from app.mcp.tools.delete_list import DELETE_LIST
from app.mcp.tools.export_list import EXPORT_LIST
from app.mcp.tools.get_activity import GET_ACTIVITY
from app.mcp.tools.get_overview import GET_OVERVIEW
from app.mcp.tools.list_items import LIST_ITEMS
from app.mcp.tools.move_items import MOVE_ITEMS
from app.mcp.tools.remove_items import REMOVE_ITEMS
from app.mcp.tools.save_list import SAVE_LIST
from app.mcp.tools.undo import UNDO
from app.mcp.tools.update_items import UPDATE_ITEMS

TOOLS: Final[tuple[AnyTool, ...]] = (
    GET_OVERVIEW,
    LIST_ITEMS,
    GET_ACTIVITY,
    EXPORT_LIST,
    ADD_ITEMS,
    UPDATE_ITEMS,
    CHECK_ITEMS,
    MOVE_ITEMS,
    REMOVE_ITEMS,
    SAVE_LIST,
    DELETE_LIST,
    UNDO,
)
