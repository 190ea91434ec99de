"""Recipes and staples, and which recipe an item is for."""

from alembic import op

from migrations.helpers import grant, tenant_table

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE recipes (
            household_id uuid NOT NULL,
            id uuid NOT NULL,
            no integer NOT NULL,
            name text NOT NULL,
            name_key text NOT NULL,
            kind text NOT NULL,
            servings integer,
            rev bigint NOT NULL,
            archived_at timestamptz,
            deleted_at timestamptz,
            CONSTRAINT pk_recipes PRIMARY KEY (household_id, id),
            CONSTRAINT fk_recipes_household_id FOREIGN KEY (household_id) REFERENCES households (id),
            CONSTRAINT ck_recipes_kind CHECK (kind IN ('recipe', 'staples')),
            CONSTRAINT ck_recipes_servings CHECK (servings > 0)
        )""")
    tenant_table("recipes")
    op.execute("CREATE UNIQUE INDEX uq_recipes_household_id_no ON recipes (household_id, no)")
    op.execute("""
        CREATE UNIQUE INDEX uq_recipes_household_id_name_key ON recipes (household_id, name_key)
        WHERE deleted_at IS NULL""")
    grant("recipes", "SELECT, INSERT, UPDATE")
    op.execute("""
        CREATE TABLE recipe_lines (
            household_id uuid NOT NULL,
            recipe_id uuid NOT NULL,
            position smallint NOT NULL,
            name text NOT NULL,
            note text,
            measure text NOT NULL DEFAULT 'none',
            amount numeric(18,6),
            unit text,
            CONSTRAINT pk_recipe_lines PRIMARY KEY (household_id, recipe_id, position),
            CONSTRAINT fk_recipe_lines_household_id_recipe_id FOREIGN KEY (household_id, recipe_id)
                REFERENCES recipes (household_id, id),
            CONSTRAINT ck_recipe_lines_amount_has_measure CHECK ((measure = 'none') = (amount IS NULL))
        )""")
    tenant_table("recipe_lines")
    grant("recipe_lines", "SELECT, INSERT, UPDATE, DELETE")  # a recipe is saved with its lines as they are then


def downgrade() -> None:
    op.execute("DROP TABLE recipe_lines")
    op.execute("DROP TABLE recipes")
