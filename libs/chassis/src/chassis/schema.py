"""What the migrations of every service have in common: how they are run, and the tables that all services have, as a service's
first migration makes them. A later change of those is another function here; what has been released is not edited.
"""

import asyncio

import sqlalchemy as sa
from alembic import op
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOCK_KEY = 7_516_192_768
"""Of a service's own database. Several processes may start at once: one migrates, the others wait and find nothing to do."""
FIRST_TABLES = ("quarantine", "parked", "outbox", "inbox", "deadline")


def migrate(context: EnvironmentContext, metadata: MetaData, service: str) -> None:
    """From a service's env.py: on the connection that a program put into the configuration's attributes, or on one of its own
    to the address given as `-x dsn=DSN`.
    """
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate_on(given, context, metadata, service)
    else:
        asyncio.run(_connect_and_migrate(context.get_x_argument(as_dictionary=True)["dsn"], context, metadata, service))


def _migrate_on(connection: Connection, context: EnvironmentContext, metadata: MetaData, service: str) -> None:
    context.configure(connection=connection, target_metadata=metadata, version_table=f"{service}_version")
    with context.begin_transaction():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
        context.run_migrations()


async def _connect_and_migrate(dsn: str, context: EnvironmentContext, metadata: MetaData, service: str) -> None:
    engine = create_async_engine(dsn, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate_on, context, metadata, service)
    await engine.dispose()


def create_first_tables() -> None:
    """Inbox, outbox, deadlines, parked messages, quarantine."""
    _create_flow()
    _create_put_aside()


def drop_first_tables() -> None:
    for table in FIRST_TABLES:
        op.drop_table(table)


def keep_facts_uncompressed() -> None:
    """They are in the outbox for a moment, and compressing them took a twentieth of what orders cost the database."""
    op.execute("ALTER TABLE outbox ALTER COLUMN facts SET STORAGE EXTERNAL")


def compress_facts() -> None:
    op.execute("ALTER TABLE outbox ALTER COLUMN facts SET STORAGE EXTENDED")


def _create_flow() -> None:
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


def _create_put_aside() -> None:
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
