"""What became of an authorization request, and which browser a session was opened in."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE authorization_requests
            ADD COLUMN moved_to uuid,
            ADD COLUMN answer text,
            ADD CONSTRAINT ck_authorization_requests_answer CHECK (answer IN ('approved', 'denied')),
            ADD CONSTRAINT ck_authorization_requests_outcome CHECK (
                (moved_to IS NULL OR answer IS NULL) AND (answer IS NULL OR used_at IS NOT NULL))""")
    op.execute("ALTER TABLE sessions ADD COLUMN opened_by bytea")


def downgrade() -> None:
    op.execute("ALTER TABLE sessions DROP COLUMN opened_by")
    op.execute("""
        ALTER TABLE authorization_requests
            DROP COLUMN moved_to,
            DROP COLUMN answer""")
