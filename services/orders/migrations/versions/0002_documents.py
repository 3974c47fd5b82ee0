"""Documents of orders as plain text, what an order was placed under apart from what changes; facts are not compressed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.schema import compress_facts, keep_facts_uncompressed

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENTS = ("lines", "packages")

PART = """
    UPDATE customer_order SET policy = CAST(CAST(record AS jsonb) -> 'policy' AS text),
        record = CAST(CAST(record AS jsonb) - 'policy' AS text)
    WHERE record IS NOT NULL"""

JOIN = """
    UPDATE customer_order
    SET record = CAST(CAST(record AS jsonb) || jsonb_build_object('policy', CAST(policy AS jsonb)) AS text)
    WHERE record IS NOT NULL"""


def upgrade() -> None:
    for document in DOCUMENTS:
        op.alter_column("customer_order", document, type_=sa.Text(), postgresql_using=f"{document}::text")
    op.add_column("customer_order", sa.Column("policy", sa.Text(), nullable=True))
    op.execute(PART)
    # so that the next version of a row lies beside it, and no index has to be written
    op.execute("ALTER TABLE customer_order SET (fillfactor = 50)")
    keep_facts_uncompressed()


def downgrade() -> None:
    compress_facts()
    op.execute("ALTER TABLE customer_order RESET (fillfactor)")
    op.execute(JOIN)
    op.drop_column("customer_order", "policy")
    for document in DOCUMENTS:
        kind = postgresql.JSONB(astext_type=sa.Text())
        op.alter_column("customer_order", document, type_=kind, postgresql_using=f"{document}::jsonb")
