"""Orders of one run: placed, paid for, canceled and shipped, each drawn apart, so that it comes early, late or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.orders import (
    SELLER_REASONS,
    CanceledBy,
    CancelOrder,
    CancelReason,
    ConfirmShipment,
    ItemUnits,
    Line,
    Package,
    PlaceOrder,
)
from contracts.payments import PaymentDeclined, PaymentDelayed, PaymentVerified
from contracts.values import Address, Buyer, Channel, LineUnits, Money
from contracts.warehouse import OrderParcelShipped, OrderPickShort
from devkit.simulation.posting import DAY, HOUR, MINUTE, START, Draw

ORDERS_MIN, ORDERS_MAX = 3, 5
HOLD, PAYMENT_LIMIT, CONFIRM_BY = 30 * MINUTE, 21 * DAY, 30 * DAY

PERSONAL = ("A Buyer", "1 High Street", "YO1 7HH", "@buyers.example")
"""What no seller may read in a mail."""


def mail_of(seller_id: str, order_id: str) -> str:
    """The buyer's address."""
    return f"{seller_id}-{order_id}@buyers.example"


@dataclass(frozen=True, slots=True)
class Bought:
    seller_id: str
    order_id: str
    channel: Channel
    lines: Sequence[Line]
    at: datetime

    def units(self, number: int, quantity: int) -> LineUnits:
        return LineUnits(line=number + 1, sku=self.lines[number].sku, quantity=quantity)

    def package(self, name: str, lines: Iterable[LineUnits] = ()) -> Package:
        return Package(package_id=name, carrier="Post", tracking_number=f"T-{name}", shipped_at=self.at, lines=tuple(lines))


def draw_orders(draw: Draw) -> None:
    for number in range(draw.dice.randint(ORDERS_MIN, ORDERS_MAX)):
        _order(draw, number)


def _order(draw: Draw, number: int) -> None:
    dice = draw.dice
    skus = [dice.choice(draw.skus) for _ in range(dice.choice((1, 1, 2, 3, 5)))]
    price = Money(amount=500, currency="GBP")
    bought = Bought(
        seller_id=dice.choice(draw.sellers),
        order_id=f"o{number if draw.chance(0.9) else max(number - 1, 0)}",  # some ids are taken twice, by both sellers too
        channel=dice.choice((Channel.SELLER, Channel.NETWORK)),
        lines=tuple(Line(sku=sku, quantity=dice.randint(1, 2), unit_price=price, asin=f"B00000000{sku[1]}") for sku in skus),
        at=START + dice.choice((10, 30, 40, 60, 90, 2000)) * MINUTE,
    )
    _place(draw, bought)
    _pay(draw, bought)
    if draw.chance(0.3):
        _cancel(draw, bought)
    if draw.chance(0.9):
        _ship(draw, bought)


def _place(draw: Draw, bought: Bought) -> None:
    address = Address(name="A Buyer", line1="1 High Street", city="York", postal_code="YO1 7HH", country="GB")
    mail = mail_of(bought.seller_id, bought.order_id) if draw.chance(0.9) else None
    order = PlaceOrder(
        seller_id=bought.seller_id,
        order_id=bought.order_id,
        marketplace_id="GB",
        channel=bought.channel,
        buyer=Buyer(buyer_id=f"buyer {bought.order_id}", mail=mail, language=draw.dice.choice(("en", "zh"))),
        delivery_address=address,
        lines=tuple(bought.lines),
        placed_at=bought.at if draw.chance(0.7) else None,
    )
    draw.add(bought.at, order, http=draw.chance(0.4))


def _pay(draw: Draw, bought: Bought) -> None:
    dice, about = draw.dice, {"seller_id": bought.seller_id, "order_id": bought.order_id}
    soon = (MINUTE, MINUTE, MINUTE, MINUTE, 5 * MINUTE)
    delays = (-20 * MINUTE, *soon, HOLD, 3 * HOUR, 20 * DAY, PAYMENT_LIMIT, 22 * DAY)
    at = bought.at + dice.choice(delays)
    if draw.chance(0.2):
        draw.add(at - 2 * MINUTE, PaymentDelayed(**about))
    match dice.choice(("verified",) * 8 + ("declined", "nothing")):
        case "verified":
            draw.add(at, PaymentVerified(**about))
        case "declined":
            draw.add(at, PaymentDeclined(seller_id=bought.seller_id, order_id=bought.order_id, fraud=draw.chance(0.5)))
        case _:
            pass


def _cancel(draw: Draw, bought: Bought) -> None:
    dice = draw.dice
    delays = (-10 * MINUTE, 2 * MINUTE, 10 * MINUTE, HOLD, 40 * MINUTE, 2 * HOUR, DAY, 2 * DAY, CONFIRM_BY)
    by = dice.choice((CanceledBy.BUYER, CanceledBy.SELLER, CanceledBy.SELLER))
    items: list[ItemUnits] = []
    if draw.chance(0.4):
        line = dice.randrange(len(bought.lines))
        asin = bought.lines[line].asin if draw.chance(0.5) else None
        items.append(ItemUnits(line=None if asin else line + 1, asin=asin, quantity=dice.randint(1, 2)))
    cancel = CancelOrder(
        seller_id=bought.seller_id,
        order_id=bought.order_id,
        by=by,
        reason=CancelReason.BUYER_CANCELED if by is CanceledBy.BUYER else dice.choice(SELLER_REASONS),
        items=tuple(items),
    )
    draw.add(bought.at + dice.choice(delays), cancel, http=draw.chance(0.4))


def _ship(draw: Draw, bought: Bought) -> None:
    dice = draw.dice
    at = bought.at + dice.choice((HOLD, 31 * MINUTE, *(2 * HOUR, DAY, 2 * DAY) * 2, CONFIRM_BY, CONFIRM_BY + MINUTE))
    if bought.channel is Channel.NETWORK:
        return _ship_from_network(draw, bought, at)
    packages = [bought.package(f"p-{bought.order_id}")]
    if draw.chance(0.4):
        packages.insert(0, bought.package(f"q-{bought.order_id}", [bought.units(dice.randrange(len(bought.lines)), 1)]))
    if draw.chance(0.3):
        packages.pop()
    if packages:
        order = {"seller_id": bought.seller_id, "order_id": bought.order_id}
        draw.add(at, ConfirmShipment(**order, packages=tuple(packages)), http=draw.chance(0.4))
    return None


def _ship_from_network(draw: Draw, bought: Bought, at: datetime) -> None:
    """Line by line; the warehouse may have shipped what was canceled meanwhile, and may not find what it should."""
    about = {"seller_id": bought.seller_id, "order_id": bought.order_id}
    for number, line in enumerate(bought.lines):
        units = bought.units(number, line.quantity)
        if draw.chance(0.1):
            draw.add(at, OrderPickShort(**about, lines=(units,)))
        elif draw.chance(0.9):
            draw.add(at, OrderParcelShipped(**about, package=bought.package(f"n-{number}", [units])))
