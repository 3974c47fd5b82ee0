"""Contacts, mails with their letters, and the tables that every service has."""

import sqlalchemy as sa
from alembic import op

from chassis.schema import create_first_tables, drop_first_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def key_text() -> sa.Text:
    return sa.Text(collation="C")


def upgrade() -> None:
    create_contacts()
    create_mails()
    create_indexes_and_letters()
    create_first_tables()


def create_contacts() -> None:
    op.create_table(
        "seller_contact",
        sa.Column("seller_id", key_text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("mail", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", name=op.f("seller_contact_key")),
    )
    op.create_table(
        "order_contact",
        sa.Column("seller_id", key_text(), nullable=False),
        sa.Column("order_id", key_text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("buyer_mail", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("from_network", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "order_id", name=op.f("order_contact_key")),
    )


def create_mails() -> None:
    op.create_table(
        "mail",
        sa.Column("seller_id", key_text(), nullable=False),
        sa.Column("mail_id", key_text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", key_text(), nullable=False),
        sa.Column("template", key_text(), nullable=False),
        sa.Column("recipient", key_text(), nullable=False),
        sa.Column("order_id", key_text(), nullable=True),
        sa.Column("removal_id", key_text(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("caused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tries_max", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Uuid(), nullable=True),
        sa.Column("insisted", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("sent_to", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'held_back', 'ready', 'sending', 'sent', 'unknown', 'failed', 'dropped')",
            name=op.f("mail_status_known"),
        ),
        sa.CheckConstraint("recipient IN ('buyer', 'seller')", name=op.f("mail_recipient_known")),
        sa.CheckConstraint(
            "order_id IS NOT NULL AND removal_id IS NULL OR order_id IS NULL AND removal_id IS NOT NULL",
            name=op.f("mail_about_one_thing"),
        ),
        sa.CheckConstraint("due_at IS NULL OR status IN ('ready', 'sending')", name=op.f("mail_due_on_its_way_only")),
        sa.CheckConstraint(
            "(status NOT IN ('sending', 'sent', 'unknown')) "
            "OR attempt IS NOT NULL AND sent_to IS NOT NULL AND subject IS NOT NULL",
            name=op.f("mail_handed_over_as_rendered"),
        ),
        sa.CheckConstraint("status != 'sent' OR sent_at IS NOT NULL", name=op.f("mail_sent_at_known")),
        sa.CheckConstraint("tries >= 0", name=op.f("mail_tries_never_negative")),
        sa.PrimaryKeyConstraint("seller_id", "mail_id", name=op.f("mail_key")),
        sa.UniqueConstraint(
            "seller_id", "cause_id", "template", "recipient", name=op.f("mail_seller_id_cause_id_template_recipient_unique")
        ),
    )


def create_indexes_and_letters() -> None:
    for columns in (
        ["due_at"],
        ["seller_id", "created_at", "mail_id"],
        ["seller_id", "status", "created_at", "mail_id"],
        ["seller_id", "order_id"],
        ["seller_id", "removal_id"],
        ["created_at", "seller_id", "mail_id"],
    ):
        op.create_index(op.f(f"mail_{'_'.join(columns)}_index"), "mail", columns, unique=False)
    op.create_table(
        "letter",
        sa.Column("seller_id", key_text(), nullable=False),
        sa.Column("mail_id", key_text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "mail_id", name=op.f("letter_key")),
    )


def downgrade() -> None:
    drop_first_tables()
    for table in ("letter", "mail", "order_contact", "seller_contact"):
        op.drop_table(table)
