"""The tool `fetch`, whose contract is ChatGPT's."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.errors import NotFound
from app.households.tenant import ProvenHousehold
from app.lists.documents.read import read_document
from app.mcp.spec import Hints, ToolArguments, ToolResult, ToolSpec, text_content
from app.mcp.tools.documents import document_id, document_url, split_id
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """What to read. The contract has one argument, so the household isn't published."""

    household: SkipJsonSchema[str | None] = Field(default=None, max_length=200)
    id: str = Field(description="From search", max_length=1_100)


class Result(ToolResult):
    """One thing."""

    id: str
    title: str
    text: str
    url: str
    metadata: Mapping[str, str]

    def content(self, structured: str) -> list[dict[str, Any]]:
        """Return the JSON alone."""
        return text_content(structured)

    def touched(self) -> int:
        """One thing."""
        return 1

    def below(self, public_url: str) -> Self:
        """Return this result with its whole link."""
        return self.model_copy(update={"url": f"{public_url}{self.url}"})


async def fetch(households: Sequence[ProvenHousehold], arguments: Arguments) -> Result:
    """Reads something that search found: an item with its purchases and changes, a list, or a recipe."""
    named, ref = split_id(arguments.id)
    household = _meant(households, named)
    async with household.open(write=False) as tenant:
        found = await read_document(tenant, ref)
    whole = document_id(household, found.ref)
    metadata = {**found.metadata, "household": household.membership.name}
    return Result(id=whole, title=found.title, text=found.text, url=document_url(whole), metadata=metadata)


def _meant(households: Sequence[ProvenHousehold], ref: str | None) -> ProvenHousehold:
    """Return the household with a ref, the first one without. Raises `NotFound`."""
    found = households if ref is None else [each for each in households if each.membership.ref == ref]
    if not found:
        raise NotFound("id names nothing on record here. search returns ids.", field="id")
    return found[0]


FETCH = ToolSpec(
    None,
    Arguments,
    Result,
    everywhere=fetch,
    title="Fetch",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(
        read_only=True,
        destructive=False,
        idempotent=True,
        why="It reads.",
    ),
)
