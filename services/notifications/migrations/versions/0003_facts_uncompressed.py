"""Facts are not compressed."""

from chassis.schema import compress_facts, keep_facts_uncompressed

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_facts_uncompressed()


def downgrade() -> None:
    compress_facts()
