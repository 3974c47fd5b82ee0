"""Removals of one run: asked for at once or by a draft, canceled, picked, shipped or disposed of, each drawn apart: the
warehouse may ship what was canceled, more than was asked for, or what it never had. And whom the sellers' mails go to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.notifications import SetSellerContact
from contracts.removals import (
    CancelRemoval,
    ConfirmRemoval,
    DraftRemoval,
    Method,
    Recipient,
    RemovalItem,
    RemovalParcel,
    RequestRemoval,
    ShipTo,
)
from contracts.values import Address, LineUnits
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalPickStarted, RemovalUnitsDisposed, ShortUnits
from devkit.simulation.posting import DAY, HOUR, MINUTE, SELLERS, START, Draw

REMOVALS_MIN, REMOVALS_MAX = 2, 3
LEAVE_BY, GIVEN_UP, DRAFT_EXPIRES = 42 * DAY, 90 * DAY, 30 * DAY
"""About when, for the first: it counts business days."""

UNITS = ((1, 0), (2, 0), (2, 0), (3, 0), (4, 0), (5, 0), (0, 1), (0, 1), (0, 2), (1, 1), (2, 1), (9, 0), (0, 0))
"""Fulfillable and unfulfillable ones of an item; mostly there, sometimes more than there are, or none."""
STREETS = ("7 Mill Lane",) * 14 + ("PO Box 12",)
"""Now and then one that removals must refuse."""
CONTACTS = {seller_id: (f"owner@{seller_id}.example", f"desk@{seller_id}.example") for seller_id in SELLERS}
"""Where each seller's mails may go, and nobody else's."""
GIVEN = "given@operators.example"
"""What an operator says where an address is not known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A removal as the seller and the warehouse know it."""

    seller_id: str
    removal_id: str
    items: Sequence[RemovalItem]
    method: Method
    at: datetime

    @property
    def about(self) -> dict[str, str]:
        return {"seller_id": self.seller_id, "removal_id": self.removal_id}

    def lines(self) -> Iterator[LineUnits]:
        """As removals numbers them: by item, the fulfillable units first."""
        units = [(item.sku, quantity) for item in self.items for quantity in (item.fulfillable, item.unfulfillable) if quantity]
        for number, (sku, quantity) in enumerate(units, start=1):
            yield LineUnits(line=number, sku=sku, quantity=quantity)


def draw_removals(draw: Draw) -> None:
    for number in range(draw.dice.randint(REMOVALS_MIN, REMOVALS_MAX)):
        _removal(draw, number)
    for seller_id in SELLERS:
        _contacts(draw, seller_id)


def _removal(draw: Draw, number: int) -> None:
    dice = draw.dice
    wanted = Wanted(
        seller_id=dice.choice(draw.sellers),
        removal_id=f"r{number if draw.chance(0.9) else max(number - 1, 0)}",
        items=[_item(draw, sku) for sku in dice.sample(draw.skus, min(dice.choice((1, 1, 2)), len(draw.skus)))],
        method=dice.choice((Method.SHIP_TO, Method.SHIP_TO, Method.DISPOSE)),
        at=START + dice.choice((10, 30, 40, 60, 90, 91, 2000)) * MINUTE,
    )
    _ask(draw, wanted)
    picked = wanted.at + dice.choice((-5 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR, DAY, 3 * DAY, LEAVE_BY, GIVEN_UP))
    canceled = draw.chance(0.4)
    if canceled:
        soon = wanted.at + dice.choice((-10 * MINUTE, MINUTE, 10 * MINUTE, 2 * HOUR, DAY, GIVEN_UP))
        at = picked + dice.choice((timedelta(0), timedelta(0), MINUTE, HOUR)) if draw.chance(0.6) else soon
        draw.add(at, CancelRemoval(**wanted.about), http=draw.chance(0.4))
    if draw.chance(0.6 if canceled else 0.85):
        _pick(draw, wanted, picked)


def _item(draw: Draw, sku: str) -> RemovalItem:
    dice = draw.dice
    good, bad = dice.choice(UNITS)
    return RemovalItem(sku=sku, fulfillable=good, unfulfillable=bad)


def _ask(draw: Draw, wanted: Wanted) -> None:
    """At once; or by drafts, of which one is confirmed: in time, when it has expired, or when there is a later one."""
    content: dict[str, Any] = {**wanted.about, "marketplace_id": "GB", "method": wanted.method, "items": tuple(wanted.items)}
    if wanted.method is Method.SHIP_TO:
        content["ship_to"] = _ship_to(draw)
    if draw.chance(0.5):
        return draw.add(wanted.at, RequestRemoval(**content), http=draw.chance(0.3))
    draw.add(wanted.at, DraftRemoval(**content), http=draw.chance(0.4))
    if draw.chance(0.2):
        draw.add(wanted.at + MINUTE, DraftRemoval(**content), http=draw.chance(0.4))
    if draw.chance(0.9):
        at = wanted.at + draw.dice.choice((timedelta(0), MINUTE, MINUTE, 2 * MINUTE, HOUR, DRAFT_EXPIRES))
        number = draw.dice.choice((None, None, 1, 2))
        draw.add(at, ConfirmRemoval(**wanted.about, draft=number), http=draw.chance(0.4))
    return None


def _ship_to(draw: Draw) -> ShipTo:
    address = Address(
        name="The Warehouse",
        line1=draw.dice.choice(STREETS),
        city="Leeds",
        postal_code="LS1 4AP",
        country="GB",
        phone="+44 20 7946 0958",
    )
    return ShipTo(recipient=draw.dice.choice(list(Recipient)), address=address)


def _pick(draw: Draw, wanted: Wanted, at: datetime) -> None:
    """The warehouse begins, mostly before anything leaves; some lines it does not find, some leave in two parcels or twice."""
    dice = draw.dice
    if draw.chance(0.9):
        draw.add(at, RemovalPickStarted(**wanted.about))
    for line in wanted.lines():
        out = at + dice.choice((timedelta(0), MINUTE, HOUR, DAY, DAY))
        if draw.chance(0.15):
            draw.add(out, RemovalPickShort(**wanted.about, lines=(ShortUnits(**dict(line)),)))
        first = int(line.quantity > 1 and draw.chance(0.3))
        if first:
            _leave(draw, wanted, out, line.model_copy(update={"quantity": first}))
        if draw.chance(0.9):
            rest = line.model_copy(update={"quantity": line.quantity - first})
            _leave(draw, wanted, out + dice.choice((timedelta(0), HOUR)), rest)


def _leave(draw: Draw, wanted: Wanted, at: datetime, units: LineUnits) -> None:
    name = f"{wanted.removal_id}-{units.line}-{units.quantity}"
    if wanted.method is Method.DISPOSE:
        return draw.add(at, RemovalUnitsDisposed(**wanted.about, disposal_id=name, lines=(units,)))
    parcel = RemovalParcel(package_id=name, carrier="Post", tracking_number=f"T-{name}", shipped_at=at, lines=(units,))
    return draw.add(at, RemovalParcelShipped(**wanted.about, parcel=parcel))


def _contacts(draw: Draw, seller_id: str) -> None:
    """Mostly known from the beginning; late, changed, or never."""
    if draw.chance(0.1):
        return
    for number in range(draw.dice.choice((1, 1, 2))):
        at = START + draw.dice.choice((0, 0, 0, 100, 2_000, 40_000)) * MINUTE
        language = draw.dice.choice(("en", "zh"))
        contact = SetSellerContact(seller_id=seller_id, mail=CONTACTS[seller_id][number], language=language)
        draw.add(at, contact, http=draw.chance(0.3))
