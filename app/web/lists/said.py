"""What became of each line of a form, to be told in words, and kept for a form that is sent twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from app.errors import AppError, gettext_noop
from app.lists.history.summaries import EventSummary
from app.lists.models import (
    Changed,
    ItemResult,
    ListOutcome,
    NotListed,
    Outcome,
    PlanOutcome,
    RecipeOutcome,
    event_ref,
)
from app.quantities import Quantity
from app.ui.amounts import quantity_text
from app.ui.languages import error_text, gettext
from app.web.pantry.words import evidence_of

_ARGUMENT: Final = re.compile(r"\bitems\[\d+\](?:\.(\w+))?")
"""An argument of a tool, as the messages of use cases name it."""

_WORDS: Final = {
    "name": gettext_noop("Name"),
    "quantity": gettext_noop("How many or how much"),
    "unit": gettext_noop("Unit"),
    "note": gettext_noop("Note"),
    "category": gettext_noop("Category"),
    "store": gettext_noop("Store"),
    "assignee": gettext_noop("Who gets it"),
    "priority": gettext_noop("Priority"),
    "price": gettext_noop("Price"),
    "not_before": gettext_noop("Not before"),
    "repeat_every_days": gettext_noop("Comes back after so many days"),
}
"""The labels of the fields."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing: by its amount and name, what became of it, and why if nothing did; `was` is the amount that there was
    of it before."""

    status: str
    name: str
    amount: str = ""
    why: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a form did, and the ref of the change, if there was one."""

    said: Sequence[Said]
    change: str | None


DONE: Final = TypeAdapter(Done)


def done_by(changed: Changed) -> Done:
    """Return what a call did, for people."""
    change = None if changed.event_no is None else event_ref(changed.event_no)
    return Done([_said(each) for each in changed.entries], change)


def summary_text(summary: EventSummary) -> str:
    """Return what happened to a thing, in the language of the visit."""
    return summary.say(lambda phrase: gettext(phrase.message).format_map(phrase.values))


def raise_refusal(changed: Changed) -> None:
    """Raise why an entry of a call with one entry was not done."""
    for each in changed.entries:
        if isinstance(each.result, AppError):
            raise for_people(each.result)


def for_people(refusal: AppError) -> AppError:
    """Return a refusal whose message names what people see, not the arguments of a tool."""
    return refusal.reworded(partial(_ARGUMENT.sub, _named))


def _named(argument: re.Match[str]) -> str:
    word = argument[1]
    if word is not None:
        return gettext(_WORDS.get(word, word))
    return gettext("The line") if argument.start() == 0 else gettext("the line")


def _said(entry: ItemResult) -> Said:
    result = entry.result
    if isinstance(result, AppError):
        return Said("failed", entry.name, why=error_text(for_people(result)))
    why = "" if result.conflict is None else error_text(for_people(result.conflict))
    if isinstance(result, Outcome):
        before = result.before.quantity if result.before is not None and result.status == "merged" else None
        return Said(result.status, result.item.name, _amount(result.item.quantity), why, _amount(before))
    if isinstance(result, NotListed):
        why = "" if result.holding is None else evidence_of(result.holding)
        return Said(result.status, result.name, _amount(result.quantity), why)
    if isinstance(result, RecipeOutcome):
        return Said(result.status, result.recipe.name, why=why)
    if isinstance(result, PlanOutcome):
        return Said(result.status, result.dish.name, why=why)
    if isinstance(result, ListOutcome):
        return Said(result.status, result.list.name, why=why)
    return Said(result.status, entry.name, why=why)


def _amount(quantity: Quantity | None) -> str:
    return "" if quantity is None else quantity_text(quantity)
