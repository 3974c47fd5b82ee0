"""What the migrations make is what the tables say."""

from __future__ import annotations

import argparse
import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis.clock import DrivenClock
from chassis.processor import process
from chassis.transaction import PostgresTransactions
from devkit.checkout import ROOT
from orders import store, tables
from orders.decisions import desk
from orders.domain.order import Order
from orders.domain.policy import Policies

from support.alone import received
from support.embedded import unique_name
from support.orders import NOON, a_package, an_order, confirmed, reserved, units, verified
from support.schemas import assert_as_the_tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from devkit.databases import DatabaseServer


async def test_alembic_finds_nothing_to_migrate(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"version_table": "orders_version", "compare_type": True})
        return list(compare_metadata(context, tables.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_columns_keys_and_checks_are_those_of_the_tables(engine: AsyncEngine, postgres: DatabaseServer) -> None:
    await assert_as_the_tables(engine, tables.metadata, postgres)


HOLD = timedelta(minutes=30)
WAITING, SHIPPED = an_order(order_id="o-waiting"), an_order()
OLD = "SELECT order_id, jsonb_typeof(lines), record::jsonb -> 'policy' ->> 'hold_minutes' FROM customer_order ORDER BY 1"


async def test_orders_come_through_the_migration_of_their_documents_and_back(postgres: DatabaseServer) -> None:
    name = unique_name("orders_documents")
    dsn = postgres.create_database(name)
    configuration = Config(str(ROOT / "services/orders/alembic.ini"), cmd_opts=argparse.Namespace(x=[f"dsn={dsn}"]))
    await asyncio.to_thread(command.upgrade, configuration, "head")
    engine = create_async_engine(dsn, poolclass=NullPool)
    transactions = PostgresTransactions(engine, tables.SERVICE)
    for now, messages in (
        (NOON, [WAITING, SHIPPED]),
        (NOON + HOLD, [reserved(), verified(), confirmed(a_package("1", units(2, 1)))]),
    ):
        batch = [received(message, f"{number} {now}", now) for number, message in enumerate(messages)]
        await process(transactions, DrivenClock(now), desk(Policies()), batch)
    before = await _stored(transactions)
    assert isinstance(before[1], Order)
    assert before[1].packages
    await asyncio.to_thread(command.downgrade, configuration, "0001")
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(text(OLD))]
    assert found == sorted((order.order_id, "array", "30") for order in (WAITING, SHIPPED))
    await asyncio.to_thread(command.upgrade, configuration, "head")
    assert await _stored(transactions) == before
    await engine.dispose()
    postgres.drop_database(name)


async def _stored(transactions: PostgresTransactions) -> list[store.Root | None]:
    async with transactions.begin() as tx:
        books = await store.load(Policies(), tx, [WAITING, SHIPPED])
    return [books.orders[order.subject] for order in (WAITING, SHIPPED)]
