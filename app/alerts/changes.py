"""What happened on a list between two events, as somebody who was elsewhere is told of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.alerts.event_repository import MOST_NAMES, read_events
from app.alerts.models import PushKind
from app.households import repository as households
from app.households.tenant import SERVICE, Tenant
from app.lists.history.records import ItemRecord, read_record
from app.lists.history.summaries import in_short
from app.lists.models import ShoppingList
from app.lists.repository import lists_with


@dataclass(frozen=True, slots=True)
class AuthorsChanges:
    """What one person did there; None is the service itself, or somebody who has left. `names` are the first of those
    that they `added`; `changed` counts what else they did."""

    name: str | None
    names: Sequence[str]
    added: int
    changed: int


@dataclass(frozen=True, slots=True)
class ListNews:
    """What others did on a list, in the order in which they began."""

    list: ShoppingList
    by: Sequence[AuthorsChanges]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.by


async def read_news(
    tenant: Tenant,
    list_id: UUID,
    me: UUID,
    what: PushKind,
    first: int,
    last: int,
    since: datetime,
) -> ListNews | None:
    """Return what others than `me` did on a list in the events from one number to another, and not before `since`; None
    if the list is gone.

    What was undone is left out, and so is what only its own author sees, such as a choice of a default list.
    """
    on = (await lists_with(tenant, {list_id})).get(list_id)
    if on is None or on.deleted_at is not None:
        return None
    added, changed = Counter[UUID](), Counter[UUID]()
    names: dict[UUID, list[str]] = {}
    for event in await read_events(tenant, list_id, me, first, last, since):
        named = names.setdefault(event.author, [])
        added[event.author] += event.added
        changed[event.author] += event.changed if what == "changes" else 0
        for each in event.additions:
            record = read_record(each)
            if isinstance(record, ItemRecord) and len(named) < MOST_NAMES:
                named.append(in_short(record.after.get("name", "")))
    known = await households.names_of(tenant.connection, tenant.household_id, set(names) - {SERVICE})
    return ListNews(
        on,
        [
            AuthorsChanges(known.get(each), named, added[each], changed[each])
            for each, named in names.items()
            if added[each] or changed[each]
        ],
    )
