"""Orders with their addresses, and the tables that every service has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_orders()
    create_indexes_and_addresses()
    create_flow()
    create_put_aside()


def create_orders() -> None:
    op.create_table(
        "customer_order",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("order_id", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marketplace_id", sa.Text(collation="C"), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("buyer_id", sa.Text(collation="C"), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment", sa.Text(), nullable=True),
        sa.Column("stock", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ship_by", sa.Date(), nullable=True),
        sa.Column("deliver_from", sa.Date(), nullable=True),
        sa.Column("deliver_until", sa.Date(), nullable=True),
        sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("units_ordered", sa.Integer(), nullable=False),
        sa.Column("units_shipped", sa.Integer(), nullable=False),
        sa.Column("units_canceled", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("packages", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("early", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status NOT IN ('Shipped', 'Canceled')) OR units_shipped + units_canceled = units_ordered",
            name=op.f("customer_order_nothing_open_at_the_end"),
        ),
        sa.CheckConstraint("status != 'Canceled' OR units_shipped = 0", name=op.f("customer_order_canceled_has_not_shipped")),
        sa.CheckConstraint(
            "status = 'Expected' OR placed_at IS NOT NULL AND lines IS NOT NULL AND content IS NOT NULL",
            name=op.f("customer_order_placed_unless_expected"),
        ),
        sa.CheckConstraint(
            "status IN ('Expected', 'Pending', 'Unshipped', 'PartiallyShipped', 'Shipped', 'Canceled')",
            name=op.f("customer_order_status_known"),
        ),
        sa.CheckConstraint("units_shipped + units_canceled <= units_ordered", name=op.f("customer_order_units_conserved")),
        sa.CheckConstraint("units_shipped >= 0 AND units_canceled >= 0", name=op.f("customer_order_units_never_negative")),
        sa.PrimaryKeyConstraint("seller_id", "order_id", name=op.f("customer_order_key")),
    )


def create_indexes_and_addresses() -> None:
    op.create_index(
        op.f("customer_order_seller_id_placed_at_order_id_index"),
        "customer_order",
        ["seller_id", "placed_at", "order_id"],
        unique=False,
    )
    op.create_index(
        op.f("customer_order_seller_id_status_placed_at_order_id_index"),
        "customer_order",
        ["seller_id", "status", "placed_at", "order_id"],
        unique=False,
    )
    op.create_table(
        "delivery_address",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("order_id", sa.Text(collation="C"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "order_id", name=op.f("delivery_address_key")),
    )


def create_flow() -> None:
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
    for table in ("quarantine", "parked", "outbox", "inbox", "deadline", "delivery_address", "customer_order"):
        op.drop_table(table)
