"""The page of a list's settings: its name, store and order of categories, putting it away, and deleting it."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.alerts.models import ListAlert
from app.alerts.repository import find_alerts
from app.errors import AppError, Conflict, Invalid
from app.households.tenant import Tenant
from app.lists.models import Changed, ShoppingList
from app.lists.save_list import ClearableSetting, ListSettings, delete_list, save_list
from app.ui.forms import Fields
from app.ui.paths import LISTS
from app.web.context import WebContext
from app.web.lists.changes import find_list, make_change
from app.web.lists.page import page_context
from app.web.lists.said import for_people
from app.web.lists.visit import Visit, address_of


async def show_settings(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of the settings of a list."""
    return await _page(web, visit, request.path_params["ref"])


async def post_settings(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of one of the forms there, which the field `do` names."""
    ref, is_deleted = request.path_params["ref"], fields.one("do") == "delete"
    act = partial(_delete if is_deleted else _save, fields, ref)
    try:
        await make_change(web, request, visit, fields, "delete_list" if is_deleted else "save_list", act)
    except (Conflict, Invalid) as error:
        return await _page(web, visit, ref, for_people(error))
    return web.kit.see_other(LISTS if is_deleted else address_of(visit, ref))


async def _save(fields: Fields, ref: str, tenant: Tenant) -> Changed:
    on = await find_list(tenant, ref)
    match fields.one("do"):
        case "archive":
            settings = ListSettings(archived=True)
        case "use":
            settings = ListSettings(archived=False)
        case _:
            settings = _settings(on, fields)
    return await save_list(tenant, on.ref, settings)


def _settings(on: ShoppingList, fields: Fields) -> ListSettings:
    """Return what was changed in the form; an emptied field clears the setting."""
    name, store = fields.one("name"), fields.one("store").strip()
    order = [each.strip() for each in fields.one("category_order").splitlines() if each.strip()]
    emptied: dict[ClearableSetting, bool] = {
        "store": not store and on.store is not None,
        "category_order": not order and bool(on.category_order),
    }
    return ListSettings(
        name=None if name == on.name else name,
        store=store if store and store != on.store else None,
        category_order=order if order and tuple(order) != on.category_order else None,
        clear=[setting for setting, is_emptied in emptied.items() if is_emptied],
    )


async def _delete(fields: Fields, ref: str, tenant: Tenant) -> Changed:
    on = await find_list(tenant, ref)
    if not fields.one("confirm_name").strip():
        raise Conflict("Type the name of the list to delete it.")
    return await delete_list(tenant, on.ref, fields.one("confirm_name"))


async def _page(web: WebContext, visit: Visit, ref: str, error: AppError | None = None) -> Response:
    async with visit.household(web, write=False).open(write=False) as tenant:
        on = await find_list(tenant, ref)
        alerts = await find_alerts(tenant.connection, visit.person.id)
    chosen = [each for each in alerts if (each.household_id, each.list_id) == (tenant.household_id, on.id)]
    context: dict[str, Any] = {
        **page_context(web, visit),
        "list": on,
        "alert_of_list": chosen[0] if chosen else ListAlert(tenant.household_id, on.id, None, in_letter=False),
        "sends_letters": web.mailer.enabled,
    }
    return web.kit.show(visit.session, "lists/settings.html", error, **context)
