"""The tool `save_household`."""

from pydantic import Field

from app.errors import Invalid
from app.households.repository import memberships_of
from app.households.settings import LONGEST_NAME, Language, change_household
from app.households.tenant import Tenant, new_household
from app.lists.new_household import create_household
from app.mcp.spec import Hints, ToolSpec, WriteArguments, WriteResult
from app.runtime.clock import system_clock
from app.scopes import HOUSEHOLD_MANAGE

RECONNECT = "This app can't see the new household until the person disconnects it and connects it again."


class Arguments(WriteArguments):
    """Which household, and its settings."""

    name: str | None = Field(default=None, description="New name", max_length=LONGEST_NAME)
    currency: str | None = Field(default=None, description="ISO 4217")
    locale: Language | None = Field(default=None, description="Language of the lists")
    time_zone: str | None = Field(default=None, description="IANA name", max_length=100)
    create: bool = Field(default=False, description="Make another household of this name instead")


class Result(WriteResult):
    """A household as it is now."""

    name: str
    ref: str
    currency: str
    locale: str
    time_zone: str
    status: str = Field(description="created or changed")
    note: str | None = None

    def in_words(self) -> str:
        """One line of prose."""
        return f"Household {self.ref} {self.status}.{f' {self.note}' if self.note else ''}"

    def touched(self) -> int:
        """How many households were changed."""
        return 1


async def save_household(tenant: Tenant, arguments: Arguments) -> Result:
    """Changes the household's name, currency, language or time zone, or makes another household with the person as its
    owner. Only an owner can change it."""
    by, now = tenant.actor.person_id, system_clock()
    given = arguments.model_dump(include={"currency", "locale", "time_zone"}, exclude_none=True)
    if arguments.create:
        if arguments.name is None:
            raise Invalid("A new household needs a name.", field="name")
        async with new_household(tenant) as household_id:
            await create_household(tenant.connection, household_id, arguments.name, by, now)
            if given:
                await change_household(tenant.connection, household_id, now, by=by, **given)
    else:
        household_id = tenant.household_id
        await change_household(tenant.connection, household_id, now, by=by, name=arguments.name, **given)
        tenant.note_members()  # what is cached of memberships has the old name
    mine = await memberships_of(tenant.connection, by)
    saved = next(each for each in mine if each.household_id == household_id)
    return Result(
        name=saved.name,
        ref=saved.ref,
        currency=saved.currency,
        locale=saved.locale,
        time_zone=saved.time_zone,
        status="created" if arguments.create else "changed",
        note=RECONNECT if arguments.create else None,
    )


SAVE_HOUSEHOLD = ToolSpec(
    save_household,
    Arguments,
    Result,
    for_viewers=True,
    title="Make or change a household",
    scopes=frozenset({HOUSEHOLD_MANAGE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="Name, currency, language and time zone can be set back; with `create`, each call makes another household.",
    ),
)
