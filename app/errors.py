"""The errors whose words may leave the process: each message says what to do next.

Nothing from Postgres, pydantic or a library is ever shown; whatever is not one of these becomes
a generic sentence with a request id (app/mcp/errors.py, app/ui for pages).
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class StartupError(Exception):
    """The service can't start: one line for stderr, exit status 2."""


class AppError(Exception):
    """A refusal that a person or a model can act on.

    `field` names the argument at fault (a path such as `items[2].name`), `candidates` are values that
    would have worked, `retry_after` is in seconds.
    """

    code: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        candidates: Sequence[str] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.candidates = list(candidates)
        self.retry_after = retry_after

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
