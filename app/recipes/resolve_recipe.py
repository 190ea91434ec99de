"""Finding the recipe that a call names: by ref (`R1`) or by name."""

import re
from typing import Final

from app.errors import NotFound
from app.households.tenant import Tenant
from app.recipes import repository
from app.recipes.models import Recipe
from app.text import fold

MOST_CANDIDATES: Final = 20

_REF: Final = re.compile(r"[Rr](\d{1,9})")


async def resolve_recipe(tenant: Tenant, name: str, *, field: str = "recipe") -> Recipe:
    """Return the recipe that `name` means, an argument called `field`.

    Raises `NotFound` with recipes of the household as candidates.
    """
    ref = _REF.fullmatch(name.strip())
    # A name that can't be stored can't be found either; Postgres refuses NUL and lone surrogates in parameters.
    key = fold(name.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
    found = await repository.find_recipe(tenant, int(ref[1]) if ref else None, key)
    if found is None:
        known = await repository.read_recipes(tenant, "", MOST_CANDIDATES)
        raise NotFound(
            "There is no recipe of that name here. get_recipes shows all, and save_recipe makes one.",
            field=field,
            candidates=[f"{each.name} ({each.ref})" for each in known],
        )
    return found
