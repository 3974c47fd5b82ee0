"""What orders keeps. One row an order, with the columns that lists ask for; its lines and packages are documents in that
row, since nobody changes one without the order. What can be counted, the database enforces: no unit ships and is canceled.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
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

from chassis.tables import NAMES, instant, key_text, service_tables

STATE = (
    "sequence",
    "status",
    "changed_at",
    "payment",
    "stock",
    "released_at",
    "ship_by",
    "deliver_from",
    "deliver_until",
    "confirm_by",
    "warned",
    "record",
)
"""The columns of an order that most messages change; the others change with its lines and parcels, or never."""

STATUSES = ("Expected", "Pending", "Unshipped", "PartiallyShipped", "Shipped", "Canceled")

metadata = MetaData(naming_convention=NAMES)

SERVICE = service_tables(metadata)

# An Expected row has messages that came too early, or has only counted refusals; all that belongs to an order is null then.
# Documents are JSON in columns of text: only checks and reports ask for their parts in SQL, and binding rows of
# jsonb took a fifth of what orders cost the database.
customer_order = Table(
    "customer_order",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("order_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", key_text(), nullable=False),
    Column("changed_at", instant(), nullable=False),
    Column("payment", Text),
    Column("stock", Text),
    Column("released_at", instant()),
    Column("ship_by", Date),
    Column("deliver_from", Date),
    Column("deliver_until", Date),
    Column("confirm_by", instant()),
    Column("warned", Boolean, nullable=False),
    Column("record", Text),
    Column("marketplace_id", key_text()),
    Column("channel", Text),
    Column("buyer_id", key_text()),
    Column("currency", Text),
    Column("placed_at", instant()),
    Column("content", LargeBinary),
    Column("policy", Text),
    Column("units_ordered", Integer, nullable=False),
    Column("units_shipped", Integer, nullable=False),
    Column("units_canceled", Integer, nullable=False),
    Column("lines", Text),
    Column("packages", Text),
    Column("early", Text),
    CheckConstraint(column("status").in_(STATUSES), name="status_known"),
    CheckConstraint(
        or_(
            column("status") == "Expected",
            and_(column("placed_at").is_not(None), column("lines").is_not(None), column("content").is_not(None)),
        ),
        name="placed_unless_expected",
    ),
    CheckConstraint(and_(column("units_shipped") >= 0, column("units_canceled") >= 0), name="units_never_negative"),
    CheckConstraint(column("units_shipped") + column("units_canceled") <= column("units_ordered"), name="units_conserved"),
    CheckConstraint(
        or_(
            column("status").not_in(("Shipped", "Canceled")),
            column("units_shipped") + column("units_canceled") == column("units_ordered"),
        ),
        name="nothing_open_at_the_end",
    ),
    CheckConstraint(or_(column("status") != "Canceled", column("units_shipped") == 0), name="canceled_has_not_shipped"),
    Index(None, "seller_id", "placed_at", "order_id"),
    Index(None, "seller_id", "status", "placed_at", "order_id"),
)

# Personal data, apart from what is read with every message.
delivery_address = Table(
    "delivery_address",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("order_id", key_text(), primary_key=True),
    Column("address", Text, nullable=False),
)
