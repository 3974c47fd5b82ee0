"""What removals keeps. One row a removal, with the columns that lists ask for; its lines and departures are documents in that
row, since nobody changes one without the removal. What can be counted, the database enforces. Beside it a view of
inventory's stock, which is advice for screens.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
    column,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import NAMES, instant, key_text, service_tables

STATUSES = ("Expected", "Draft", "Planning", "Pending", "Processing", "Completed", "Canceled", "Refused")
UNITS = ("units_requested", "units_shipped", "units_disposed", "units_canceled")
GONE: ColumnElement[int] = column("units_shipped") + column("units_disposed") + column("units_canceled")

metadata = MetaData(naming_convention=NAMES)

SERVICE = service_tables(metadata)

# An Expected row has messages that came too early, or has only counted refusals; all that belongs to a removal is null then.
# `lines` and `departures` may be asked for in SQL; `record` and `early` only the store reads; `ship_to` is personal.
# In Planning `early` has what the warehouse told before inventory's answer.
removal = Table(
    "removal",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("removal_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", key_text(), nullable=False),
    Column("changed_at", instant(), nullable=False),
    Column("marketplace_id", key_text()),
    Column("method", Text),
    Column("drafted_at", instant()),
    Column("requested_at", instant()),
    Column("leave_by", instant()),
    Column("late", Boolean, nullable=False),
    *(Column(name, Integer, nullable=False) for name in UNITS),
    Column("content", LargeBinary),
    Column("lines", JSONB),
    Column("departures", JSONB),
    Column("ship_to", Text),
    Column("record", Text),
    Column("early", Text),
    CheckConstraint(column("status").in_(STATUSES), name="status_known"),
    CheckConstraint(
        or_(column("status") == "Expected", and_(column("drafted_at").is_not(None), column("lines").is_not(None))),
        name="drafted_unless_expected",
    ),
    CheckConstraint(
        or_(column("status").in_(("Expected", "Draft", "Canceled")), column("requested_at").is_not(None)),
        name="requested_unless_draft",
    ),
    CheckConstraint(
        or_(column("status").not_in(("Pending", "Processing")), column("leave_by").is_not(None)), name="placed_with_a_limit"
    ),
    CheckConstraint(and_(*(column(name) >= 0 for name in UNITS)), name="units_never_negative"),
    CheckConstraint(column("units_requested") >= GONE, name="units_conserved"),
    CheckConstraint(
        or_(column("status").not_in(("Completed", "Canceled", "Refused")), column("units_requested") == GONE),
        name="nothing_open_at_the_end",
    ),
    Index(None, "seller_id", "drafted_at", "removal_id"),
    Index(None, "seller_id", "status", "drafted_at", "removal_id"),
    Index(None, "seller_id", "late", "drafted_at", "removal_id"),
    Index(None, "seller_id", "requested_at", "removal_id"),
)

stock_view = Table(
    "stock_view",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("sku", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", instant(), nullable=False),
    Column("balances", Text, nullable=False),
)
