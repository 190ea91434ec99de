"""What was bought and in what order of the shop, what left a list, items with a day, and how far the record goes."""

from alembic import op

from migrations.helpers import grant, revoke, tenant_table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE purchases (
            household_id uuid NOT NULL,
            id uuid NOT NULL,
            item_id uuid NOT NULL,
            name text NOT NULL,
            name_key text NOT NULL,
            store text,
            store_key text,
            measure text NOT NULL DEFAULT 'none',
            amount numeric(18, 6),
            unit text,
            price numeric(12, 2),
            currency text NOT NULL,
            bought_at timestamptz NOT NULL,
            bought_by uuid NOT NULL,
            place numeric(8, 1),
            event_no integer NOT NULL,
            CONSTRAINT pk_purchases PRIMARY KEY (household_id, id),
            CONSTRAINT fk_purchases_household_id_item_id FOREIGN KEY (household_id, item_id)
                REFERENCES items (household_id, id),
            CONSTRAINT ck_purchases_amount_has_measure CHECK ((measure = 'none') = (amount IS NULL)),
            CONSTRAINT ck_purchases_place_has_store CHECK (place IS NULL OR store_key IS NOT NULL)
        )""")
    op.execute("CREATE INDEX ix_purchases_household_id_item_id ON purchases (household_id, item_id)")
    op.execute("CREATE INDEX ix_purchases_household_id_bought_at ON purchases (household_id, bought_at)")
    tenant_table("purchases")
    grant("purchases", "SELECT, INSERT, UPDATE, DELETE")  # un-checking an item takes its purchase back

    op.execute("""
        CREATE TABLE aisles (
            household_id uuid NOT NULL,
            store_key text NOT NULL,
            name_key text NOT NULL,
            mean_position double precision NOT NULL,
            n integer NOT NULL,
            CONSTRAINT pk_aisles PRIMARY KEY (household_id, store_key, name_key),
            CONSTRAINT fk_aisles_household_id FOREIGN KEY (household_id) REFERENCES households (id)
        )""")
    tenant_table("aisles")
    grant("aisles", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE departures (
            household_id uuid NOT NULL,
            list_id uuid NOT NULL,
            item_no integer NOT NULL,
            rev bigint NOT NULL,
            CONSTRAINT pk_departures PRIMARY KEY (household_id, list_id, item_no),
            CONSTRAINT fk_departures_household_id_list_id FOREIGN KEY (household_id, list_id)
                REFERENCES lists (household_id, id)
        )""")
    tenant_table("departures")
    grant("departures", "SELECT, INSERT, UPDATE, DELETE")  # forgotten together with the events of their time

    # Few items have a day of their own; these are looked for every few minutes.
    op.execute("CREATE INDEX ix_items_repeating ON items (household_id) WHERE repeat_days IS NOT NULL")
    op.execute("CREATE INDEX ix_items_waiting ON items (household_id) WHERE not_before IS NOT NULL")

    op.execute("ALTER TABLE clocks ADD COLUMN forgotten_rev bigint NOT NULL DEFAULT 0")
    grant("events", "DELETE")  # kept for a while, not for ever


def downgrade() -> None:
    revoke("events", "DELETE")
    op.execute("ALTER TABLE clocks DROP COLUMN forgotten_rev")
    for index in ("ix_items_waiting", "ix_items_repeating"):
        op.execute(f"DROP INDEX {index}")
    for table in ("departures", "aisles", "purchases"):
        op.execute(f"DROP TABLE {table}")
