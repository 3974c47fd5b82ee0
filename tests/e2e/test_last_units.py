"""More buyers than units, by every way in at once (S4)."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from contracts import inventory

from support.market import Market
from support.seller import Seller, a_line
from support.wire import wire

BUYERS, UNITS = 200, 100
ONE = a_line(quantity=1)
STOCK = {"StockReserved": "reserved", "StockRefused": "refused"}


async def test_of_200_buyers_for_100_units_100_get_one_and_all_get_an_answer(market: Market, seller: Seller) -> None:
    """Half of them over HTTP, half over Kafka, at the same time, decided by two processes of inventory."""
    await market.tell(seller.receipt(UNITS))
    decided_before = await decided(market)
    by_kafka = [f"o-{number}" for number in range(BUYERS // 2)]
    answers, _ = await asyncio.gather(
        asyncio.gather(*(market.place(seller, ONE) for _ in range(BUYERS // 2))),
        market.send(*(wire(seller.order(order_id, ONE)) for order_id in by_kafka)),
    )
    by_http = definite(answers)
    await market.quiet()
    told = [STOCK[answer] for (answer,) in await market.told(seller, inventory.RESERVATIONS.name, by_kafka)]
    assert Counter([*by_http.values(), *told]) == {"reserved": UNITS, "refused": BUYERS - UNITS}
    assert await statuses(market, seller) == {"Pending": UNITS, "Canceled": BUYERS - UNITS}
    assert await balances(market, seller) == {"available": 0, "reserved": UNITS}
    assert all(after > before for before, after in zip(decided_before, await decided(market), strict=True))
    await market.assert_sound()


def definite(answers: list[httpx.Response]) -> dict[str, str]:
    """What each HTTP client was told of its order's stock: none may be left with `unknown`."""
    assert {answer.status_code for answer in answers} == {201}
    told = {answer.json()["order_id"]: answer.json()["stock"] for answer in answers}
    assert len(told) == len(answers)
    return told


async def statuses(market: Market, seller: Seller) -> dict[str, int]:
    statement = "SELECT status, count(*) FROM customer_order WHERE seller_id = $1 GROUP BY status"
    return {row["status"]: row["count"] for row in await market.rows("orders", statement, seller.id)}


async def balances(market: Market, seller: Seller) -> dict[str, int]:
    statement = "SELECT bucket, quantity FROM balance WHERE seller_id = $1"
    return {row["bucket"]: row["quantity"] for row in await market.rows("inventory", statement, seller.id)}


async def decided(market: Market) -> list[int]:
    """Messages that each process of inventory has decided."""
    found = await market.watch.statuses()
    return [status.messages_decided for name, status in sorted(found.items()) if name.startswith("inventory")]
