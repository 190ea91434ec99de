"""Finding the recipe that a call names: by ref (`R1`), or by name as people say it."""

import re
from collections.abc import Sequence
from typing import Final

from app.errors import Ambiguous, NotFound
from app.households.tenant import Tenant
from app.quantities.matching import Matcher, loosen, split_label
from app.recipes import repository
from app.recipes.models import NAME_LENGTH, RECIPES_PER_HOUSEHOLD, Recipe, RecipeSummary
from app.runtime.batches import map_texts
from app.text import fold

MOST_CANDIDATES: Final = 20

_REF: Final = re.compile(r"[Rr](\d{1,9})")


async def resolve_recipe(tenant: Tenant, name: str, *, field: str = "recipe") -> Recipe:
    """Return the recipe that `name` means, an argument called `field`: the one of exactly that name, or else the one
    that `app/quantities/matching.py` finds, where recipes in use come before archived ones.

    Raises `NotFound`, or `Ambiguous` for a name that fits several, with candidates.
    """
    ref = _REF.fullmatch(name.strip())
    # A name that can't be stored can't be found either; Postgres refuses NUL and lone surrogates in parameters.
    key = fold(name.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
    found = await repository.find_recipe(tenant, int(ref[1]) if ref else None, key)
    if found is not None:
        return found
    known = await repository.read_recipes(tenant, "", RECIPES_PER_HOUSEHOLD)
    fitting = await _fitting(name, known)
    fitting = [each for each in fitting if not each.is_archived] or fitting
    found = await repository.find_recipe(tenant, fitting[0].no, "") if len(fitting) == 1 else None
    if found is not None:
        return found
    if fitting:
        message = f"{field} fits several recipes. Use the ref of one of the candidates."
        raise Ambiguous(message, field=field, options={each.ref: _label(each) for each in fitting}, name=name)
    message = "There is no recipe of that name here. get_recipes shows all, and save_recipe makes one."
    raise NotFound(message, field=field, candidates=[_label(each) for each in known[:MOST_CANDIDATES]])


async def _fitting(name: str, known: Sequence[RecipeSummary]) -> Sequence[RecipeSummary]:
    label = split_label(name)
    if label is not None:
        copied = [each for each in known if each.ref == label[1].upper() and each.name_key == fold(label[0])]
        if copied:
            return copied
    if len(name) > NAME_LENGTH:
        return ()
    names = await map_texts(lambda each: loosen(each.name), known, lambda each: len(each.name))
    return Matcher(zip(names, known, strict=True)).find(loosen(name), MOST_CANDIDATES)


def _label(recipe: RecipeSummary) -> str:
    return f"{recipe.name} ({recipe.ref})"
