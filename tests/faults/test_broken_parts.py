"""Processes killed and stopped, PostgreSQL and Kafka restarted, while buyers keep coming: nothing is lost (S1), nothing is done
twice (S2), and the services recover by themselves.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from contracts import inventory, orders

from support.embedded import unique_name
from support.eventually import eventually
from support.load import Load
from support.market import Market, Parts
from support.seller import Seller

STOCK = 1_000_000
BEFORE, AFTER = 40, 40
"""Orders before something breaks, and after it is whole again."""
HOLD = timedelta(minutes=30)


async def grown(load: Load, orders: int) -> None:
    """Wait until so many more orders were promised."""
    wanted = len(load.promised) + orders
    await eventually(lambda: len(load.promised) >= wanted, within_seconds=60, because=f"{orders} more orders")


@asynccontextmanager
async def buyers(market: Market, seller: Seller) -> AsyncIterator[Load]:
    """Buyers come inside the block; after it all that they were promised must hold."""
    await market.tell(seller.receipt(STOCK))
    load = Load(market, seller)
    running = asyncio.create_task(load.run())
    try:
        await grown(load, BEFORE)
        yield load
        await grown(load, AFTER)
    finally:
        load.stop()
        await running
    await market.recovered()
    await assert_kept(market, load)


async def assert_kept(market: Market, load: Load) -> None:
    """Each promised order is there once, with its unit and its payment; all are released when their hold is over."""
    statement = "SELECT order_id, stock, payment FROM customer_order WHERE seller_id = $1"
    found = await market.rows("orders", statement, load.seller.id)
    assert Counter(row["order_id"] for row in found) == Counter(load.promised)
    assert {(row["stock"], row["payment"]) for row in found} == {("reserved", "verified")}
    for topic, facts in ((orders.FACTS, ["OrderPlaced", "OrderReserved"]), (inventory.RESERVATIONS, ["StockReserved"])):
        assert await market.told(load.seller, topic.name, load.promised) == [facts] * len(load.promised)
    await market.pass_time(HOLD)
    statement = "SELECT status, count(*) FROM customer_order WHERE seller_id = $1 GROUP BY 1"
    assert [tuple(row) for row in await market.rows("orders", statement, load.seller.id)] == [("Unshipped", len(load.promised))]
    await market.assert_sound()


@pytest.mark.parametrize("service", ["inventory", "orders"])
async def test_a_killed_process_loses_nothing(market: Market, seller: Seller, service: str) -> None:
    async with buyers(market, seller):
        market.running_of(service)[0].child.kill()
        await market.start(service)


async def test_a_stopped_process_ends_well_in_the_middle_of_load(market: Market, seller: Seller) -> None:
    async with buyers(market, seller):
        for service in ("orders", "inventory"):
            stopped = market.running_of(service)[0].child
            status = await asyncio.to_thread(stopped.stop)
            assert status == 0, stopped.log_tail()
            await market.start(service)


async def test_postgres_that_dies_and_comes_back_costs_only_time(market: Market, seller: Seller, parts: Parts) -> None:
    async with buyers(market, seller) as load:
        server, troubles = parts.postgres.child, load.troubles
        server.process.send_signal(signal.SIGQUIT)  # at once, as in a crash: no session ends in order
        await eventually(lambda: load.troubles > troubles, because="a buyer notices")
        await asyncio.to_thread(parts.postgres.stop)
        await asyncio.to_thread(parts.postgres.start)


async def test_kafka_that_goes_and_comes_back_costs_only_time(market: Market, seller: Seller, parts: Parts) -> None:
    """It is away until relays have given up sends, not merely tried again. Meanwhile orders are taken over HTTP."""

    async def relays_have_given_up() -> bool:
        answers = [await market.web.get(f"{one.url}/readyz") for one in market.running_of("orders")]
        return any("facts can't be sent" in answer.text for answer in answers)

    other = Seller(unique_name("shop"))
    async with buyers(market, seller):
        await asyncio.to_thread(parts.kafka.stop)
        placed = await market.place(other, wait_seconds=0)
        assert placed.status_code == 202, placed.text
        await eventually(relays_have_given_up, within_seconds=60, because="facts wait in the outbox")
        await asyncio.to_thread(parts.kafka.start)
    assert await market.status(other, placed.json()["order_id"]) == "Canceled", "it heard that there are no units"
