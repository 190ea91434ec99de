"""The tool `search`, whose contract is ChatGPT's."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from app.households.tenant import ProvenHousehold
from app.lists.documents.search import Hit, best_of, search_household
from app.mcp.argument_types import OBJECTS
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec, text_content
from app.mcp.tools.documents import document_id, document_url
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """What to look for. The contract has one argument, so the household isn't published."""

    household: SkipJsonSchema[str | None] = Field(default=None, max_length=200)
    query: str = Field(description="Words")


class HitView(TypedDict):
    """Something that fits."""

    id: str
    title: str
    url: str


class Result(ToolResult):
    """What fits, the best first."""

    results: Annotated[Sequence[HitView], WithJsonSchema(OBJECTS)]

    def content(self, structured: str) -> list[dict[str, Any]]:
        """Return the JSON alone."""
        return text_content(structured)

    def touched(self) -> int:
        """How much fits."""
        return len(self.results)

    def below(self, public_url: str) -> Self:
        """Return this result with whole links."""
        whole = [HitView(id=each["id"], title=each["title"], url=f"{public_url}{each['url']}") for each in self.results]
        return self.model_copy(update={"results": whole})


async def search(households: Sequence[ProvenHousehold], arguments: Arguments) -> Result:
    """Finds items to buy, bought or removed, lists and recipes of my households by words of their names, notes, stores
    or categories."""
    found: list[tuple[ProvenHousehold, Hit]] = []
    for household in households:
        async with household.open(write=False) as tenant:
            found += [(household, hit) for hit in await search_household(tenant, arguments.query)]
    places = {id(hit): household for household, hit in found}
    best = [(document_id(places[id(hit)], hit.ref), hit.title) for hit in best_of([hit for _, hit in found])]
    return Result(results=[HitView(id=each, title=title, url=document_url(each)) for each, title in best])


SEARCH = ToolSpec(
    None,
    Arguments,
    Result,
    everywhere=search,
    title="Search",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads, in all households that the connection covers.",
    ),
)
