"""What exports of other products have in common: how values become rows, and where in the data each comes from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from app.lists.importing.models import Row
from app.quantities import LARGEST
from app.quantities.quantity import STEP

Path = tuple[str | int, ...]
"""The keys and numbers that lead from the root of JSON to a value."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row, where it is, and under which keys in it the values of its columns are."""

    path: Path
    row: Row
    keys: Mapping[str, Path] = field(default_factory=dict[str, Path])


@dataclass(frozen=True, slots=True)
class FoundRecipe:
    """A recipe as lines that people could have typed, and where it is."""

    path: Path
    name: object
    servings: int | None
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What an export holds; `left_out` counts what has no place here."""

    rows: Sequence[FoundRow]
    recipes: Sequence[FoundRecipe] = ()
    left_out: int = 0


Reader = Callable[[Any], Found | None]
"""Returns what is in JSON of a product; None for anything else."""


def as_object(value: object) -> Mapping[str, Any]:
    """Return an object; an empty one for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[Any]:
    """Return an array; an empty one for anything else."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def name_in(value: object) -> Any:
    """Return the name of what an export has as an object or as a text."""
    found = as_object(value)
    return found.get("name") if found else value


def whole(value: object) -> int | None:
    """Return a whole number above 0; None for anything else, also for one that is larger than any amount."""
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 < value <= LARGEST:
        return None
    return int(value) if value == value.to_integral_value() else None


def line_of(*parts: object) -> str:
    """Return the parts of a recipe's line that are there, as people type them."""
    shown = [_number_of(part) if isinstance(part, Decimal) else part for part in parts if part]
    return " ".join(part.strip() for part in shown if isinstance(part, str) and part.strip())


def _number_of(number: Decimal) -> str:
    """Return a number as people type it. One that is no amount stays as it is: `1E+999999999` has a gigabyte of
    digits."""
    is_amount = number.is_finite() and STEP <= number.copy_abs() <= LARGEST
    return f"{number.normalize():f}" if is_amount else str(number)


def cells_of(values: Mapping[str, tuple[Any, Path]]) -> tuple[dict[str, Any], dict[str, Path]]:
    """Return the values that are there by column, and their keys."""
    there = {column: found for column, found in values.items() if found[0] not in (None, "")}
    return {column: value for column, (value, _) in there.items()}, {
        column: path for column, (_, path) in there.items()
    }
