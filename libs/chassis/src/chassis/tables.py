"""The tables that every service has in its own schema."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "ck": "%(table_name)s_%(constraint_name)s",
    "pk": "%(table_name)s_key",
}
"""How constraints are named, so that migrations and errors speak of the same thing."""

key_text = partial(Text, collation="C")
"""Text that sorts by bytes, as Python sorts it: locks are taken in one order everywhere."""

instant = partial(DateTime, timezone=True)


@dataclass(frozen=True, slots=True)
class ServiceTables:
    """What the chassis keeps in a service's schema, beside the service's own tables."""

    inbox: Table
    outbox: Table
    deadline: Table
    parked: Table
    quarantine: Table


def service_tables(metadata: MetaData) -> ServiceTables:
    return ServiceTables(_inbox(metadata), _outbox(metadata), _deadline(metadata), _parked(metadata), _quarantine(metadata))


def _inbox(metadata: MetaData) -> Table:
    """Messages that have been decided, or parked. `answer` is what an HTTP client was told."""
    return Table(
        "inbox",
        metadata,
        Column("source", key_text(), primary_key=True),
        Column("message_id", Uuid, primary_key=True),
        Column("body_hash", LargeBinary, nullable=False),
        Column("received_at", instant(), nullable=False, index=True),
        Column("outcome", Text, nullable=False),
        Column("answer", Text),
    )


def _outbox(metadata: MetaData) -> Table:
    """Facts on their way to Kafka, one row a batch, in the order decided. A row leaves when all its facts are acknowledged."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(), primary_key=True),
        Column("facts", Text, nullable=False),
    )


def _deadline(metadata: MetaData) -> Table:
    """Instants to come. `generation` is the id of the message that set this one."""
    return Table(
        "deadline",
        metadata,
        Column("seller_id", key_text(), primary_key=True),
        Column("kind", key_text(), primary_key=True),
        Column("object_id", key_text(), primary_key=True),
        Column("deadline", key_text(), primary_key=True),
        Column("generation", Uuid, nullable=False),
        Column("correlation_id", Uuid, nullable=False),
        Column("due_at", instant(), nullable=False, index=True),
    )


def _parked(metadata: MetaData) -> Table:
    """Messages that wait for an operator: the first of an object because its decision failed, the others behind it."""
    return Table(
        "parked",
        metadata,
        Column("position", BigInteger, Identity(), primary_key=True),
        Column("seller_id", key_text(), nullable=False),
        Column("kind", key_text(), nullable=False),
        Column("object_id", key_text(), nullable=False),
        Column("source", key_text(), nullable=False),
        Column("message_id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("via", Text, nullable=False),
        Column("envelope", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("parked_at", instant(), nullable=False),
        UniqueConstraint("source", "message_id"),
        Index(None, "seller_id", "kind", "object_id"),
    )


def _quarantine(metadata: MetaData) -> Table:
    """What others got wrong, as it came. It never holds up anything."""
    return Table(
        "quarantine",
        metadata,
        Column("quarantine_id", Uuid, primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer),
        Column("record_offset", BigInteger),
        Column("key", LargeBinary),
        Column("headers", Text, nullable=False),
        Column("value", LargeBinary),
        Column("reason", Text, nullable=False),
        Column("received_at", instant(), nullable=False, index=True),
    )
