"""What a tool is: everything an assistant sees of it, and the function that runs it."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import getdoc
from typing import Any, ClassVar, Final, Generic, Self, TypeVar
from uuid import UUID

import mcp_types as types
from pydantic import BaseModel, ConfigDict, Field

from app.errors import Ambiguous, AppError
from app.households.tenant import ProvenHousehold, Tenant
from app.mcp.elicitation import Confirmation
from app.mcp.schemas import reduced_schema, without_nested_words
from app.records import record
from app.runtime.progress import Report

KEY_LENGTH: Final = 200


class ToolArguments(BaseModel):
    """Arguments of every tool. Types are exact, and an unknown argument is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    fails_by_entry: ClassVar[bool] = False
    """Whether an entry of `items` that can't be used fails alone, as a `RefusedEntry` in its place."""

    household: str | None = Field(default=None, description="If I have several", max_length=200)


class WriteArguments(ToolArguments):
    """Arguments of every tool that changes something."""

    idempotency_key: str | None = Field(
        default=None,
        description="Same key: done once in 24 h",
        min_length=1,
        max_length=KEY_LENGTH,
    )


class ToolResult(BaseModel):
    """The result of every tool: one object. Absent fields are left out, so no value is ever null."""

    model_config = ConfigDict(frozen=True)

    def in_words(self) -> str:
        """Return the result in a few sentences. Stored names stand in them as `app/mcp/prose.py` shows them."""
        raise NotImplementedError

    def touched(self) -> int:
        """Return how many things the call changed or showed, for the audit log."""
        raise NotImplementedError

    def ambiguities(self) -> Sequence[Ambiguous]:
        """Return the entries that failed because a name fits several things: a person can be asked which is meant."""
        return ()

    def refusal(self) -> AppError | None:
        """Return why nothing was done, where every entry of the call failed."""
        return None

    def shortened(self, share: float) -> Self:
        """Return a result with about that share of what this one shows, which is too long to be answered, and a way to
        the rest; itself where it can't be shorter."""
        return self

    def content(self, structured: str) -> list[dict[str, Any]]:
        """Return the content blocks of the answer; `structured` is this result as JSON."""
        return text_content(structured, self.in_words())

    def below(self, public_url: str) -> Self:
        """Return this result with whole links, where it has paths of pages of the service."""
        return self


class LinkResult(ToolResult):
    """A result with a link to a page of the service: its path, which dispatch completes."""

    link: str = Field(description="Page for the person to open")

    def below(self, public_url: str) -> Self:
        """Return this result with its whole link."""
        return self.model_copy(update={"link": f"{public_url}{self.link}"})


class WriteResult(ToolResult):
    """The result of every tool that changes something."""

    undo_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """The hints of a tool (MCP schema, ToolAnnotations), all explicit, and the reason, which stands in docs/tools.md.
    `open_world`: it reaches outside the service."""

    read_only: bool
    destructive: bool
    idempotent: bool
    why: str
    open_world: bool = False


Arguments = TypeVar("Arguments", bound=ToolArguments)
Result = TypeVar("Result", bound=ToolResult)

Answer = TypeVar("Answer")
"""What dispatch makes of a result: it is serialised."""

Handler = Callable[[Tenant], Awaitable[Result]]
"""What is to be done in a transaction, with the arguments bound to it."""


@record()
class Preparation:
    """What a tool may use while it works without a transaction."""

    person_id: UUID
    address: str | None
    """The network address of the request, where it has one."""
    report: Report
    count: Callable[[int], Awaitable[None]]
    """Counts so many further calls of the caller. Raises `LimitReached`."""


@dataclass(frozen=True)
class ToolSpec(Generic[Arguments, Result]):
    """One tool. Its name is the handler's, its description the handler's docstring; in place of a handler it may have
    a function that prepares one, or a handler for several households."""

    handler: Callable[[Tenant, Arguments], Awaitable[Result]] | None
    arguments: type[Arguments]
    result: type[Result]
    title: str
    scopes: frozenset[str]
    hints: Hints
    alone: Callable[[ProvenHousehold, Arguments, Callable[[Result], Any]], Awaitable[Any]] | None = None
    """The handler without a transaction, for what one or two messages can do; it returns None where they can't.

    It serialises its result, by the function that it is given, before anything is stored.
    """
    confirm: Callable[[Tenant, Arguments], Awaitable[Confirmation]] | None = None
    """The question to the person before it does anything, where the client can ask. The answer sets arguments that
    others have to send."""
    for_viewers: bool = False
    """Whether viewers may call it although it changes something, which is not on the lists."""
    for_guests: bool = False
    """Whether guests call it, and nobody else: it shows nothing but the list `only_list` of the actor."""
    prepare: Callable[[Arguments, Preparation], Awaitable[Handler[Result]]] | None = None
    """In place of a handler, for a tool that reports its progress: it works without a transaction, so that nobody
    waits for it, and returns what is to be done in one.

    If the client asks to be told, its calls are answered by a stream of events.
    """
    everywhere: Callable[[Sequence[ProvenHousehold], Arguments], Awaitable[Result]] | None = None
    """In place of a handler, for a tool that reads in all households that the grant covers, the default one first, or
    in the one that is named."""

    def __post_init__(self) -> None:
        if [self.handler, self.prepare, self.everywhere].count(None) != 2:
            raise TypeError("a tool has either a handler, or a function that prepares one, or a handler for several")

    @property
    def function(self) -> Callable[..., Any]:
        """What runs it."""
        function = self.handler or self.prepare or self.everywhere
        assert function is not None  # noqa: S101  # __post_init__
        return function

    @property
    def name(self) -> str:
        """The name it is called by."""
        return self.function.__name__

    def streams(self, params: Mapping[str, Any]) -> bool:
        """Return whether a call with these params may be told something before its result: how far it is."""
        return self.prepare is not None and asks_for_progress(params)

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return not self.hints.read_only

    async def handler_for(self, arguments: Arguments, preparation: Preparation) -> Handler[Result]:
        """Do what needs no transaction, and return what does."""
        if self.prepare is not None:
            return await self.prepare(arguments, preparation)
        return lambda tenant: self.function(tenant, arguments)

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return reduced_schema(self.arguments)

    @cached_property
    def definition(self) -> types.Tool:
        """Its entry in `tools/list`."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=" ".join((getdoc(self.function) or "").split()),
            input_schema=self.input_schema,
            output_schema=without_nested_words(reduced_schema(self.result)),
            annotations=types.ToolAnnotations(
                title=self.title,
                read_only_hint=self.hints.read_only,
                destructive_hint=self.hints.destructive,
                idempotent_hint=self.hints.idempotent,
                open_world_hint=self.hints.open_world,
            ),
        )


def asks_for_progress(params: Mapping[str, Any]) -> bool:
    """Return whether params, valid or not, have a token for notifications of progress."""
    meta: object = params.get("_meta")
    return isinstance(meta, Mapping) and "progressToken" in meta


AnyTool = ToolSpec[Any, Any]


def text_content(*texts: str) -> list[dict[str, Any]]:
    """Return content blocks with these texts."""
    return [{"type": "text", "text": text} for text in texts]


def image_content(image: bytes, mime_type: str) -> dict[str, Any]:
    """Return a content block with an image."""
    return {"type": "image", "data": b64encode(image).decode(), "mimeType": mime_type}
