"""The resource of a household's members."""

from typing import Final

from mcp.shared.uri_template import UriTemplate

from app.households import repository as households
from app.households.tenant import Tenant
from app.lists.export_forms import as_markdown
from app.mcp.resources.spec import HouseholdResource, Variables


async def read_members(tenant: Tenant, variables: Variables) -> str:
    """Return the members of a household and their roles, as markdown."""
    members = await households.members_of(tenant.connection, tenant.household_id)
    lines = [
        f"# {as_markdown(tenant.membership.name)}",
        "",
        *(f"- {as_markdown(each.name, begins_block=True)} ({each.role})" for each in members),
    ]
    return "\n".join(lines) + "\n"


MEMBERS: Final = HouseholdResource(
    template=UriTemplate.parse("shopping://{household}/members"),
    name="members",
    title="Members of a household",
    description="Who belongs to the household, and with which role: owner, editor or viewer.",
    icon="members",
    mime_type="text/markdown",
    read=read_members,
)
