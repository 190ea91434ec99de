"""The page of what was changed on a list, by whom and through which assistant, with a button that undoes each."""

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Invalid
from app.lists.history.queries import Request as HistoryRequest
from app.web.context import WebContext
from app.web.lists.content import LONGEST_CURSOR, read_events
from app.web.lists.page import page_context
from app.web.lists.said import summary_text
from app.web.lists.visit import Visit

CHANGES: Final = 20


async def show_changes(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of the changes of a list, newest first."""
    ref, cursor = request.path_params["ref"], request.query_params.get("cursor", "")[:LONGEST_CURSOR]
    first = HistoryRequest(limit=CHANGES)
    try:
        on, events, next_cursor = await read_events(web, visit, ref, replace(first, cursor=cursor or None))
    except Invalid:
        on, events, next_cursor = await read_events(web, visit, ref, first)
    return web.kit.show(
        visit.session,
        "lists/changes.html",
        **page_context(web, visit),
        list=on,
        events=events,
        next_cursor=next_cursor,
        in_words=summary_text,
    )
