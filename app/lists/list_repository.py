"""Writing lists themselves: their names, settings, ends, and whose default they are."""

from uuid import UUID

from sqlalchemy import func, insert, select, update

from app.households.tables import clocks, memberships
from app.households.tenant import Tenant
from app.lists.models import ShoppingList
from app.lists.tables import items, lists
from app.text import fold


async def save_list(tenant: Tenant, rev: int, saved: ShoppingList) -> None:
    """Store a new or changed list, and stamp it with `rev`. Needs the write lock."""
    values = {
        "name": saved.name,
        "name_key": fold(saved.name),
        "store": saved.store,
        "currency": saved.currency,
        "category_order": list(saved.category_order),
        "archived_at": saved.archived_at,
        "deleted_at": saved.deleted_at,
        "rev": rev,
    }
    changed = await tenant.connection.execute(
        update(lists).where(lists.c.household_id == tenant.household_id, lists.c.id == saved.id).values(**values)
    )
    if changed.rowcount == 0:
        new = {"household_id": tenant.household_id, "id": saved.id, "no": saved.no}
        await tenant.connection.execute(insert(lists).values(**new, **values))
        next_no = func.greatest(clocks.c.next_list, saved.no + 1)
        await tenant.connection.execute(
            update(clocks).where(clocks.c.household_id == tenant.household_id).values(next_list=next_no)
        )
    tenant.note_change(saved.id, rev)


async def stamp_items(tenant: Tenant, rev: int, list_id: UUID) -> None:
    """Make everything on a list count as changed: it left with its list, or came back."""
    await tenant.connection.execute(
        update(items)
        .where(items.c.household_id == tenant.household_id, items.c.list_id == list_id, items.c.deleted_at.is_(None))
        .values(rev=rev)
    )


async def count_lists(tenant: Tenant) -> int:
    """How many lists the household has, archived ones included."""
    query = select(func.count()).where(lists.c.household_id == tenant.household_id, lists.c.deleted_at.is_(None))
    return (await tenant.connection.execute(query)).scalar_one()


async def default_list_of(tenant: Tenant, person_id: UUID) -> UUID | None:
    """The list that a member chose."""
    query = select(memberships.c.default_list_id).where(
        memberships.c.household_id == tenant.household_id, memberships.c.person_id == person_id
    )
    return (await tenant.connection.execute(query)).scalar_one_or_none()


async def set_default_list(tenant: Tenant, person_id: UUID, list_id: UUID | None) -> None:
    """Choose a list for a member; None goes back to the household's oldest."""
    await tenant.connection.execute(
        update(memberships)
        .where(memberships.c.household_id == tenant.household_id, memberships.c.person_id == person_id)
        .values(default_list_id=list_id)
    )
