"""Finding the list that a call names: by ref (`L1`), by name, or left out for the person's default list."""

import re
from typing import Final

from app.errors import NotFound
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.models import ShoppingList
from app.text import fold

ALL_LISTS: Final = "*"
"""Stands for every list, in arguments that allow several."""

_REF: Final = re.compile(r"[Ll](\d{1,9})")


async def resolve_list(tenant: Tenant, name: str | None, *, field: str = "list") -> ShoppingList:
    """Return the list that `name` means, an argument called `field`.

    Raises `NotFound` with the household's lists as candidates.
    """
    if name is None:
        found = await repository.find_default_list(tenant)
        if found is None:
            raise NotFound("This household has no list yet.", field=field)
        return found
    found = await repository.find_list(tenant, *list_key(name))
    if found is None:
        candidates = [f"{each.name} ({each.ref})" for each in await repository.all_lists(tenant)]
        raise NotFound(
            "There is no list of that name here. Use one of the candidates, or leave list out for the default one.",
            field=field,
            candidates=candidates,
        )
    return found


def list_key(name: str) -> tuple[int | None, str]:
    """Return what finds a list: its number, if the name may be a ref, and the folded name."""
    ref = _REF.fullmatch(name.strip())
    # A name that can't be stored can't be found either; Postgres refuses NUL and lone surrogates in parameters.
    return int(ref[1]) if ref else None, fold(name.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
