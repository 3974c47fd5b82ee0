"""Physical truth beats a cancel, and whoever bought the units meanwhile is told (S3)."""

from __future__ import annotations

from datetime import timedelta

from contracts.inventory import ReservationWithdrawn
from contracts.orders import OrderCanceled

from support.alone import names
from support.market import Market
from support.seller import Seller, a_line, a_package, units

AN_HOUR = timedelta(hours=1)


async def test_a_parcel_of_a_canceled_order_takes_its_units_from_the_youngest_order(market: Market, seller: Seller) -> None:
    """Three mugs are canceled, sold again to two buyers, and leave all the same for the first."""
    await market.tell(seller.receipt(3))
    await market.say(seller.order("o-first"), seller.verified("o-first"))
    await market.pass_time(AN_HOUR)
    await market.say(seller.cancel("o-first"))
    await market.say(seller.order("o-second", a_line(quantity=1)))
    await market.pass_time(timedelta(seconds=1))
    await market.say(seller.order("o-third", a_line(quantity=2), a_line("plate", 1)))
    assert await market.status(seller, "o-third") == "Canceled"  # there is no plate
    await market.say(seller.order("o-youngest", a_line(quantity=2)))
    await market.tell(seller.parcel("o-first", a_package("1", units(1, 3))))
    assert names(await market.facts(seller, "o-first"))[-2:] == ["PickCanceled", "ShippedAfterCancel"]
    for order_id, quantity in (("o-second", 1), ("o-youngest", 2)):
        await assert_withdrawn(market, seller, order_id, quantity)
    rows = await market.rows("inventory", "SELECT bucket, quantity FROM balance WHERE seller_id = $1", seller.id)
    assert {row["bucket"]: row["quantity"] for row in rows} == {"available": 0, "reserved": 0}
    await market.assert_sound()


async def test_an_older_order_keeps_its_units_when_the_youngest_has_enough(market: Market, seller: Seller) -> None:
    await market.tell(seller.receipt(5))
    await market.say(seller.order("o-first", a_line(quantity=2)), seller.verified("o-first"))
    await market.pass_time(AN_HOUR)
    await market.say(seller.cancel("o-first"), seller.order("o-older"))
    await market.pass_time(timedelta(seconds=1))
    await market.say(seller.order("o-youngest", a_line(quantity=2)))
    await market.tell(seller.parcel("o-first", a_package("1", units(1, 2))))
    assert names(await market.holdings(seller, "o-older")) == ["StockReserved"]
    await assert_withdrawn(market, seller, "o-youngest", 2)
    await market.assert_sound()


async def test_units_that_are_in_no_book_are_a_discrepancy_and_nothing_goes_negative(market: Market, seller: Seller) -> None:
    """The center lost the mugs, and then ships three that nobody has."""
    await market.tell(seller.receipt(3))
    await market.say(seller.order("o-first"), seller.verified("o-first"))
    await market.pass_time(AN_HOUR)
    await market.say(seller.cancel("o-first"), seller.loss(2), seller.parcel("o-first", a_package("1", units(1, 3))))
    rows = await market.rows("inventory", "SELECT quantity FROM discrepancy WHERE seller_id = $1", seller.id)
    assert [row["quantity"] for row in rows] == [2]
    await market.assert_sound()


async def assert_withdrawn(market: Market, seller: Seller, order_id: str, quantity: int) -> None:
    (withdrawn,) = [fact for fact in await market.holdings(seller, order_id) if isinstance(fact, ReservationWithdrawn)]
    assert sum(line.quantity for line in withdrawn.lines) == quantity
    (canceled,) = [fact for fact in await market.facts(seller, order_id) if isinstance(fact, OrderCanceled)]
    assert canceled.reason == "NoInventory"
    assert await market.status(seller, order_id) == "Canceled"
