"""What people said about their pantry: a tenant table."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from app.db import metadata
from app.lists.tables import AMOUNT

pantry = Table(
    "pantry",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("name_key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("have", Boolean, nullable=False),
    Column("measure", Text, nullable=False, server_default=text("'none'")),
    Column("amount", AMOUNT),
    Column("unit", Text),
    Column("expires", Date),
    Column("said_at", DateTime(timezone=True), nullable=False),
    Column("rev", BigInteger, nullable=False),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
    CheckConstraint("(measure = 'none') = (amount IS NULL)", name="amount_has_measure"),
    CheckConstraint("have OR (amount IS NULL AND expires IS NULL)", name="nothing_of_nothing"),
)
"""What was said last of a name; a later purchase makes it void."""
