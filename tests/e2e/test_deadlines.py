"""An order that nobody ships: warned once, canceled in time, its units back on sale (O9, S5, S9)."""

from __future__ import annotations

from datetime import timedelta

from contracts.orders import OrderCanceled
from contracts.values import Channel

from support.alone import names
from support.market import Market
from support.seller import HOME, Seller, a_package, units

HOLD = timedelta(minutes=30)
WARNED_AFTER = timedelta(days=23)
CONFIRMED_WITHIN = timedelta(days=30)
A_MOMENT = timedelta(seconds=1)


async def released(market: Market, seller: Seller) -> None:
    """An order of the seller's own, half an hour old."""
    await market.tell(seller.offer(channel=Channel.SELLER), seller.receipt(3, at=HOME))
    await market.say(seller.order("o-1", channel=Channel.SELLER), seller.verified("o-1"))
    await market.pass_time(HOLD)
    assert await market.status(seller, "o-1") == "Unshipped"


async def test_an_order_that_never_ships_is_warned_of_once_and_canceled_in_time(market: Market, seller: Seller) -> None:
    await released(market, seller)
    await market.pass_time(WARNED_AFTER - HOLD - A_MOMENT)
    assert (await market.order(seller, "o-1"))["warning"] is None, "never early"
    for span in (A_MOMENT, A_MOMENT, timedelta(days=3)):
        await market.pass_time(span)
        assert names(await market.facts(seller, "o-1")) == ["OrderPlaced", "OrderReserved", "OrderReleased", "ConfirmByWarned"]
    assert "Confirm as shipped by" in (await market.order(seller, "o-1"))["warning"]
    await market.pass_time(CONFIRMED_WITHIN - WARNED_AFTER - timedelta(days=3) - 2 * A_MOMENT)
    assert await market.status(seller, "o-1") == "Unshipped", "never early"
    await market.pass_time(A_MOMENT)
    canceled = (await market.facts(seller, "o-1"))[-1]
    assert isinstance(canceled, OrderCanceled)
    assert (canceled.reason, canceled.by) == ("NotConfirmedInTime", "system")
    assert await balances(market, seller) == {"available": 3, "reserved": 0}
    await market.assert_sound()


async def test_what_has_shipped_of_an_order_is_not_canceled_with_the_rest(market: Market, seller: Seller) -> None:
    await released(market, seller)
    await market.tell(seller.confirm("o-1", a_package("1", units(1, 2))))
    await market.pass_time(CONFIRMED_WITHIN)
    assert names(await market.facts(seller, "o-1"))[-3:] == ["ConfirmByWarned", "ItemsCanceled", "OrderShipped"]
    assert await balances(market, seller) == {"available": 1, "reserved": 0}
    await market.assert_sound()


async def test_a_shipped_order_hears_of_no_deadline(market: Market, seller: Seller) -> None:
    await released(market, seller)
    await market.tell(seller.confirm("o-1"))
    before = await market.facts(seller, "o-1")
    await market.pass_time(2 * CONFIRMED_WITHIN)
    assert await market.facts(seller, "o-1") == before
    await market.assert_sound()


async def balances(market: Market, seller: Seller) -> dict[str, int]:
    rows = await market.rows("inventory", "SELECT bucket, quantity FROM balance WHERE seller_id = $1", seller.id)
    return {row["bucket"]: row["quantity"] for row in rows}
