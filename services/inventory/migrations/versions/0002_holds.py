"""Holds for removals: a line remembers the bucket that its units were taken from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HOLDER_LINE = ("seller_id", "kind", "holder_id", "line", "location_id")

MERGE = """
    WITH merged AS (DELETE FROM reservation_line WHERE kind = 'removal' RETURNING *)
    INSERT INTO reservation_line
        (seller_id, kind, holder_id, line, location_id, sku, taken, released, shipped, is_open, bucket)
    SELECT seller_id, kind, holder_id, line, location_id, min(sku), sum(taken), sum(released), sum(shipped), bool_or(is_open),
        'available'
    FROM merged GROUP BY seller_id, kind, holder_id, line, location_id"""


class OpenHoldsError(RuntimeError):
    """Units are held that did not come from the sellable ones: the older schema would forget where they go back to."""


def upgrade() -> None:
    """Orders' units, which are all there are so far, came from the available ones."""
    bucket = sa.Column("bucket", sa.Text(collation="C"), nullable=False, server_default="available")
    op.add_column("reservation_line", bucket)
    op.alter_column("reservation_line", "bucket", server_default=None)
    op.drop_constraint("reservation_line_key", "reservation_line", type_="primary")
    op.create_primary_key("reservation_line_key", "reservation_line", [*HOLDER_LINE, "bucket"])


def downgrade() -> None:
    """Raises OpenHoldsError while a removal holds unfulfillable units. Lines that have ended keep their sums."""
    held = "SELECT count(*) FROM reservation_line WHERE is_open AND bucket <> 'available'"
    if lines := op.get_bind().exec_driver_sql(held).scalar_one():
        message = f"{lines} lines hold units that were not available; end their removals first"
        raise OpenHoldsError(message)
    op.drop_constraint("reservation_line_key", "reservation_line", type_="primary")
    op.execute(MERGE)
    op.create_primary_key("reservation_line_key", "reservation_line", list(HOLDER_LINE))
    op.drop_column("reservation_line", "bucket")
