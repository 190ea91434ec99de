"""Lists, items and events."""

from alembic import op

from migrations.helpers import grant, tenant_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE lists (
            household_id uuid NOT NULL,
            id uuid NOT NULL,
            no integer NOT NULL,
            name text NOT NULL,
            name_key text NOT NULL,
            store text,
            currency text,
            category_order text[] NOT NULL DEFAULT '{}',
            rev bigint NOT NULL,
            archived_at timestamptz,
            deleted_at timestamptz,
            CONSTRAINT pk_lists PRIMARY KEY (household_id, id),
            CONSTRAINT fk_lists_household_id FOREIGN KEY (household_id) REFERENCES households (id)
        )""")
    op.execute("CREATE UNIQUE INDEX uq_lists_household_id_no ON lists (household_id, no)")
    op.execute("""
        CREATE UNIQUE INDEX uq_lists_household_id_name_key ON lists (household_id, name_key)
        WHERE deleted_at IS NULL""")
    tenant_table("lists")
    grant("lists", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE items (
            household_id uuid NOT NULL,
            id uuid NOT NULL,
            list_id uuid NOT NULL,
            no integer NOT NULL,
            name text NOT NULL,
            name_key text NOT NULL,
            note text,
            measure text NOT NULL DEFAULT 'none',
            amount numeric(18, 6),
            unit text,
            variant smallint NOT NULL DEFAULT 0,
            category text,
            store text,
            assignee_id uuid,
            priority text,
            price numeric(12, 2),
            recipe_id uuid,
            not_before date,
            repeat_days integer,
            position bigint NOT NULL,
            rev bigint NOT NULL,
            checked_at timestamptz,
            checked_by uuid,
            deleted_at timestamptz,
            CONSTRAINT pk_items PRIMARY KEY (household_id, id),
            CONSTRAINT fk_items_household_id_list_id FOREIGN KEY (household_id, list_id)
                REFERENCES lists (household_id, id),
            CONSTRAINT ck_items_amount_has_measure CHECK ((measure = 'none') = (amount IS NULL)),
            CONSTRAINT ck_items_priority CHECK (priority IN ('low', 'high'))
        )""")
    op.execute("CREATE UNIQUE INDEX uq_items_household_id_no ON items (household_id, no)")
    op.execute("""
        CREATE UNIQUE INDEX uq_items_open_line ON items (household_id, list_id, name_key, measure, variant)
        WHERE checked_at IS NULL AND deleted_at IS NULL""")
    op.execute("""
        CREATE INDEX ix_items_open_position ON items (household_id, list_id, position)
        WHERE checked_at IS NULL AND deleted_at IS NULL""")
    op.execute("CREATE INDEX ix_items_household_id_list_id_rev ON items (household_id, list_id, rev)")
    op.execute("CREATE INDEX ix_items_household_id_list_id_name_key ON items (household_id, list_id, name_key)")
    tenant_table("items")
    grant("items", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE events (
            household_id uuid NOT NULL,
            no integer NOT NULL,
            at timestamptz NOT NULL DEFAULT now(),
            person_id uuid NOT NULL,
            client_id text NOT NULL,
            grant_id uuid NOT NULL,
            kind text NOT NULL,
            list_id uuid,
            rev bigint NOT NULL,
            changes jsonb NOT NULL,
            undone_by integer,
            idem_key text,
            args_hash text,
            answer jsonb,
            CONSTRAINT pk_events PRIMARY KEY (household_id, no),
            CONSTRAINT fk_events_household_id FOREIGN KEY (household_id) REFERENCES households (id)
        )""")
    op.execute("""
        CREATE UNIQUE INDEX uq_events_household_id_grant_id_idem_key ON events (household_id, grant_id, idem_key)
        WHERE idem_key IS NOT NULL""")
    tenant_table("events")
    grant("events", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    for table in ("events", "items", "lists"):
        op.execute(f"DROP TABLE {table}")
