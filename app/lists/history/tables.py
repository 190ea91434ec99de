"""Tables of what happened to items: bought, in what order of the shop, and moved away from a list. Tenant tables."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata
from app.lists.tables import AMOUNT

events = Table(
    "events",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("person_id", Uuid, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("grant_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("list_id", Uuid),
    Column("rev", BigInteger, nullable=False),
    Column("changes", JSONB, nullable=False),
    Column("undone_by", Integer),
    Column("idem_key", Text),
    Column("args_hash", Text),
    Column("answer", JSONB),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
    Index(
        "uq_events_household_id_grant_id_idem_key",
        "household_id",
        "grant_id",
        "idem_key",
        unique=True,
        postgresql_where=text("idem_key IS NOT NULL"),
    ),
    Index("ix_events_moves", "household_id", "no", postgresql_where=text("kind = 'move_items'")),
)


purchases = Table(
    "purchases",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("item_id", Uuid),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("store", Text),
    Column("store_key", Text),
    Column("measure", Text, nullable=False, server_default=text("'none'")),
    Column("amount", AMOUNT),
    Column("unit", Text),
    Column("price", Numeric(12, 2)),
    Column("currency", Text, nullable=False),
    Column("bought_at", DateTime(timezone=True), nullable=False),
    Column("bought_by", Uuid, nullable=False),
    Column("place", Numeric(8, 1)),
    Column("category", Text),
    Column("paid_by", Uuid),
    Column("event_no", Integer, nullable=False),
    ForeignKeyConstraint(["household_id", "item_id"], ["items.household_id", "items.id"]),
    CheckConstraint("(measure = 'none') = (amount IS NULL)", name="amount_has_measure"),
    CheckConstraint("place IS NULL OR store_key IS NOT NULL", name="place_has_store"),
    Index(None, "household_id", "item_id"),
    Index(None, "household_id", "bought_at"),
    Index(None, "household_id", "name_key", "bought_at"),
)
"""`place` is how many things went into the trolley before, on that trip to that store; `paid_by` is null where whoever
bought it paid."""

settlements = Table(
    "settlements",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("payer", Uuid, nullable=False),
    Column("payee", Uuid, nullable=False),
    Column("amount", Numeric(12, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("paid_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
    CheckConstraint("amount > 0", name="amount_above_zero"),
    CheckConstraint("payer <> payee", name="between_two"),
    Index(None, "household_id", "paid_at"),
)
"""Money that one member gave another, so that they owe less."""

aisles = Table(
    "aisles",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("store_key", Text, primary_key=True),
    Column("name_key", Text, primary_key=True),
    Column("mean_position", Double, nullable=False),
    Column("n", Integer, nullable=False),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
)
"""Where in a store a thing is found: the mean of the places it had on `n` trips."""

departures = Table(
    "departures",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("list_id", Uuid, primary_key=True),
    Column("item_no", Integer, primary_key=True),
    Column("rev", BigInteger, nullable=False),
    ForeignKeyConstraint(["household_id", "list_id"], ["lists.household_id", "lists.id"]),
)
"""When an item moved away from a list, for those who follow that list by revision."""
