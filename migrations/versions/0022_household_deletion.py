"""Households are deleted for good, with everything that belongs to them."""

from migrations.helpers import grant, revoke

revision = "0022"
down_revision = "0021"

TABLES = ("lists", "recipes", "aisles", "clocks", "households", "grant_households")


def upgrade() -> None:
    for table in TABLES:
        grant(table, "DELETE")


def downgrade() -> None:
    for table in TABLES:
        revoke(table, "DELETE")
