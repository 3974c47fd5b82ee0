"""Removals with the view of stock, and the tables that every service has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.schema import create_first_tables, drop_first_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_removals()
    create_indexes()
    create_stock_view()
    create_first_tables()


def create_removals() -> None:
    op.create_table(
        "removal",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("removal_id", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marketplace_id", sa.Text(collation="C"), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leave_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("units_requested", sa.Integer(), nullable=False),
        sa.Column("units_shipped", sa.Integer(), nullable=False),
        sa.Column("units_disposed", sa.Integer(), nullable=False),
        sa.Column("units_canceled", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("departures", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("early", sa.Text(), nullable=True),
        *checks(),
        sa.PrimaryKeyConstraint("seller_id", "removal_id", name=op.f("removal_key")),
    )


def checks() -> tuple[sa.CheckConstraint, ...]:
    ends = "'Completed', 'Canceled', 'Refused'"
    gone = "units_shipped + units_disposed + units_canceled"
    conditions = {
        "status_known": f"status IN ('Expected', 'Draft', 'Planning', 'Pending', 'Processing', {ends})",
        "drafted_unless_expected": "status = 'Expected' OR drafted_at IS NOT NULL AND lines IS NOT NULL",
        "requested_unless_draft": "(status IN ('Expected', 'Draft', 'Canceled')) OR requested_at IS NOT NULL",
        "placed_with_a_limit": "(status NOT IN ('Pending', 'Processing')) OR leave_by IS NOT NULL",
        "units_never_negative": "units_requested >= 0 AND units_shipped >= 0 AND units_disposed >= 0 AND units_canceled >= 0",
        "units_conserved": f"units_requested >= {gone}",
        "nothing_open_at_the_end": f"(status NOT IN ({ends})) OR units_requested = {gone}",
    }
    return tuple(sa.CheckConstraint(condition, name=op.f(f"removal_{name}")) for name, condition in conditions.items())


def create_indexes() -> None:
    for columns in (
        ["seller_id", "drafted_at", "removal_id"],
        ["seller_id", "status", "drafted_at", "removal_id"],
        ["seller_id", "late", "drafted_at", "removal_id"],
        ["seller_id", "requested_at", "removal_id"],
    ):
        op.create_index(op.f(f"removal_{'_'.join(columns)}_index"), "removal", columns, unique=False)


def create_stock_view() -> None:
    op.create_table(
        "stock_view",
        sa.Column("seller_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("balances", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "sku", name=op.f("stock_view_key")),
    )


def downgrade() -> None:
    drop_first_tables()
    op.drop_table("stock_view")
    op.drop_table("removal")
