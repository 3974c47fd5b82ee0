"""What comes early, twice or too late: kept, absorbed, or put aside."""

from __future__ import annotations

from datetime import timedelta

from contracts.orders import OrderCanceled

from support.alone import names
from support.market import Market
from support.seller import Seller
from support.wire import wire

HOLD = timedelta(minutes=30)
PAYMENT_LIMIT = timedelta(days=21)


async def test_a_payment_that_comes_before_its_order_releases_it(market: Market, seller: Seller) -> None:
    await market.tell(seller.receipt(3))
    await market.say(seller.delayed("o-1"), seller.verified("o-1"), seller.order("o-1"))
    assert await market.status(seller, "o-1") == "Pending"
    await market.pass_time(HOLD)
    assert await market.status(seller, "o-1") == "Unshipped"
    await market.assert_sound()


async def test_a_payment_that_comes_twice_releases_once(market: Market, seller: Seller) -> None:
    """As the same record, as a record with a new id, before the order and after the release."""
    await market.tell(seller.receipt(3))
    again = wire(seller.verified("o-1"), seller.id)
    await market.send(again, again)
    await market.say(seller.order("o-1"), seller.verified("o-1"))
    await market.pass_time(HOLD)
    await market.send(again)
    await market.tell(seller.verified("o-1"))
    told = names(await market.facts(seller, "o-1"))
    assert told == ["OrderPlaced", "OrderReserved", "OrderReleased", "PickRequested"]
    await market.assert_sound()


async def test_a_cancel_that_comes_before_its_order_cancels_it(market: Market, seller: Seller) -> None:
    await market.tell(seller.receipt(3))
    await market.say(seller.buyer_cancel("o-1"), seller.order("o-1"))
    assert names(await market.facts(seller, "o-1")) == ["OrderPlaced", "OrderCanceled"]
    rows = await market.rows("inventory", "SELECT bucket, quantity FROM balance WHERE seller_id = $1", seller.id)
    assert {row["bucket"]: row["quantity"] for row in rows} == {"available": 3, "reserved": 0}
    await market.assert_sound()


async def test_an_order_that_comes_twice_reserves_once(market: Market, seller: Seller) -> None:
    """The same command under the same id and under another one."""
    await market.tell(seller.receipt(9))
    first = wire(seller.order("o-1"), seller.id)
    await market.send(first, first, wire(seller.order("o-1")))
    await market.quiet()
    assert names(await market.facts(seller, "o-1")) == ["OrderPlaced", "OrderReserved"]
    assert names(await market.holdings(seller, "o-1")) == ["StockReserved"]
    await market.assert_sound()


async def test_early_messages_wait_as_long_as_a_payment_may_and_then_go_to_quarantine(market: Market, seller: Seller) -> None:
    await market.tell(seller.verified("o-1"), seller.receipt(3))
    await market.pass_time(PAYMENT_LIMIT - timedelta(seconds=1))
    assert await market.quarantined("orders", [seller]) == []
    await market.pass_time(timedelta(seconds=1))
    assert len(await market.quarantined("orders", [seller])) == 1
    await market.tell(seller.order("o-1"))
    await market.pass_time(HOLD)
    assert await market.status(seller, "o-1") == "Pending", "a payment that has expired pays nothing"
    await market.assert_sound()


async def test_an_order_that_is_never_paid_ends_at_the_payment_limit(market: Market, seller: Seller) -> None:
    await market.tell(seller.receipt(3))
    await market.say(seller.order("o-1"), seller.delayed("o-1"))
    await market.pass_time(PAYMENT_LIMIT - timedelta(seconds=1))
    assert await market.status(seller, "o-1") == "Pending"
    await market.pass_time(timedelta(seconds=1))
    (canceled,) = [fact for fact in await market.facts(seller, "o-1") if isinstance(fact, OrderCanceled)]
    assert canceled.reason == "PaymentLimitReached"
    assert names(await market.holdings(seller, "o-1")) == ["StockReserved", "StockReleased"]
    await market.assert_sound()
