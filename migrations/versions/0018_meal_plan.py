"""The meal plan: which days have which recipes or words."""

from alembic import op

from migrations.helpers import grant, tenant_table

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE planned_meals (
            household_id uuid NOT NULL,
            id uuid NOT NULL,
            day date NOT NULL,
            position integer NOT NULL,
            meal text,
            recipe_id uuid,
            words text,
            servings integer,
            CONSTRAINT pk_planned_meals PRIMARY KEY (household_id, id),
            CONSTRAINT fk_planned_meals_household_id_recipe_id FOREIGN KEY (household_id, recipe_id)
                REFERENCES recipes (household_id, id),
            CONSTRAINT ck_planned_meals_recipe_or_words CHECK ((recipe_id IS NULL) <> (words IS NULL)),
            CONSTRAINT ck_planned_meals_servings CHECK (servings > 0)
        )""")
    tenant_table("planned_meals")
    op.execute("CREATE INDEX ix_planned_meals_household_id_day ON planned_meals (household_id, day, position)")
    grant("planned_meals", "SELECT, INSERT, UPDATE, DELETE")  # what is taken off the plan is in its event


def downgrade() -> None:
    op.execute("DROP TABLE planned_meals")
