"""The errors whose words may leave the process: each message says what to do next.

Nothing from Postgres, pydantic or a library is ever shown; whatever is not one of these becomes
a generic sentence with a request id (app/mcp/errors.py, app/ui for pages).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

MOST_TOLD: Final = 20
"""The most refusals of one call that are told."""


class StartupError(Exception):
    """The service can't start: one line for stderr, exit status 2."""


def gettext_noop(message: str) -> str:
    """Mark a message that pages translate where they show it."""
    return message


class AppError(Exception):
    """A refusal that a person or a model can act on.

    `values` fill the placeholders of the message, such as `{most}`: pages translate the message without them. `field`
    names the argument at fault (a path such as `items[2].name`), `candidates` are values that would have worked,
    `retry_after` is in seconds.
    """

    code: str

    def __init__(
        self,
        message: str,
        *,
        values: Mapping[str, object] | None = None,
        field: str | None = None,
        candidates: Sequence[str] = (),
        retry_after: int | None = None,
    ) -> None:
        self.template = message
        self.values = dict(values or {})
        self.message = message.format_map(self.values) if values else message
        super().__init__(self.message)
        self.field = field
        self.candidates = list(candidates)
        self.retry_after = retry_after

    def reworded(self, reword: Callable[[str], str]) -> Self:
        """Return this refusal with `reword` applied to its message and to the texts that fill it."""
        told = type(self).__new__(type(self), *self.args)
        told.__dict__.update(self.__dict__)
        told.template, told.message = reword(self.template), reword(self.message)
        told.values = {name: reword(each) if isinstance(each, str) else each for name, each in self.values.items()}
        return told

    def as_dict(self) -> dict[str, object]:
        """`{code, message, field?, candidates?, retry_after?}`: what a tool answers under `error`."""
        answer: dict[str, object] = {"code": self.code, "message": self.message}
        if self.field is not None:
            answer["field"] = self.field
        if self.candidates:
            answer["candidates"] = self.candidates
        if self.retry_after is not None:
            answer["retry_after"] = self.retry_after
        return answer


class NotFound(AppError):
    """The thing does not exist for this caller; whether it exists for others is not told."""

    code = "not_found"


class Ambiguous(AppError):
    """A name fits several things; `candidates` lists them.

    Where the argument at fault may hold a ref instead, `options` are the candidates by ref, and `name` is what it held:
    then a person can be asked which one is meant.
    """

    code = "ambiguous"

    def __init__(
        self,
        message: str,
        *,
        field: str,
        candidates: Sequence[str] = (),
        options: Mapping[str, str] | None = None,
        name: str = "",
    ) -> None:
        self.options = dict(options or {})
        self.name = name
        super().__init__(message, field=field, candidates=[*candidates, *self.options.values()])


class Invalid(AppError):
    """The input can't be used as it is; `field` names it."""

    code = "invalid"


class Conflict(AppError):
    """The state has changed, or contradicts the request."""

    code = "conflict"


class LimitReached(AppError):
    """A quota or a rate limit; `retry_after` when waiting helps."""

    code = "limit"


class RoleRefused(AppError):
    """The person's role in the household does not allow this; a new consent can't cure it."""

    code = "role"


class Unavailable(AppError):
    """The service can't do it now. The message says so where it is not known whether a change was saved."""

    code = "unavailable"


class Several(AppError):
    """What is wrong with a call in several places."""

    def __init__(self, refusals: Sequence[AppError]) -> None:
        told = refusals[:MOST_TOLD]
        more = f" And {len(refusals) - len(told)} more." if len(refusals) > len(told) else ""
        super().__init__(" ".join(each.message for each in told) + more, field=refusals[0].field)
        codes = {each.code for each in refusals}
        self.code = codes.pop() if len(codes) == 1 else Invalid.code
        self.refusals = refusals

    def as_dict(self) -> dict[str, object]:
        """Return what is wrong as a whole, and each part of it in `errors`."""
        return {**super().as_dict(), "errors": [each.as_dict() for each in self.refusals[:MOST_TOLD]]}


def together(refusals: Sequence[AppError]) -> AppError:
    """Return refusals as one error: the only one, or `Several`."""
    return refusals[0] if len(refusals) == 1 else Several(refusals)
