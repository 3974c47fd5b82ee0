"""What the people around Wharf do when they hear of something, and what a cancellation invoice means for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.inventory import Disposition
from contracts.orders import (
    CanceledBy,
    CancelOrder,
    ConfirmShipment,
    ItemsCanceled,
    OrderCanceled,
    OrderCommandRefused,
    OrderReleased,
    OrderShipped,
    PackageShipped,
)
from contracts.values import Channel, LineUnits
from contracts.warehouse import CustomerReturned, OrderParcelShipped, OrderPickShort
from devkit.demo import fates, letters
from devkit.demo.events import Event, Leave, Miss, Place, Reverse
from devkit.demo.invoices import Credit, Invoice, Line
from devkit.demo.messages import Call, Post
from devkit.demo.shop import Shop

NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SKU, OTHER = "85123A", "71053"
FATES = ("by_http", "confirmed_by_http", "forgotten", "two", "late", "short")


def an_invoice(channel: Channel = Channel.SELLER, **wanted: bool) -> Invoice:
    """The first one whose number draws the fates that are wanted, and none of the others."""
    fated = {
        "by_http": False,
        "confirmed_by_http": False,
        "forgotten": False,
        "two": False,
        "late": False,
        "short": False,
    } | wanted
    lines = (Line(SKU, "", 6, 255), Line(OTHER, "", 3, 100))
    for number in range(100_000):
        invoice = Invoice(f"{536_000 + number}", NOON, "17850", "United Kingdom", channel, lines)
        times = fates.shipping_times(invoice, NOON)
        drawn = {
            "by_http": fates.placed_by_http(invoice),
            "confirmed_by_http": fates.confirmed_by_http(invoice),
            "forgotten": not times,
            "two": len(times) == 2,
            "late": fates.late_parcel_time(invoice, NOON) is not None,
            "short": fates.short_pick_time(invoice, NOON) is not None,
        }
        if drawn == fated:
            return invoice
    raise AssertionError(f"no number draws {fated}")


def placed(invoice: Invoice) -> Shop:
    shop = Shop()
    shop.act(Place(invoice.placed_at, invoice))
    return shop


def released(invoice: Invoice, shop: Shop) -> Sequence[Event]:
    day = NOON.date()
    fact = OrderReleased(
        seller_id=letters.SELLER,
        order_id=letters.order_id(invoice),
        released_at=NOON + HOUR,
        ship_by=day,
        deliver_from=day,
        deliver_until=day,
        confirm_by=NOON,
    )
    return shop.hear(fact, NOON + HOUR)


def a_fact(kind: type[Any], invoice: Invoice, **fields: Any) -> Any:
    return kind(seller_id=letters.SELLER, order_id=letters.order_id(invoice), **fields)


def a_credit(*units: tuple[str, int], hours: float = 24, customer: str = "17850") -> Reverse:
    return Reverse(Credit("C536999", NOON + hours * HOUR, customer, units))


def sent(shop: Shop, event: Event) -> Any:
    (post,) = shop.act(event)
    return post.message if isinstance(post, Post) else post


def test_a_parcel_leaves_only_after_the_release_was_heard_of() -> None:
    invoice = an_invoice()
    shop = placed(invoice)
    (leave,) = released(invoice, shop)
    assert isinstance(leave, Leave)
    assert leave.at >= NOON + 3 * HOUR
    assert leave.final
    confirm = sent(shop, leave)
    assert isinstance(confirm, ConfirmShipment)
    assert confirm.packages[0].lines == ()


def test_parcels_of_the_network_are_told_by_its_warehouse() -> None:
    invoice = an_invoice(Channel.NETWORK)
    shop = placed(invoice)
    (leave,) = released(invoice, shop)
    assert isinstance(sent(shop, leave), OrderParcelShipped)


def test_two_parcels_share_the_units() -> None:
    invoice = an_invoice(two=True)
    shop = placed(invoice)
    first, second = released(invoice, shop)
    package = sent(shop, first).packages[0]
    assert [(line.line, line.quantity) for line in package.lines] == [(1, 3)]
    shop.hear(a_fact(PackageShipped, invoice, package=package), NOON)
    assert sent(shop, second).packages[0].package_id == "P2"


def test_a_forgotten_order_never_ships() -> None:
    invoice = an_invoice(forgotten=True)
    assert not released(invoice, placed(invoice))


def test_a_short_pick_misses_one_unit() -> None:
    invoice = an_invoice(Channel.NETWORK, short=True)
    shop = placed(invoice)
    (miss,) = [event for event in released(invoice, shop) if isinstance(event, Miss)]
    short = sent(shop, miss)
    assert isinstance(short, OrderPickShort)
    assert short.lines[0].quantity == 1


def test_a_canceled_network_order_may_ship_all_the_same() -> None:
    invoice = an_invoice(Channel.NETWORK, forgotten=True, late=True)
    shop = placed(invoice)
    released(invoice, shop)
    lines = (LineUnits(line=1, sku=SKU, quantity=6),)
    canceled = a_fact(OrderCanceled, invoice, lines=lines, reason="NotConfirmedInTime", by="system", confirmed=True)
    (leave,) = shop.hear(canceled, NOON + 30 * 24 * HOUR)
    assert isinstance(leave, Leave)
    assert leave.late
    assert sent(shop, leave).package.lines == lines
    assert shop.open_orders == 0


def test_a_buyer_cancels_inside_the_hold_by_http() -> None:
    shop = placed(an_invoice())
    call = sent(shop, a_credit((SKU, 2), hours=0.2))
    assert isinstance(call, Call)
    assert call.body["items"] == [{"line": 1, "quantity": 2}]


def test_a_credit_for_everything_cancels_the_whole_order() -> None:
    shop = placed(an_invoice())
    call = sent(shop, a_credit((SKU, 6), (OTHER, 3), hours=0.2))
    assert isinstance(call, Call)
    assert call.body["items"] == []


def test_between_hold_and_release_a_credit_waits_for_the_release() -> None:
    invoice = an_invoice(forgotten=True)
    shop = placed(invoice)
    assert not shop.act(a_credit((SKU, 2)))
    (again,) = released(invoice, shop)
    command = sent(shop, again)
    assert isinstance(command, CancelOrder)
    assert command.by is CanceledBy.SELLER
    assert [(item.line, item.quantity) for item in command.items] == [(1, 2)]


def test_units_that_are_asked_to_be_canceled_are_not_shipped_or_asked_for_again() -> None:
    invoice = an_invoice()
    shop = placed(invoice)
    (leave,) = released(invoice, shop)
    assert isinstance(sent(shop, a_credit((SKU, 6))), CancelOrder)
    assert [line.sku for line in sent(shop, leave).packages[0].lines] == [OTHER]


def test_what_has_shipped_comes_back_once_and_can_not_be_sold_again() -> None:
    invoice = an_invoice()
    shop = placed(invoice)
    (leave,) = released(invoice, shop)
    package = sent(shop, leave).packages[0].model_copy(update={"lines": (LineUnits(line=1, sku=SKU, quantity=6),)})
    shop.hear(a_fact(PackageShipped, invoice, package=package), NOON)
    shop.hear(a_fact(OrderShipped, invoice, shipped_at=NOON), NOON)
    back = sent(shop, a_credit((SKU, 5)))
    assert isinstance(back, CustomerReturned)
    assert back.quantity == 5
    assert back.disposition is not Disposition.SELLABLE
    assert sent(shop, a_credit((SKU, 5))).quantity == 1
    assert shop.unmatched_units == 4


@pytest.mark.parametrize("customer", ["12345", ""])
def test_a_credit_of_a_stranger_matches_nothing_and_is_counted(customer: str) -> None:
    shop = placed(an_invoice())
    assert not shop.act(a_credit((SKU, 5), customer=customer))
    assert shop.unmatched_units == 5


def test_a_refused_parcel_is_tried_again_later() -> None:
    invoice = an_invoice()
    shop = placed(invoice)
    released(invoice, shop)
    shop.hear(a_fact(ItemsCanceled, invoice, lines=(LineUnits(line=1, sku=SKU, quantity=6),), reason="x", by="seller"), NOON)
    command = {"command": "ConfirmShipment", "command_id": uuid4(), "code": "too_many_units", "sentence": ""}
    refused = a_fact(OrderCommandRefused, invoice, **command)
    (leave,) = shop.hear(refused, NOON + 5 * HOUR)
    assert leave.at == NOON + 6 * HOUR
