"""Purchases of a made-up shop: what the benchmarks have placed, as messages that a service has received or as records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.clock import SystemClock
from chassis.outcomes import Received, Via, hash_of
from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id, timed_id
from contracts.orders import Line, PlaceOrder
from contracts.values import Address, Buyer, Money
from contracts.warehouse import UnitsReceived
from devkit.demo.messages import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkit.demo.messages import Record

SELLER = "shop"
HOME = "seller:GB:home"
SKUS = 4_000
LINES_MAX = 7
STOCK_UNITS = 1_000_000
"""Of each item: more than anybody will buy."""
SKU_STEP = 1_009
"""Without a common divisor with the number of items: neighbors in an order are none on the shelf."""
SENDER = "benchmark"
_ADDRESS = Address(name="A Buyer", line1="1 High Street", city="Leeds", postal_code="LS1 1AA", country="GB")
_BUYER = Buyer(buyer_id="b-1", mail="buyer@example.com")
_PRICE = Money(amount=1250, currency="GBP")


def purchase(number: int, order_id: str | None = None) -> PlaceOrder:
    """1 to 7 lines, 4 on average; equal numbers make equal orders."""
    lines = tuple(
        Line(sku=sku_of(number * LINES_MAX + place), quantity=1, unit_price=_PRICE, title="A mug with a handle")
        for place in range(1 + number % LINES_MAX)
    )
    return PlaceOrder(
        seller_id=SELLER,
        order_id=order_id or f"order-{number}",
        marketplace_id="GB",
        buyer=_BUYER,
        delivery_address=_ADDRESS,
        lines=lines,
    )


def stock() -> Iterator[UnitsReceived]:
    """Plenty of everything."""
    for number in range(SKUS):
        yield UnitsReceived(seller_id=SELLER, sku=sku_of(number), location_id=HOME, quantity=STOCK_UNITS)


def sku_of(number: int) -> str:
    return f"sku-{number * SKU_STEP % SKUS}"


def received(message: Message, name: str, *, hashed: bool = False) -> Received:
    """As a service has it that got it just now. Ids are made from names; `hashed` ones have no time in them and fall anywhere
    in the inbox, as those of commands over HTTP.
    """
    envelope = _envelope(message, name, hashed=hashed)
    return Received(envelope, message, Via.KAFKA, hash_of(envelope.type, name.encode()), envelope.time)


def record(message: Message, name: str) -> Record:
    """As it goes to Kafka."""
    return record_of(message, _envelope(message, name))


def _envelope(message: Message, name: str, *, hashed: bool = False) -> Envelope:
    now, kind = SystemClock().now(), type(message).__name__
    identity = hashed_id(SENDER, kind, name) if hashed else timed_id(now, SENDER, kind, name)
    return Envelope(f"/{SENDER}", identity, kind, now, message.seller_id, identity)
