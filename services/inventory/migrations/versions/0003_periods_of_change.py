"""Items are found by the period of their last change, so that no index knows its instant; facts are kept uncompressed."""

import sqlalchemy as sa
from alembic import op

from chassis.schema import compress_facts, keep_facts_uncompressed

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PERIODS = "UPDATE item SET changed_in = floor(extract(epoch FROM changed_at) / 10)"


def upgrade() -> None:
    op.drop_index(op.f("item_changed_at_seller_id_sku_index"), "item")
    op.add_column("item", sa.Column("changed_in", sa.Integer(), nullable=False, server_default="0"))
    op.execute(PERIODS)
    op.alter_column("item", "changed_in", server_default=None)
    op.create_index(op.f("item_changed_in_index"), "item", ["changed_in"], unique=False)
    keep_facts_uncompressed()


def downgrade() -> None:
    compress_facts()
    op.drop_index(op.f("item_changed_in_index"), "item")
    op.drop_column("item", "changed_in")
    op.create_index(op.f("item_changed_at_seller_id_sku_index"), "item", ["changed_at", "seller_id", "sku"], unique=False)
