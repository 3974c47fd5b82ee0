"""Runs inventory's migrations in its own schema, on a connection that is given or on one of its own.

`alembic -c services/inventory/alembic.ini -x dsn=DSN upgrade head`; a program puts its connection into the configuration's
attributes instead.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from inventory.tables import metadata

VERSION_TABLE = "inventory_version"
LOCK_KEY = 7_516_192_769
"""Several processes may start at once: one migrates, the others wait for it and find nothing to do."""


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, include_name=_is_ours)
    with context.begin_transaction():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
        context.run_migrations()


def _is_ours(name: str | None, kind: str, parents: object) -> bool:  # noqa: ARG001 - Alembic gives the three
    """Partitions are made by their migration and are no tables of the metadata."""
    return kind != "table" or name in metadata.tables


async def connect_and_migrate(dsn: str) -> None:
    engine = create_async_engine(dsn, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(connect_and_migrate(context.get_x_argument(as_dictionary=True)["dsn"]))
