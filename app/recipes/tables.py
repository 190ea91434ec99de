"""Tables of recipes and their lines: tenant tables, every key of which starts with the household."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
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
