"""The main flow over both services, Kafka and PostgreSQL: three orders from checkout to the end, each unit accounted for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis.auth import Role
from contracts.values import Channel

from support.alone import names
from support.market import Market
from support.seller import HOME, Seller, a_line, a_package, units

HOLD = timedelta(minutes=30)
ASIN = "B00000MUGS"


async def test_orders_are_reserved_paid_shipped_and_canceled(market: Market, seller: Seller) -> None:
    await the_main_flow(market, seller)


async def test_orders_are_reserved_paid_shipped_and_canceled_on_containers(container_market: Market, seller: Seller) -> None:
    await the_main_flow(container_market, seller)
    report = await container_market.report()
    assert (report.parked, report.quarantined) == (0, 0)


async def the_main_flow(market: Market, seller: Seller) -> None:
    await market.tell(seller.receipt(20, at=HOME), seller.receipt(10, "plate", at=HOME))
    shipped, canceled, thinned = [await placed(market, seller) for _ in range(3)]
    assert await units_at_home(market, seller) == {
        ("mug", "available"): 11,
        ("mug", "reserved"): 9,
        ("plate", "available"): 4,
        ("plate", "reserved"): 6,
    }
    await the_buyer_cancels(market, seller, canceled)
    await the_hold_passes(market, seller, shipped, thinned)
    await two_packages_leave(market, seller, shipped)
    await some_mugs_are_canceled(market, seller, thinned)
    assert await units_at_home(market, seller) == {
        ("mug", "available"): 16,
        ("mug", "reserved"): 0,
        ("plate", "available"): 6,
        ("plate", "reserved"): 0,
    }
    await market.assert_sound()


async def placed(market: Market, seller: Seller) -> str:
    answer = await market.place(seller, a_line(asin=ASIN), a_line("plate", 2), channel=Channel.SELLER)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["status"], told["stock"]) == ("Pending", "reserved")
    return str(told["order_id"])


async def the_buyer_cancels(market: Market, seller: Seller, order_id: str) -> None:
    answer = await command(market, seller, f"{order_id}/cancellation", {"reason": "BuyerCanceled"}, Role.STOREFRONT)
    assert answer["facts"] == ["OrderCanceled"]
    await market.quiet()
    assert names(await market.holdings(seller, order_id)) == ["StockReserved", "StockReleased"]
    assert await market.status(seller, order_id) == "Canceled"


async def the_hold_passes(market: Market, seller: Seller, *orders: str) -> None:
    """A verified payment does not shorten the hold; at its end, and not before, the orders are released."""
    await market.tell(*(seller.verified(order_id) for order_id in orders))
    await market.pass_time(HOLD - timedelta(seconds=1))
    assert [await market.status(seller, order_id) for order_id in orders] == ["Pending", "Pending"]
    await market.pass_time(timedelta(seconds=1))
    assert [await market.status(seller, order_id) for order_id in orders] == ["Unshipped", "Unshipped"]


async def two_packages_leave(market: Market, seller: Seller, order_id: str) -> None:
    statuses = []
    for package in (a_package("1", units(1, 2)), a_package("2")):
        body = {"packages": [package.model_dump(mode="json", exclude_defaults=True)]}
        await command(market, seller, f"{order_id}/shipments", body)
        statuses.append(await market.status(seller, order_id))
    assert statuses == ["PartiallyShipped", "Shipped"]
    await market.quiet()
    told = ["OrderPlaced", "OrderReserved", "OrderReleased", "PackageShipped", "PackageShipped", "OrderShipped"]
    assert names(await market.facts(seller, order_id)) == told
    assert names(await market.holdings(seller, order_id)) == ["StockReserved", "StockShipped", "StockShipped"]


async def some_mugs_are_canceled(market: Market, seller: Seller, order_id: str) -> None:
    """Two of three mugs by their ASIN; the rest of the order goes on and ships."""
    body = {"reason": "PricingError", "items": [{"asin": ASIN, "quantity": 2}]}
    assert (await command(market, seller, f"{order_id}/cancellation", body))["facts"] == ["ItemsCanceled"]
    await market.tell(seller.confirm(order_id))
    order = await market.order(seller, order_id)
    assert order["status"] == "Shipped"
    assert [(line["shipped"], line["canceled"]) for line in order["lines"]] == [(1, 2), (2, 0)]


async def command(market: Market, seller: Seller, path: str, body: Any, role: Role = Role.SELLER) -> dict[str, Any]:
    answer = await market.post(f"/sellers/{seller.id}/orders/{path}", body, role=role, of=seller)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def units_at_home(market: Market, seller: Seller) -> dict[tuple[str, str], int]:
    rows = await market.rows("inventory", "SELECT * FROM balance WHERE (seller_id, location_id) = ($1, $2)", seller.id, HOME)
    return {(row["sku"], row["bucket"]): row["quantity"] for row in rows}
