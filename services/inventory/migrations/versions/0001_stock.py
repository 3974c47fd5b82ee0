"""Stock: reservations, items and the ledger, and the tables that every service has."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LEDGER_PARTITIONS = 8


def upgrade() -> None:
    create_reservations()
    create_items()
    create_ledger()
    create_flow()
    create_put_aside()


def create_reservations() -> None:
    op.create_table(
        "reservation",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("holder_id", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("marketplace_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('held', 'refused', 'ended')", name=op.f("reservation_status_known")),
        sa.PrimaryKeyConstraint("seller_id", "kind", "holder_id", name=op.f("reservation_key")),
    )
    op.create_table(
        "reservation_line",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("holder_id", sa.Text(collation="C"), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.CheckConstraint("is_open = (taken > released + shipped)", name=op.f("reservation_line_open_while_held")),
        sa.CheckConstraint("released >= 0 AND shipped >= 0", name=op.f("reservation_line_units_not_negative")),
        sa.CheckConstraint("taken >= released + shipped", name=op.f("reservation_line_units_held_or_more")),
        sa.PrimaryKeyConstraint("seller_id", "kind", "holder_id", "line", "location_id", name=op.f("reservation_line_key")),
    )
    op.create_index(
        op.f("reservation_line_seller_id_sku_is_open_index"), "reservation_line", ["seller_id", "sku", "is_open"], unique=False
    )


def create_items() -> None:
    op.create_table(
        "item",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "sku", name=op.f("item_key")),
    )
    op.create_index(op.f("item_changed_at_seller_id_sku_index"), "item", ["changed_at", "seller_id", "sku"], unique=False)
    op.create_table(
        "product",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("asin", sa.Text(), nullable=False),
        sa.Column("fnsku", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seller_id", "sku"], ["item.seller_id", "item.sku"]),
        sa.PrimaryKeyConstraint("seller_id", "sku", name=op.f("product_key")),
        sa.UniqueConstraint("seller_id", "fnsku", name=op.f("product_seller_id_fnsku_unique")),
    )
    op.create_table(
        "listing",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("marketplace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("channel", sa.Text(collation="C"), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("sold_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["seller_id", "sku"], ["item.seller_id", "item.sku"]),
        sa.PrimaryKeyConstraint("seller_id", "sku", "marketplace_id", "channel", name=op.f("listing_key")),
    )
    op.create_table(
        "balance",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("location_id", sa.Text(collation="C"), nullable=False),
        sa.Column("bucket", sa.Text(collation="C"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("balance_never_negative")),
        sa.PrimaryKeyConstraint("seller_id", "sku", "location_id", "bucket", name=op.f("balance_key")),
    )


def create_ledger() -> None:
    op.create_table(
        "movement",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("holder_kind", sa.Text(), nullable=True),
        sa.Column("holder_id", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("movement_units_moved")),
        sa.CheckConstraint("source != target", name=op.f("movement_somewhere_else")),
        sa.PrimaryKeyConstraint("seller_id", "sku", "item_version", name=op.f("movement_key")),
        sa.UniqueConstraint("seller_id", "cause", "n", name=op.f("movement_seller_id_cause_n_unique")),
        postgresql_partition_by="HASH (seller_id)",
    )
    op.create_table(
        "discrepancy",
        sa.Column("discrepancy_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("location_id", sa.Text(collation="C"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("discrepancy_units_missing")),
        sa.PrimaryKeyConstraint("discrepancy_id", name=op.f("discrepancy_key")),
    )
    op.create_index(
        op.f("discrepancy_seller_id_opened_at_discrepancy_id_index"),
        "discrepancy",
        ["seller_id", "opened_at", "discrepancy_id"],
        unique=False,
    )
    for number in range(LEDGER_PARTITIONS):
        bounds = f"WITH (MODULUS {LEDGER_PARTITIONS}, REMAINDER {number})"
        op.execute(f"CREATE TABLE movement_{number} PARTITION OF movement FOR VALUES {bounds}")


def create_flow() -> None:
    op.create_table(
        "inbox",
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "message_id", name=op.f("inbox_key")),
    )
    op.create_index(op.f("inbox_received_at_index"), "inbox", ["received_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("outbox_key")),
    )
    op.create_table(
        "deadline",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("object_id", sa.Text(collation="C"), nullable=False),
        sa.Column("deadline", sa.Text(collation="C"), nullable=False),
        sa.Column("generation", sa.Uuid(), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "kind", "object_id", "deadline", name=op.f("deadline_key")),
    )
    op.create_index(op.f("deadline_due_at_index"), "deadline", ["due_at"], unique=False)


def create_put_aside() -> None:
    op.create_table(
        "parked",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("object_id", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("parked_key")),
        sa.UniqueConstraint("source", "message_id", name=op.f("parked_source_message_id_unique")),
    )
    op.create_index(op.f("parked_seller_id_kind_object_id_index"), "parked", ["seller_id", "kind", "object_id"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("record_offset", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("quarantine_key")),
    )
    op.create_index(op.f("quarantine_received_at_index"), "quarantine", ["received_at"], unique=False)


def downgrade() -> None:
    for table in (
        "quarantine",
        "parked",
        "deadline",
        "outbox",
        "inbox",
        "discrepancy",
        "movement",
        "balance",
        "listing",
        "product",
        "item",
        "reservation_line",
        "reservation",
    ):
        op.drop_table(table)
