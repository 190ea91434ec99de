"""The resources of shopping lists: all lists of a household, and one list as markdown or CSV."""

from typing import Final

from mcp.shared.uri_template import UriTemplate

from app.errors import NotFound
from app.households.tenant import Tenant
from app.lists import export, repository
from app.lists.export_forms import Format, as_markdown
from app.lists.models import View
from app.lists.resolve_list import find_by_ref
from app.mcp.resources.spec import LARGEST, HouseholdResource, Variables


async def read_lists(tenant: Tenant, variables: Variables) -> str:
    """Return a household's lists as markdown: for each its ref, its name and how much is on it."""
    lines = [f"# {as_markdown(tenant.membership.name)}", ""]
    for each in await repository.all_lists(tenant):
        archived = ", archived" if each.archived_at is not None else ""
        to_buy = each.open_items - each.waiting_items
        lines.append(f"- {each.ref} {as_markdown(each.name)}: {to_buy} to buy, {each.checked_items} bought{archived}")
    return "\n".join(lines) + "\n"


async def read_list_as_markdown(tenant: Tenant, variables: Variables) -> str:
    """Return what is to buy on a list, as a task list."""
    return await _read(tenant, variables["list"], "markdown", "open")


async def read_list_as_csv(tenant: Tenant, variables: Variables) -> str:
    """Return everything on a list, as `export_list` does."""
    return await _read(tenant, variables["list"], "csv", "all")


async def _read(tenant: Tenant, ref: str, form: Format, view: View) -> str:
    # Not by name, which may mean another list tomorrow.
    found = await find_by_ref(tenant, ref)
    if found is None:
        raise NotFound("There is no list with this ref.")
    return (await export.export_resolved(tenant, found, form, view, longest=LARGEST)).text


LISTS: Final = HouseholdResource(
    template=UriTemplate.parse("shopping://{household}/lists"),
    name="lists",
    title="Shopping lists of a household",
    description="The household's lists with their refs, and how much is on each.",
    icon="lists",
    mime_type="text/markdown",
    read=read_lists,
)
LIST_AS_CSV: Final = HouseholdResource(
    template=UriTemplate.parse("shopping://{household}/lists/{list}.csv"),
    name="list-csv",
    title="Shopping list as CSV",
    description="Everything on a list, bought or not, with every detail. `list` is a ref such as L1.",
    icon="table",
    mime_type="text/csv",
    read=read_list_as_csv,
)
LIST_AS_MARKDOWN: Final = HouseholdResource(
    template=UriTemplate.parse("shopping://{household}/lists/{list}"),
    name="list",
    title="Shopping list",
    description="What is to buy on a list. `list` is a ref such as L1. Can be followed with subscriptions/listen.",
    icon="list",
    mime_type="text/markdown",
    read=read_list_as_markdown,
)
