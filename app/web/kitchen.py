"""What the pages of recipes, of the plan and of the pantry share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.crypto.tokens import new_secret
from app.errors import AppError, Invalid, NotFound, RoleRefused
from app.households.tenant import Tenant
from app.lists.models import ShoppingList
from app.lists.repository import all_lists, find_default_list
from app.recipes.models import MOST_SERVINGS
from app.text import printable
from app.ui.forms import Fields, typed
from app.web.context import WebContext
from app.web.household.visit import memberships_at
from app.web.lists.changes import find_list
from app.web.lists.said import Done
from app.web.lists.visit import FORM, AccessLost, Visit

LIST: Final = "list"
"""The field with the ref of the list that something is put on."""

SERVINGS: Final = "servings"

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199
"""Forms take no day outside of these years, and no page leads there."""

_SEPARATORS: Final = re.compile(r"[\[. ]")
"""What stands behind the name of a field in `items[2]`, `text.name` and `text line 3`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a form was refused: what it says is shown beside the field `at`, or above the form, and what was typed is
    shown again."""

    error: AppError
    at: str
    form: str
    fields: Fields

    def typed(self, name: str, *, longest: int | None = None) -> str:
        """Return what was typed into a field."""
        if longest is None:
            return typed(self.fields, name)
        try:
            return self.fields.one(name)[:longest]
        except Invalid:
            return ""


def refused(error: AppError, form: str, fields: Fields, shown_at: Sequence[str]) -> Refused:
    """Return a refusal of a form; `shown_at` are its fields that a message can stand beside.

    Raises the error itself where no form is left to correct: for people who lost their access, or may only look.
    """
    if isinstance(error, AccessLost | RoleRefused):
        raise error
    at = _SEPARATORS.split(error.field or "", maxsplit=1)[0]
    return Refused(error, at if at in shown_at else "", form, fields)


async def kitchen_context(
    web: WebContext, visit: Visit, done: Done | None = None, refusal: Refused | None = None
) -> dict[str, Any]:
    """Return what every one of these pages needs."""
    return {
        "membership": visit.membership,
        "memberships": await memberships_at(web, visit),
        "may_change": visit.may_change,
        "zone": visit.membership.zone,
        "today": visit.membership.today,
        "form_token": web.kit.csrf_token(visit.session, FORM, visit.membership.ref),
        "key": new_secret(),
        "done": done,
        "refusal": refusal,
    }


async def lists_to_choose(tenant: Tenant) -> list[ShoppingList]:
    """Return the lists in use, the default one first."""
    default = await find_default_list(tenant)
    in_use = [each for each in await all_lists(tenant) if each.archived_at is None]
    return sorted(in_use, key=lambda each: default is None or each.id != default.id)


async def chosen_list(tenant: Tenant, fields: Fields) -> str:
    """Return the ref of the list that was chosen in a form. Raises `NotFound`."""
    try:
        return (await find_list(tenant, fields.one(LIST))).ref
    except NotFound:
        raise NotFound("Choose a list: this one is gone.", field=LIST) from None


def servings_in(fields: Fields) -> int | None:
    """Return for how many people a form says; None where it leaves that open. Raises `Invalid`."""
    text = fields.one(SERVINGS).strip()
    if not text:
        return None
    servings = whole_number(text)
    if servings is None or not 1 <= servings <= MOST_SERVINGS:
        raise Invalid(
            "{text} is not a number of portions. Write a whole number from 1 to {most}.",
            values={"text": printable(text[:40]), "most": MOST_SERVINGS},
            field=SERVINGS,
        )
    return servings


def day_in(fields: Fields, name: str) -> date:
    """Return the day in a field. Raises `Invalid` for what is no date, and for years that nobody means."""
    try:
        day = date.fromisoformat(fields.one(name).strip())
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid("The day is not a date: write it as 2026-12-24.", field=name)
    return day


def whole_number(text: str) -> int | None:
    """Return a number that is written in plain digits; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None
