"""What a household corrected of a name is remembered, and used when something of that name is added again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.lists.items.fields import Item, ParsedItem
from app.quantities import make_quantity

MOST_HABITS: Final = 1_000
"""The most names of which a household has something remembered."""

REMEMBERED: Final = ("unit", "category", "store")


@dataclass(frozen=True, slots=True)
class Habit:
    """What is remembered of a name: the unit of bare numbers, and the category and store of new lines."""

    name_key: str
    unit: str | None = None
    category: str | None = None
    store: str | None = None
    rev: int = field(default=0, compare=False)
    """The revision of its last change; 0 if it is not stored yet."""


Habits = Mapping[str, Habit]
"""By the key of the name."""


@dataclass(frozen=True, slots=True)
class HabitChange:
    """What a call did to a habit; `before` is None for a new one."""

    before: Habit | None
    after: Habit


Lesson = Mapping[str, str | None]
"""What a correction teaches, by name of the field; None forgets it."""


def lesson_of(before: Item, after: Item, *, keeps_number: bool) -> Lesson:
    """Return what a correction of an item teaches.

    A unit counts as corrected if the number stayed: 3 that become 3 kg are the same ones, 500 g that become one bag are
    not.
    """
    lesson: dict[str, str | None] = {}
    if after.category != before.category:
        lesson["category"] = after.category
    if after.store != before.store:
        lesson["store"] = after.store
    if keeps_number and _unit_of(after) != _unit_of(before):
        lesson["unit"] = _unit_of(after)
    return lesson


def _unit_of(item: Item) -> str | None:
    return None if item.quantity is None else item.quantity.unit


def learn(known: Habits, lessons: Iterable[tuple[str, Lesson]]) -> list[HabitChange]:
    """Return the changes of habits that lessons about names make; `known` are the habits of these names."""
    now = dict(known)
    for name_key, lesson in lessons:
        now[name_key] = replace(now.get(name_key) or Habit(name_key), **lesson)
    changes = [HabitChange(known.get(name_key), after) for name_key, after in now.items()]
    return [each for each in changes if (each.before or Habit(each.after.name_key)) != each.after]


def follow(known: Habits, changed: Iterable[tuple[Item, Item]]) -> list[HabitChange]:
    """Return the changes of habits that a change of many items makes, each given before and after.

    What is remembered as an item had it, as in a category that gets another name, is remembered as the item has it now.
    Nothing new is remembered.
    """
    lessons = [
        (after.name_key, {name: getattr(after, name)})
        for before, after in changed
        if (habit := known.get(after.name_key)) is not None
        for name in ("category", "store")
        if getattr(before, name) is not None and getattr(habit, name) == getattr(before, name)
    ]
    return learn(known, lessons)


def unlearn(known: Habits, name_key: str, before: Lesson, after: Lesson) -> HabitChange | None:
    """Return the change that undoes another one from `before` to `after`; what was learned since stays."""
    habit = known.get(name_key)
    if habit is None:
        return None
    restored = {name: before.get(name) for name, value in after.items() if getattr(habit, name) == value}
    undone = replace(habit, **restored)
    return None if undone == habit else HabitChange(habit, undone)


def with_unit(entry: ParsedItem, habit: Habit | None) -> ParsedItem:
    """Return an entry whose bare number counts what is remembered of its name: `3 milk` as three bottles."""
    if habit is None or habit.unit is None or entry.quantity is None or entry.quantity.unit is not None:
        return entry
    quantity = make_quantity(entry.quantity.amount, habit.unit)
    return entry if quantity is None else replace(entry, quantity=quantity)


def with_place(item: Item, habit: Habit | None) -> Item:
    """Return an item with the category and store that are remembered of its name, where it has none."""
    if habit is None:
        return item
    return replace(item, category=item.category or habit.category, store=item.store or habit.store)
