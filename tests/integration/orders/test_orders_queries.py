"""What people may see of orders, from real rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chassis.clock import DrivenClock
from chassis.processor import process
from chassis.transaction import PostgresTransactions
from contracts.envelope import Message
from contracts.orders import CanceledBy, CancelReason, PlaceOrder
from orders import tables
from orders.decisions import desk
from orders.domain.policy import Policies, Policy
from orders.queries import OrderDetails, Total, Wanted, get_order, list_orders

from support.alone import received
from support.orders import (
    ADDRESS,
    NOON,
    ORDER,
    SELLER,
    a_line,
    a_package,
    an_order,
    canceled,
    confirmed,
    refused,
    reserved,
    units,
    verified,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RELEASED: tuple[Message, ...] = (an_order(placed_at=NOON - HOUR), reserved(), verified())


async def decide(engine: AsyncEngine, *messages: Message, at: datetime = NOON, policies: Policies | None = None) -> None:
    batch = [received(message, repr(message), at) for message in messages]
    await process(PostgresTransactions(engine, tables.SERVICE), DrivenClock(at), desk(policies or Policies()), batch)


async def details(engine: AsyncEngine, seller_id: str = SELLER) -> OrderDetails:
    async with engine.connect() as connection:
        found = await get_order(connection, seller_id, ORDER)
    assert found is not None
    return found


async def listed(engine: AsyncEngine, wanted: Wanted = Wanted(), limit: int = 100) -> list[str]:  # noqa: B008 - frozen
    async with engine.connect() as connection:
        return [order.order_id for order in await list_orders(connection, SELLER, wanted, limit=limit)]


def orders_of_an_afternoon(count: int) -> Sequence[PlaceOrder]:
    """Two of each quarter of an hour, so that ids decide among equals."""
    return [an_order(order_id=f"p-{n}", placed_at=NOON - DAY + (n // 2) * HOUR / 4) for n in range(count)]


async def test_a_pending_order_shows_neither_price_nor_address_and_is_grayed(engine: AsyncEngine) -> None:
    await decide(engine, an_order())
    order = await details(engine)
    assert (order.status, order.actionable, order.total, order.delivery_address) == ("Pending", False, None, None)
    assert [line.unit_price for line in order.lines] == [None, None]
    assert order.hold_until == NOON + timedelta(minutes=30)


async def test_a_released_order_shows_price_address_and_dates(engine: AsyncEngine) -> None:
    await decide(engine, *RELEASED)
    order = await details(engine)
    assert (order.status, order.actionable, order.delivery_address) == ("Unshipped", True, ADDRESS)
    assert order.total == Total(amount=3 * 250 + 2 * 400, currency="GBP")
    assert order.confirm_by == NOON - HOUR + 30 * DAY
    assert order.warning is None


async def test_a_warned_order_says_by_when_to_confirm(engine: AsyncEngine) -> None:
    await decide(engine, *RELEASED)
    async with engine.begin() as connection:  # the deadline has its own tests
        await connection.execute(tables.customer_order.update().values(warned=True))
    assert (await details(engine)).warning == "Confirm as shipped by 2010-12-31 to avoid cancellation"


async def test_packages_and_cancellations_are_shown_with_their_units(engine: AsyncEngine) -> None:
    await decide(engine, *RELEASED, confirmed(a_package("1", units(1, 2))))
    await decide(engine, canceled(CanceledBy.SELLER, CancelReason.PRICING_ERROR), at=NOON + DAY)
    order = await details(engine)
    assert [(package.tracking_number, package.lines) for package in order.packages] == [("T1", (units(1, 2),))]
    assert [(told.reason, told.memo, told.lines) for told in order.cancellations] == [
        ("PricingError", "a memo", (units(1, 1), units(2, 2)))
    ]
    assert (order.status, order.units_shipped, order.units_canceled) == ("Shipped", 2, 3)
    assert order.total == Total(amount=500, currency="GBP")


@pytest.mark.parametrize(
    ("ending", "reorder"),
    [
        ((an_order(), canceled(CanceledBy.BUYER)), True),
        ((an_order(), refused()), False),
        ((*RELEASED, canceled(CanceledBy.SELLER, CancelReason.NO_INVENTORY)), False),
        ((*RELEASED, canceled(CanceledBy.SELLER, CancelReason.PRICING_ERROR)), True),
        ((*RELEASED, confirmed()), None),
    ],
)
async def test_a_canceled_order_tells_whether_its_units_may_be_had_again(
    engine: AsyncEngine, ending: tuple[Message, ...], *, reorder: bool | None
) -> None:
    await decide(engine, *ending)
    assert (await details(engine)).reorder is reorder


async def test_what_only_early_messages_speak_of_is_no_order(engine: AsyncEngine) -> None:
    await decide(engine, verified())
    async with engine.connect() as connection:
        assert await get_order(connection, SELLER, ORDER) is None
    assert await listed(engine) == []


async def test_a_seller_sees_no_order_of_another_seller(engine: AsyncEngine) -> None:
    await decide(engine, an_order(), an_order(seller_id="other", order_id="o-2"))
    assert await listed(engine) == [ORDER]
    async with engine.connect() as connection:
        assert await get_order(connection, "other", ORDER) is None


async def test_pages_of_a_list_hold_each_order_once_latest_first(engine: AsyncEngine) -> None:
    placed = orders_of_an_afternoon(11)
    await decide(engine, *placed)
    after, seen = None, []
    async with engine.connect() as connection:
        for _ in range(4):
            page = await list_orders(connection, SELLER, Wanted(), after=after, limit=3)
            seen += [order.order_id for order in page]
            after = (page[-1].placed_at, page[-1].order_id)
    latest_first = sorted(placed, key=lambda order: (order.placed_at, order.order_id), reverse=True)
    assert seen == [order.order_id for order in latest_first]


async def test_a_list_is_narrowed_by_status_and_dates(engine: AsyncEngine) -> None:
    placed = orders_of_an_afternoon(4)
    await decide(engine, *placed, an_order(placed_at=NOON - HOUR), reserved(), verified())
    assert await listed(engine, Wanted(statuses=("Unshipped",))) == [ORDER]
    assert await listed(engine, Wanted(statuses=("Pending", "Unshipped"), placed_from=NOON - 2 * HOUR)) == [ORDER]
    assert await listed(engine, Wanted(placed_before=placed[2].placed_at)) == ["p-1", "p-0"]


async def test_totals_beyond_the_limit_of_one_price_are_shown(engine: AsyncEngine) -> None:
    lines = [a_line(quantity=1_000_000, price=10**15)]
    policies = Policies(Policy(hold_minutes=1))
    await decide(engine, an_order(*lines, placed_at=NOON - HOUR), reserved(), verified(), policies=policies)
    total = (await details(engine)).total
    assert total is not None
    assert total.amount == 10**21
