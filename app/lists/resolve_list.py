"""Finding the list that a call names: by ref (`L1`), by name, or left out for the person's default list."""

import re
from collections.abc import Sequence
from typing import Final

from app.errors import Ambiguous, NotFound
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.models import ShoppingList
from app.quantities.matching import LIST_WORDS, find_named, similar, split_label
from app.text import fold

ALL_LISTS: Final = "*"
"""Stands for every list, in arguments that allow several."""

_CANDIDATES: Final = 20
_REF: Final = re.compile(r"[Ll](\d{1,9})")


async def resolve_list(tenant: Tenant, name: str | None, *, field: str = "list") -> ShoppingList:
    """Return the list that `name` means, an argument called `field`: the one of exactly that name, or else the one that
    `app/quantities/matching.py` finds, among those in use before archived ones.

    Raises `NotFound`, or `Ambiguous` for a name that fits several, with candidates.
    """
    if name is None:
        found = await repository.find_default_list(tenant)
        if found is None:
            raise NotFound("This household has no list yet.", field=field)
        return found
    found = await repository.find_list(tenant, *list_key(name))
    return found or _matching(name, await repository.all_lists(tenant), field)


async def find_by_ref(tenant: Tenant, ref: str) -> ShoppingList | None:
    """Return the list with exactly this ref."""
    found = await repository.find_list(tenant, *list_key(ref)) if _REF.fullmatch(ref) else None
    return found if found is not None and found.ref == ref else None


def list_key(name: str) -> tuple[int | None, str]:
    """Return what finds a list: its number, if the name may be a ref, and the folded name."""
    ref = _REF.fullmatch(name.strip())
    # A name that can't be stored can't be found either; Postgres refuses NUL and lone surrogates in parameters.
    return int(ref[1]) if ref else None, fold(name.replace("\0", "\ufffd").encode("utf-8", "replace").decode())


def label_of_list(each: ShoppingList) -> str:
    """Return a list as candidates show it: `Hardware (L2)`."""
    return f"{each.name} ({each.ref})"


def _matching(name: str, lists: Sequence[ShoppingList], field: str) -> ShoppingList:
    label = split_label(name)
    if label is not None:
        copied = [each for each in lists if each.ref == label[1].upper() and fold(each.name) == fold(label[0])]
        if copied:
            return copied[0]
    in_use = [each for each in lists if each.archived_at is None]
    archived = [each for each in lists if each.archived_at is not None]
    for among in (in_use, archived):
        found = find_named(name, [(each.name, each) for each in among], _CANDIDATES, LIST_WORDS)
        if len(found) == 1:
            return found[0]
        if found:
            options = {each.ref: label_of_list(each) for each in found}
            message = f"{field} fits several lists. Use the ref of one of the candidates."
            raise Ambiguous(message, field=field, options=options, name=name)
    near = similar(fold(name), {fold(each.name) for each in lists}, 2)
    if len(near) == 1:
        (meant,) = [each for each in lists if fold(each.name) == near[0]]
        message = f"There is no list of that name here, but one that resembles it: to use that, give {meant.ref}."
        raise NotFound(message, field=field, candidates=[label_of_list(meant)])
    message = "There is no list of that name here. Use one of the candidates, or leave list out for the default one."
    raise NotFound(message, field=field, candidates=[label_of_list(each) for each in lists])
