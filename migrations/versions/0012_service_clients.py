"""Service accounts are clients of a kind of their own; two tables are changed by the service in one column only."""

from alembic import op

from migrations.helpers import narrow_updates, widen_updates

revision = "0012"
down_revision = "0011"

WRITTEN = {"api_keys": "last_used_on", "upstream_sign_ins": "used_at"}


def upgrade() -> None:
    op.execute("ALTER TABLE clients DROP CONSTRAINT ck_clients_kind")
    op.execute("""
        UPDATE clients SET kind = 'service'
        WHERE kind = 'preregistered' AND id IN (SELECT client_id FROM grants WHERE kind = 'service')""")
    _kinds_of_clients("'dynamic', 'document', 'preregistered', 'service'")
    narrow_updates(WRITTEN)


def downgrade() -> None:
    widen_updates(WRITTEN)
    op.execute("ALTER TABLE clients DROP CONSTRAINT ck_clients_kind")
    op.execute("UPDATE clients SET kind = 'preregistered' WHERE kind = 'service'")
    _kinds_of_clients("'dynamic', 'document', 'preregistered'")


def _kinds_of_clients(kinds: str) -> None:
    op.execute(f"ALTER TABLE clients ADD CONSTRAINT ck_clients_kind CHECK (kind IN ({kinds}))")
