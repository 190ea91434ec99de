"""People and households."""

from alembic import op

from migrations.helpers import grant, reference_table, tenant_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE people (
            id uuid NOT NULL,
            issuer text NOT NULL,
            subject text NOT NULL,
            email text,
            email_key text,
            name text NOT NULL,
            email_verified_at timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_people PRIMARY KEY (id),
            CONSTRAINT uq_people_issuer_subject UNIQUE (issuer, subject)
        )""")
    reference_table("people")
    grant("people", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE credentials (
            person_id uuid NOT NULL,
            kind text NOT NULL,
            secret_hash text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            changed_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_credentials PRIMARY KEY (person_id, kind),
            CONSTRAINT fk_credentials_person_id FOREIGN KEY (person_id) REFERENCES people (id),
            CONSTRAINT ck_credentials_kind CHECK (kind IN ('password'))
        )""")
    reference_table("credentials")
    grant("credentials", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE households (
            id uuid NOT NULL,
            ref text NOT NULL,
            name text NOT NULL,
            currency text NOT NULL DEFAULT 'EUR',
            locale text NOT NULL DEFAULT 'en',
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_households PRIMARY KEY (id),
            CONSTRAINT uq_households_ref UNIQUE (ref)
        )""")
    reference_table("households")
    grant("households", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE memberships (
            household_id uuid NOT NULL,
            person_id uuid NOT NULL,
            role text NOT NULL,
            default_list_id uuid,
            joined_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_memberships PRIMARY KEY (household_id, person_id),
            CONSTRAINT fk_memberships_household_id FOREIGN KEY (household_id) REFERENCES households (id),
            CONSTRAINT fk_memberships_person_id FOREIGN KEY (person_id) REFERENCES people (id),
            CONSTRAINT ck_memberships_role CHECK (role IN ('owner', 'editor', 'viewer'))
        )""")
    op.execute("CREATE INDEX ix_memberships_person_id ON memberships (person_id)")
    reference_table("memberships")
    grant("memberships", "SELECT, INSERT, UPDATE, DELETE")

    op.execute("""
        CREATE TABLE clocks (
            household_id uuid NOT NULL,
            rev bigint NOT NULL DEFAULT 0,
            next_list integer NOT NULL DEFAULT 1,
            next_item integer NOT NULL DEFAULT 1,
            next_event integer NOT NULL DEFAULT 1,
            CONSTRAINT pk_clocks PRIMARY KEY (household_id),
            CONSTRAINT fk_clocks_household_id FOREIGN KEY (household_id) REFERENCES households (id)
        )""")
    tenant_table("clocks")
    grant("clocks", "SELECT, INSERT, UPDATE")
    grant("alembic_version", "SELECT")  # /readyz compares it with the newest migration


def downgrade() -> None:
    for table in ("clocks", "memberships", "households", "credentials", "people"):
        op.execute(f"DROP TABLE {table}")
