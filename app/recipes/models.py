"""Recipes and staples: what they hold, and how much of it there may be."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from app.quantities import Quantity
from app.text import fold

RecipeKind = Literal["recipe", "staples"]
"""A dish, or a template: what is bought again and again."""

RECIPES_PER_HOUSEHOLD: Final = 1_000
LINES_PER_RECIPE: Final = 100
CHARACTERS_PER_RECIPE: Final = 20_000
"""Of all lines as they are typed, so that a recipe is read without a pause and fits one answer."""

STEPS_LENGTH: Final = 10_000
SOURCE_LENGTH: Final = 2_000
MOST_SERVINGS: Final = 1_000
PLANNED_MEALS: Final = 10_000
"""Of a household, past ones included."""

PLANNED_PER_CALL: Final = 100
MEAL_LENGTH: Final = 50
NAME_LENGTH: Final = 200
NOTE_LENGTH: Final = 2_000


@dataclass(frozen=True, slots=True)
class RecipeLine:
    """One thing that a recipe takes; the quantity is for all of its servings."""

    name: str
    quantity: Quantity | None = None
    note: str | None = None

    def __str__(self) -> str:
        """Write the line as people do: `200 g flour (sifted)`."""
        note = f"({self.note})" if self.note is not None else None
        return " ".join(str(part) for part in (self.quantity, self.name, note) if part is not None)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe or staples of a household; `no` is its short ref without the letter.

    `steps` are how it is cooked, a line for each, and `source` is the address of the page that it is from.
    """

    id: UUID
    no: int
    name: str
    kind: RecipeKind = "recipe"
    servings: int | None = None
    lines: tuple[RecipeLine, ...] = ()
    steps: str | None = None
    source: str | None = None
    archived_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def ref(self) -> str:
        """`R1`: stable for the recipe's life."""
        return f"R{self.no}"


@dataclass(frozen=True, slots=True)
class RecipeSummary:
    """A recipe as a page of them shows it."""

    no: int
    name: str
    name_key: str
    kind: RecipeKind
    servings: int | None
    lines: int
    is_archived: bool

    @property
    def ref(self) -> str:
        """`R1`: stable for the recipe's life."""
        return f"R{self.no}"


@dataclass(frozen=True, slots=True)
class PlannedMeal:
    """What is planned for a day: a recipe or words, perhaps for a meal such as dinner.

    `servings` is how many come; None for as many as the recipe is for.
    """

    id: UUID
    day: date
    position: int
    meal: str | None = None
    recipe_id: UUID | None = None
    words: str | None = None
    servings: int | None = None

    @property
    def key(self) -> tuple[date, str, object]:
        """What is planned once: a recipe or words, for a meal of a day."""
        return self.day, fold(self.meal or ""), self.recipe_id or fold(self.words or "")


@dataclass(frozen=True, slots=True)
class PlannedDish:
    """A planned meal with what is known of its recipe today: its number and name, and whether it is still in use."""

    planned: PlannedMeal
    recipe_no: int | None = None
    recipe_name: str | None = None
    is_archived: bool = False
    is_deleted: bool = False

    @property
    def name(self) -> str:
        """The name of its recipe, or its words."""
        return self.recipe_name or self.planned.words or ""

    @property
    def recipe_ref(self) -> str | None:
        """`R1`; None for words, and for a recipe that was deleted."""
        return None if self.recipe_no is None or self.is_deleted else f"R{self.recipe_no}"
