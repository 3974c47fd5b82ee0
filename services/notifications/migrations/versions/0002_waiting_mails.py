"""Waiting mails are found in parts, and orders know which facts were dealt with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DRAWER = "UPDATE mail SET drawer = ('x' || substr(mail_id, 1, 2))::bit(8)::integer % 64"
INDEX = "mail_seller_id_status_recipient_drawer_index"


def upgrade() -> None:
    op.add_column("order_contact", sa.Column("heard", sa.Text(), nullable=False, server_default="[]"))
    op.alter_column("order_contact", "heard", server_default=None)
    op.add_column("mail", sa.Column("drawer", sa.Integer(), nullable=True))
    op.execute(DRAWER)
    op.alter_column("mail", "drawer", nullable=False)
    op.create_index(op.f(INDEX), "mail", ["seller_id", "status", "recipient", "drawer"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f(INDEX), table_name="mail")
    op.drop_column("mail", "drawer")
    op.drop_column("order_contact", "heard")
