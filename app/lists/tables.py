"""Tables of lists and items: tenant tables, every key of which starts with the household."""

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
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import metadata

AMOUNT = Numeric(18, 6)

lists = Table(
    "lists",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("no", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("store", Text),
    Column("currency", Text),
    Column("category_order", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("rev", BigInteger, nullable=False),
    Column("open_items", Integer, nullable=False, server_default=text("0")),
    Column("checked_items", Integer, nullable=False, server_default=text("0")),
    Column("archived_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
    Index("uq_lists_household_id_no", "household_id", "no", unique=True),
    Index(
        "uq_lists_household_id_name_key",
        "household_id",
        "name_key",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

habits = Table(
    "habits",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("name_key", Text, primary_key=True),
    Column("unit", Text),
    Column("category", Text),
    Column("store", Text),
    Column("rev", BigInteger, nullable=False),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
)
"""What was corrected of a name, to be used when it is added again."""

_OPEN = text("checked_at IS NULL AND deleted_at IS NULL")

items = Table(
    "items",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("list_id", Uuid, nullable=False),
    Column("no", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("note", Text),
    Column("measure", Text, nullable=False, server_default=text("'none'")),
    Column("amount", AMOUNT),
    Column("unit", Text),
    Column("variant", SmallInteger, nullable=False, server_default=text("0")),
    Column("category", Text),
    Column("store", Text),
    Column("assignee_id", Uuid),
    Column("priority", Text),
    Column("price", Numeric(12, 2)),
    Column("recipe_id", Uuid),
    Column("not_before", Date),
    Column("repeat_days", Integer),
    Column("position", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("checked_at", DateTime(timezone=True)),
    Column("checked_by", Uuid),
    Column("deleted_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["household_id", "list_id"], ["lists.household_id", "lists.id"]),
    CheckConstraint("(measure = 'none') = (amount IS NULL)", name="amount_has_measure"),
    CheckConstraint("priority IN ('low', 'high')", name="priority"),
    Index("uq_items_household_id_no", "household_id", "no", unique=True),
    Index(
        "uq_items_open_line",
        "household_id",
        "list_id",
        "name_key",
        "measure",
        "variant",
        unique=True,
        postgresql_where=_OPEN,
    ),
    Index("ix_items_open_position", "household_id", "list_id", "position", "no", postgresql_where=_OPEN),
    Index("ix_items_repeating", "household_id", postgresql_where=text("repeat_days IS NOT NULL")),
    Index("ix_items_waiting", "household_id", postgresql_where=text("not_before IS NOT NULL")),
    Index("ix_items_household_id_list_id_rev", "household_id", "list_id", "rev"),
    Index("ix_items_household_id_list_id_name_key", "household_id", "list_id", "name_key"),
)
