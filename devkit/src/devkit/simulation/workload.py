"""What happens outside: buyers, sellers, the payment provider and the warehouse, drawn by the seed as messages, each with the
time at which it is sent. Two sellers have the same SKUs and little stock; much comes early, late, twice or at the very instant
of a deadline.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id
from contracts.inventory import Disposition, SetListing, SetProduct
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
from contracts.warehouse import Adjustment, CustomerReturned, OrderParcelShipped, OrderPickShort, UnitsAdjusted, UnitsReceived

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SELLERS = ("s1", "s2")
SKUS = ("K1", "K2")
LOCATIONS = {
    Channel.SELLER: ("seller:GB:HOME",),
    Channel.NETWORK: ("network:GB:BHX4", "network:GB:LTN1"),
}
ORDERS_MIN, ORDERS_MAX = 4, 8
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOLD, PAYMENT_LIMIT, CONFIRM_BY = 30 * MINUTE, 21 * DAY, 30 * DAY


@dataclass(frozen=True, slots=True)
class Posting:
    """One message on its way to Wharf. `name` makes its identity; a copy has the same. `spoil` says what is wrong with it."""

    at: datetime
    name: str
    message: Message
    http: bool = False
    spoil: str = ""

    @property
    def envelope(self) -> Envelope:
        source = f"/http/{self.message.seller_id}" if self.http else "/outside"
        identity = hashed_id("simulation", self.name)
        return Envelope(source, identity, type(self.message).__name__, self.at, self.message.seller_id, identity)


@dataclass(slots=True)
class Draw:
    """The dice, and what may be drawn in this run."""

    dice: Random
    postings: list[Posting] = field(default_factory=list)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def add(self, at: datetime, message: Message, *, http: bool = False, spoil: str = "") -> None:
        name = f"{len(self.postings)} {type(message).__name__} {message.subject.key}"
        self.postings.append(Posting(max(at, START), name, message, http, spoil))


def workload(dice: Random) -> Sequence[Posting]:
    """All postings of a run in the order of their times."""
    draw = Draw(dice)
    _stock(draw)
    for number in range(dice.randint(ORDERS_MIN, ORDERS_MAX)):
        _order(draw, number)
    _shelf(draw)
    _poison(draw)
    postings = [*draw.postings, *_copies(draw)]
    return sorted(postings, key=lambda posting: posting.at)


def _stock(draw: Draw) -> None:
    for seller_id in SELLERS:
        for number, sku in enumerate(SKUS):
            about: dict[str, Any] = {"seller_id": seller_id, "sku": sku}
            if draw.chance(0.6):
                label = f"X00000000{number}" if draw.chance(0.7) else "X000000000"  # two products may want one label
                draw.add(START, SetProduct(**about, asin=f"B00000000{number}", fnsku=label, title=sku))
            _offer(draw, about)


def _offer(draw: Draw, about: dict[str, Any]) -> None:
    """Units at each location, and listings for some of them."""
    for channel, locations in LOCATIONS.items():
        if draw.chance(0.4):
            draw.add(START, SetListing(**about, marketplace_id="GB", channel=channel))
        for location_id in locations:
            units = draw.dice.randint(3, 7) if channel is Channel.SELLER else draw.dice.randint(0, 4)
            at = START + draw.dice.choice((0, 0, 0, 20)) * MINUTE
            if units:
                draw.add(at, UnitsReceived(**about, location_id=location_id, quantity=units))


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


def _order(draw: Draw, number: int) -> None:
    dice = draw.dice
    skus = [dice.choice(SKUS) for _ in range(dice.choice((1, 1, 2, 3)))]
    price = Money(amount=500, currency="GBP")
    bought = Bought(
        seller_id=dice.choice(SELLERS),
        order_id=f"o{number if draw.chance(0.9) else max(number - 1, 0)}",  # some ids are taken twice, by both sellers too
        channel=dice.choice((Channel.SELLER, Channel.SELLER, Channel.NETWORK)),
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
    order = PlaceOrder(
        seller_id=bought.seller_id,
        order_id=bought.order_id,
        marketplace_id="GB",
        channel=bought.channel,
        buyer=Buyer(buyer_id=f"buyer {bought.order_id}"),
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


def _shelf(draw: Draw) -> None:
    """What happens to stock that nobody asked for, and two products that want one label at the same time."""
    dice = draw.dice
    if draw.chance(0.3):
        for sku in SKUS:
            product = SetProduct(seller_id=SELLERS[0], sku=sku, asin="B000000009", fnsku="X000000009", title="again")
            draw.add(START + 45 * MINUTE, product)
    for _ in range(dice.randint(1, 4)):
        about: dict[str, Any] = {
            "seller_id": dice.choice(SELLERS),
            "sku": dice.choice(SKUS),
            "location_id": dice.choice([place for places in LOCATIONS.values() for place in places]),
            "quantity": dice.randint(1, 4),
        }
        at = START + dice.choice((5, 30, 45, 60, 100, 1000, 3000, 30_000)) * MINUTE
        match dice.choice(("received", "found", "lost", "lost", "damaged", "returned")):
            case "received":
                draw.add(at, UnitsReceived(**about))
            case "returned":
                disposition = dice.choice((Disposition.SELLABLE, Disposition.CUSTOMER_DAMAGED))
                draw.add(at, CustomerReturned(**about, order_id="o1", disposition=disposition))
            case "damaged":
                damage = Disposition.WAREHOUSE_DAMAGED
                draw.add(at, UnitsAdjusted(**about, adjustment=Adjustment.DAMAGED, disposition=damage))
            case other:
                draw.add(at, UnitsAdjusted(**about, adjustment=Adjustment(other)))


SPOILS = ("no json", "no body", "no type", "foreign seller", "foreign key", "other body")
"""`other body`: an identity that was used before, with something else in it."""


def _poison(draw: Draw) -> None:
    for _ in range(draw.dice.randint(0, 3)):
        victim = draw.dice.choice([posting for posting in draw.postings if not posting.http and not posting.spoil])
        spoil = draw.dice.choice(SPOILS)
        posting = replace(victim, at=victim.at + draw.dice.choice((0, 5, 600)) * MINUTE, spoil=spoil)
        if spoil != "other body":
            posting = replace(posting, name=f"poison {len(draw.postings)}")
        draw.postings.append(posting)


def _copies(draw: Draw) -> Iterator[Posting]:
    """The same again, at once or much later."""
    for posting in draw.postings:
        if draw.chance(0.15):
            yield replace(posting, at=posting.at + draw.dice.choice((timedelta(0), MINUTE, HOUR, 2 * DAY, 31 * DAY)))
