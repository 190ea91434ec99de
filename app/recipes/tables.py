"""Tables of recipes, their lines and the meal plan: tenant tables, every key of which starts with the household."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from app.db import metadata

recipes = Table(
    "recipes",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("no", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("servings", Integer),
    Column("rev", BigInteger, nullable=False),
    Column("archived_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    Column("source", Text),
    Column("steps", Text),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
    CheckConstraint("kind IN ('recipe', 'staples')", name="kind"),
    CheckConstraint("servings > 0", name="servings"),
    Index("uq_recipes_household_id_no", "household_id", "no", unique=True),
    Index(
        "uq_recipes_household_id_name_key",
        "household_id",
        "name_key",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

recipe_lines = Table(
    "recipe_lines",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("recipe_id", Uuid, primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("note", Text),
    Column("measure", Text, nullable=False, server_default=text("'none'")),
    Column("amount", Numeric(18, 6)),
    Column("unit", Text),
    ForeignKeyConstraint(["household_id", "recipe_id"], ["recipes.household_id", "recipes.id"]),
    CheckConstraint("(measure = 'none') = (amount IS NULL)", name="amount_has_measure"),
)

planned_meals = Table(
    "planned_meals",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("day", Date, nullable=False),
    Column("position", Integer, nullable=False),
    Column("meal", Text),
    Column("recipe_id", Uuid),
    Column("words", Text),
    Column("servings", Integer),
    ForeignKeyConstraint(["household_id", "recipe_id"], ["recipes.household_id", "recipes.id"]),
    CheckConstraint("(recipe_id IS NULL) <> (words IS NULL)", name="recipe_or_words"),
    CheckConstraint("servings > 0", name="servings"),
    Index("ix_planned_meals_household_id_day", "household_id", "day", "position"),
)
"""`position` orders the meals of a day as they were planned; `meal` is a word such as dinner."""
