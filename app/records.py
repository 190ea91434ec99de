"""Records: dataclasses that nobody changes, of which a call makes many."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, slots: bool = True, kw_only: bool = False) -> Callable[[type[Class]], type[Class]]:
    """Make a class a dataclass that can be hashed, and that the type checker lets nobody change.

    Nothing stops it at run time: `frozen=True` makes an object of twenty fields take four times as long to create, and
    a call creates dozens (docs/decisions/0041-records.md).
    """
    return partial(dataclass, slots=slots, kw_only=kw_only, unsafe_hash=True)
