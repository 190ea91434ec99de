"""What a task is: what the person says, the calls that do it, and what must be true afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Answers = Sequence[Mapping[str, Any]]
"""The structured results of the calls of a task so far."""

Who = Literal["ann", "ben"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool by one of the two members of the household. Arguments may depend on the answers so far."""

    tool: str
    arguments: Mapping[str, Any] | Callable[[Answers], Mapping[str, Any]]
    who: Who = "ann"


def call(tool: str, **arguments: Any) -> Call:
    """Return a call of Ann's."""
    return Call(tool, arguments)


def by_ben(tool: str, **arguments: Any) -> Call:
    """Return a call of Ben's."""
    return Call(tool, arguments, "ben")


def then(tool: str, arguments: Callable[[Answers], Mapping[str, Any]]) -> Call:
    """Return a call whose arguments come from the answers before it."""
    return Call(tool, arguments)


@dataclass(frozen=True, slots=True)
class Task:
    """One everyday task.

    `given` is what happened before. `to_buy`, `bought` and `waiting` are all items of these lists afterwards, as people
    say them; `details` what an item says in full. `finds` takes from the answers what the person asked for, which must
    be `found`.
    """

    kind: str
    says: str
    calls: Sequence[Call]
    given: Sequence[Call] = ()
    to_buy: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    bought: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    waiting: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    finds: Callable[[Answers], object] | None = None
    found: object = None
