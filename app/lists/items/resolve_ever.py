"""Finding everything that ever had a name in a household, on any list, removed or not: what the history is about."""

from collections.abc import Sequence
from typing import Final

from app.errors import NotFound
from app.households.tenant import Tenant
from app.lists.items import repository
from app.lists.items.candidates import CANDIDATES
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH
from app.lists.items.resolve import ref_number
from app.quantities import parse_phrase
from app.quantities.matching import find_named, similar
from app.quantities.merge_key import merge_key
from app.text import clean

COMPARED: Final = 1_000
"""The most names that are compared with one that nothing has."""


async def resolve_ever(tenant: Tenant, name: str) -> Sequence[int]:
    """Return the numbers of the items that a name or ref means: those of that name, else of the one name that
    `app/quantities/matching.py` finds.

    Raises `Invalid` for a name that none can have, and `NotFound` with candidates, an argument called `item`.
    """
    text = clean(name, "item", NAME_LENGTH + NOTE_LENGTH)
    number = ref_number(text)
    if number is not None and number in await repository.items_numbered(tenant, [number]):
        return [number]
    said = parse_phrase(text).name
    key = merge_key(said)
    found = await repository.numbers_ever_named(tenant, {key, merge_key(text)})
    if found:
        return found
    names = await repository.names_ever(tenant, COMPARED)
    near = find_named(said, [(shown, folded) for folded, shown in names.items()], CANDIDATES)
    if len(near) == 1:
        return await repository.numbers_ever_named(tenant, near)
    candidates = near or similar(key, names, CANDIDATES)
    message = "item: nothing of that name is on record here. Use one of the candidates."
    raise NotFound(message, field="item", candidates=[names[key] for key in candidates])
