"""SQL on whom a grant lets in."""

from datetime import datetime
from uuid import UUID

from app.db import Engine
from app.db.engine import Driver
from app.db.transactions import fetch
from app.households.models import Membership
from app.oauth.grants.models import Grant, GrantKind

# Nearly every call of a person comes more than two seconds after the one before, and reads this: so it is one message,
# and doesn't use the two repositories that have the same as Core.
_FIND = """
    SELECT g.id, g.kind, g.person_id, g.client_id, g.client ->> 'name' AS client_name,
        g.client ->> 'auth_method' AS auth_method, g.issuer, g.scopes, g.resource, g.created_at, g.expires_at,
        g.revoked_at, covered.household_id, covered.is_default, m.role, h.name, h.ref, h.currency, h.locale,
        h.time_zone
    FROM grants g
    JOIN grant_households covered ON covered.grant_id = g.id
    LEFT JOIN memberships m ON m.household_id = covered.household_id AND m.person_id = g.person_id
    LEFT JOIN households h ON h.id = m.household_id
    WHERE g.id = $1
    ORDER BY m.joined_at, h.id
"""


async def find_grant_with_memberships(
    engine: Engine, grant_id: UUID, now: datetime, driver: "Driver | None" = None
) -> tuple[Grant, tuple[Membership, ...]] | None:
    """Return the live grant of that id, with the present memberships of its person in the households that it covers,
    oldest membership first; None when it is revoked, expired or unknown.

    It is read by `driver`, or else by a connection of the pool. Raises `Unavailable`.
    """
    rows = await fetch(engine, _FIND, grant_id) if driver is None else await driver.fetch(_FIND, grant_id)
    default = next((row["household_id"] for row in rows if row["is_default"]), None)
    if default is None:
        return None
    first = rows[0]
    others = sorted(row["household_id"] for row in rows if not row["is_default"])
    grant = Grant(
        id=first["id"],
        kind=GrantKind(first["kind"]),
        person_id=first["person_id"],
        client_id=first["client_id"],
        client_name=first["client_name"],
        auth_method=first["auth_method"],
        issuer=first["issuer"],
        scopes=frozenset(first["scopes"]),
        resource=first["resource"],
        created_at=first["created_at"],
        expires_at=first["expires_at"],
        revoked_at=first["revoked_at"],
        household_ids=(default, *others),
        default_household_id=default,
    )
    if not grant.is_live(now):
        return None
    return grant, tuple(
        Membership(
            row["household_id"],
            row["name"],
            row["ref"],
            row["role"],
            row["currency"],
            row["locale"],
            row["time_zone"],
        )
        for row in rows
        if row["role"] is not None
    )
