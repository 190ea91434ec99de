"""Grants that their person lets do more."""

from migrations.helpers import grant, revoke

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    grant("grants", "UPDATE (scopes)")


def downgrade() -> None:
    revoke("grants", "UPDATE (scopes)")
