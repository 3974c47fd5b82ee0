"""Stock of one run: what lies where at first, what is offered, and what happens to units that nobody asked for."""

from typing import Any

from contracts.inventory import Disposition, SetListing, SetProduct
from contracts.values import Channel
from contracts.warehouse import Adjustment, CustomerReturned, UnitsAdjusted, UnitsReceived
from devkit.simulation.posting import LOCATIONS, MINUTE, SELLERS, SKUS, START, Draw

DAMAGES = (Disposition.CUSTOMER_DAMAGED, Disposition.EXPIRED)
"""The states of unfulfillable units here."""


def draw_stock(draw: Draw) -> None:
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
            units = draw.dice.randint(2, 6) if channel is Channel.SELLER else draw.dice.randint(1, 6)
            at = START + draw.dice.choice((0, 0, 0, 20)) * MINUTE
            if units:
                draw.add(at, UnitsReceived(**about, location_id=location_id, quantity=units))
            if channel is Channel.NETWORK and draw.chance(0.4):
                damage = draw.dice.choice(DAMAGES)
                quantity = draw.dice.randint(1, 3)
                draw.add(at, UnitsReceived(**about, location_id=location_id, quantity=quantity, disposition=damage))


def draw_shelf(draw: Draw) -> None:
    """What happens to stock that nobody asked for, and two products that want one label at the same time."""
    dice = draw.dice
    if draw.chance(0.3):
        for sku in SKUS:
            product = SetProduct(seller_id=SELLERS[0], sku=sku, asin="B000000009", fnsku="X000000009", title="again")
            draw.add(START + 45 * MINUTE, product)
    for _ in range(dice.randint(1, 4)):
        about: dict[str, Any] = {
            "seller_id": dice.choice(draw.sellers),
            "sku": dice.choice(draw.skus),
            "location_id": dice.choice([place for places in LOCATIONS.values() for place in places]),
            "quantity": dice.randint(1, 4),
        }
        at = START + dice.choice((5, 30, 45, 60, 100, 1000, 3000, 30_000)) * MINUTE
        match dice.choice(("received", "found", "lost", "lost", "spoiled lost", "damaged", "returned")):
            case "received":
                draw.add(at, UnitsReceived(**about))
            case "returned":
                disposition = dice.choice((Disposition.SELLABLE, Disposition.CUSTOMER_DAMAGED))
                draw.add(at, CustomerReturned(**about, order_id="o1", disposition=disposition))
            case "damaged":
                damage = Disposition.WAREHOUSE_DAMAGED
                draw.add(at, UnitsAdjusted(**about, adjustment=Adjustment.DAMAGED, disposition=damage))
            case "spoiled lost":
                draw.add(at, UnitsAdjusted(**about, adjustment=Adjustment.LOST, disposition=dice.choice(DAMAGES)))
            case other:
                draw.add(at, UnitsAdjusted(**about, adjustment=Adjustment(other)))
