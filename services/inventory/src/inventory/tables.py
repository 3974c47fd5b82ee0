"""What inventory keeps. The database holds the line where code might fail: no negative units, no movement twice.

Roots are `reservation` and `item`, locked in this order; the other tables belong to one of them. Those that every order writes
have no foreign key to their root: the check of each row would cost the database a quarter of its time, and the root is held and
written in the same transaction.
"""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    column,
)

from chassis.tables import NAMES, instant, key_text, service_tables

metadata = MetaData(naming_convention=NAMES)

SERVICE = service_tables(metadata)

reservation = Table(
    "reservation",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("kind", key_text(), primary_key=True),
    Column("holder_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("marketplace_id", Text),
    Column("channel", Text),
    Column("reserved_at", instant(), nullable=False),
    Column("changed_at", instant(), nullable=False),
    CheckConstraint(column("status").in_(["held", "refused", "ended"]), name="status_known"),
)

# `bucket` is where the units were and go back to, `shipped` what has left for good; `is_open` only to find the holders of an
# item without reading all that ever were
reservation_line = Table(
    "reservation_line",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("kind", key_text(), primary_key=True),
    Column("holder_id", key_text(), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("location_id", key_text(), primary_key=True),
    Column("sku", key_text(), nullable=False),
    Column("taken", Integer, nullable=False),
    Column("released", Integer, nullable=False),
    Column("shipped", Integer, nullable=False),
    Column("bucket", key_text(), primary_key=True),
    Column("is_open", Boolean, nullable=False),
    Index(None, "seller_id", "sku", "is_open"),
)
_line = reservation_line.c
reservation_line.append_constraint(CheckConstraint((_line.released >= 0) & (_line.shipped >= 0), name="units_not_negative"))
reservation_line.append_constraint(CheckConstraint(_line.taken >= _line.released + _line.shipped, name="units_held_or_more"))
reservation_line.append_constraint(
    CheckConstraint(_line.is_open == (_line.taken > _line.released + _line.shipped), name="open_while_held")
)

CHANGE_PERIOD_SECONDS = 10


def period_of(changed_at: datetime) -> int:
    """The value of `item.changed_in` that goes with a time of change."""
    return int(changed_at.timestamp() // CHANGE_PERIOD_SECONDS)


# `version` counts movements, `sequence` the facts told about the item. Who looks for changed items finds them by `changed_in`:
# an index on `changed_at` itself would have each change of an item write new entries into all indexes
item = Table(
    "item",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("sku", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", instant(), nullable=False),
    Column("changed_in", Integer, nullable=False, index=True),
)

product = Table(
    "product",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("sku", key_text(), primary_key=True),
    Column("asin", Text, nullable=False),
    Column("fnsku", key_text(), nullable=False),
    Column("title", Text, nullable=False),
    UniqueConstraint("seller_id", "fnsku"),
    ForeignKeyConstraint(["seller_id", "sku"], ["item.seller_id", "item.sku"]),
)

listing = Table(
    "listing",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("sku", key_text(), primary_key=True),
    Column("marketplace_id", key_text(), primary_key=True),
    Column("channel", key_text(), primary_key=True),
    Column("offered", Boolean, nullable=False),
    Column("sold_out", Boolean, nullable=False),
    ForeignKeyConstraint(["seller_id", "sku"], ["item.seller_id", "item.sku"]),
)

balance = Table(
    "balance",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("sku", key_text(), primary_key=True),
    Column("location_id", key_text(), primary_key=True),
    Column("bucket", key_text(), primary_key=True),
    Column("quantity", Integer, nullable=False),
    CheckConstraint(column("quantity") >= 0, name="never_negative"),
)

# keyed by the item's version: a lost update or a double one collides here
MOVEMENT_PARTITIONS = 8
movement = Table(
    "movement",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("sku", key_text(), primary_key=True),
    Column("item_version", Integer, primary_key=True),
    Column("location_id", key_text(), nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("cause", Uuid, nullable=False),
    Column("n", Integer, nullable=False),
    Column("holder_kind", Text),
    Column("holder_id", Text),
    Column("line", Integer),
    Column("moved_at", instant(), nullable=False),
    UniqueConstraint("seller_id", "cause", "n"),
    CheckConstraint(column("quantity") > 0, name="units_moved"),
    CheckConstraint(column("source") != column("target"), name="somewhere_else"),
    postgresql_partition_by="HASH (seller_id)",
)

discrepancy = Table(
    "discrepancy",
    metadata,
    Column("discrepancy_id", Uuid, primary_key=True),
    Column("seller_id", key_text(), nullable=False),
    Column("sku", key_text(), nullable=False),
    Column("location_id", key_text(), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("cause", Uuid, nullable=False),
    Column("opened_at", instant(), nullable=False),
    Column("closed_at", instant()),
    CheckConstraint(column("quantity") > 0, name="units_missing"),
    Index(None, "seller_id", "opened_at", "discrepancy_id"),
)


def partitions() -> list[str]:
    """The statements that make the ledger's partitions, for databases made without the migrations."""
    return [
        f"CREATE TABLE movement_{n} PARTITION OF movement FOR VALUES WITH (MODULUS {MOVEMENT_PARTITIONS}, REMAINDER {n})"
        for n in range(MOVEMENT_PARTITIONS)
    ]
