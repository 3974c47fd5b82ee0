"""What notifications keeps: where mails go, every mail with its cause, and the text of those that were begun to be sent.

One mail a cause, template and recipient: the database sees to it, too (S8).
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    column,
    or_,
)

from chassis.tables import NAMES, instant, key_text, service_tables

STATUSES = ("waiting", "held_back", "ready", "sending", "sent", "unknown", "failed", "dropped")

metadata = MetaData(naming_convention=NAMES)

SERVICE = service_tables(metadata)

seller_contact = Table(
    "seller_contact",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("mail", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("name", Text, nullable=False),
)

# Personal data of the buyer: nothing of it is ever shown to the seller.
order_contact = Table(
    "order_contact",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("order_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("buyer_mail", Text),
    Column("language", Text, nullable=False),
    Column("from_network", Boolean, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("lines", Text, nullable=False),
    Column("heard", Text, nullable=False),
)

# `drawer` spreads a seller's mails evenly, so that some of very many can be found without reading all.
# `content` has the values that the text is made from; it is text that only the store reads.
mail = Table(
    "mail",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("mail_id", key_text(), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", key_text(), nullable=False),
    Column("template", key_text(), nullable=False),
    Column("recipient", key_text(), nullable=False),
    Column("order_id", key_text()),
    Column("removal_id", key_text()),
    Column("cause_id", Uuid, nullable=False),
    Column("caused_at", instant(), nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("created_at", instant(), nullable=False),
    Column("changed_at", instant(), nullable=False),
    Column("due_at", instant(), index=True),
    Column("address", Text),
    Column("language", Text),
    Column("tries", Integer, nullable=False),
    Column("tries_max", Integer, nullable=False),
    Column("attempt", Uuid),
    Column("insisted", Boolean, nullable=False),
    Column("subject", Text),
    Column("sent_to", Text),
    Column("sent_at", instant()),
    Column("reason", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("drawer", Integer, nullable=False),
    UniqueConstraint("seller_id", "cause_id", "template", "recipient"),
    CheckConstraint(column("status").in_(STATUSES), name="status_known"),
    CheckConstraint(column("recipient").in_(("buyer", "seller")), name="recipient_known"),
    CheckConstraint(
        or_(
            and_(column("order_id").is_not(None), column("removal_id").is_(None)),
            and_(column("order_id").is_(None), column("removal_id").is_not(None)),
        ),
        name="about_one_thing",
    ),
    CheckConstraint(or_(column("due_at").is_(None), column("status").in_(("ready", "sending"))), name="due_on_its_way_only"),
    CheckConstraint(
        or_(
            column("status").not_in(("sending", "sent", "unknown")),
            and_(column("attempt").is_not(None), column("sent_to").is_not(None), column("subject").is_not(None)),
        ),
        name="handed_over_as_rendered",
    ),
    CheckConstraint(or_(column("status") != "sent", column("sent_at").is_not(None)), name="sent_at_known"),
    CheckConstraint(column("tries") >= 0, name="tries_never_negative"),
    Index(None, "seller_id", "created_at", "mail_id"),
    Index(None, "seller_id", "status", "created_at", "mail_id"),
    Index(None, "seller_id", "status", "recipient", "drawer"),
    Index(None, "seller_id", "order_id"),
    Index(None, "seller_id", "removal_id"),
    Index(None, "created_at", "seller_id", "mail_id"),
)

# The text as it was first sent, apart from what changes with every try.
letter = Table(
    "letter",
    metadata,
    Column("seller_id", key_text(), primary_key=True),
    Column("mail_id", key_text(), primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
)
