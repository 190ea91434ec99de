"""Signing in at an OpenID provider to the account page, without a client's request."""

from alembic import op

from migrations.helpers import grant, revoke

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE upstream_sign_ins ALTER COLUMN request_id DROP NOT NULL")
    op.execute("ALTER TABLE upstream_sign_ins ADD COLUMN browser_hash bytea")
    op.execute("ALTER TABLE upstream_sign_ins ADD COLUMN path text")
    op.execute("""
        ALTER TABLE upstream_sign_ins ADD CONSTRAINT ck_upstream_sign_ins_destination
        CHECK ((request_id IS NULL) = (browser_hash IS NOT NULL) AND (request_id IS NULL) = (path IS NOT NULL))""")
    op.execute("""
        CREATE INDEX ix_upstream_sign_ins_created_at ON upstream_sign_ins (created_at) WHERE request_id IS NULL""")
    # The others go with their requests.
    grant("upstream_sign_ins", "DELETE")


def downgrade() -> None:
    revoke("upstream_sign_ins", "DELETE")
    op.execute("DELETE FROM upstream_sign_ins WHERE request_id IS NULL")
    op.execute("DROP INDEX ix_upstream_sign_ins_created_at")
    op.execute("ALTER TABLE upstream_sign_ins DROP CONSTRAINT ck_upstream_sign_ins_destination")
    op.execute("ALTER TABLE upstream_sign_ins DROP COLUMN path")
    op.execute("ALTER TABLE upstream_sign_ins DROP COLUMN browser_hash")
    op.execute("ALTER TABLE upstream_sign_ins ALTER COLUMN request_id SET NOT NULL")
