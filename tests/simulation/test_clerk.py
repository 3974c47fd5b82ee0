"""The clerk sees an order that does what no order may: in histories made by hand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Message
from contracts.inventory import StockReserved
from contracts.orders import (
    HoldEnded,
    ItemsCanceled,
    OrderCanceled,
    OrderPlaced,
    OrderReleased,
    Package,
    PackageShipped,
    PlacedLine,
)
from contracts.payments import PaymentDelayed
from contracts.values import Buyer
from devkit.simulation.clerk import clerk_problems
from devkit.simulation.cut import WHOLE
from devkit.simulation.history import Decided
from devkit.simulation.safeguards import ALL_IN
from devkit.simulation.scheduler import Scheduler
from devkit.simulation.stage import stage_of

from support.orders import HERE, NO_ID, NOON, SUBJECT, a_line, an_order, held, units, verified

OVER = NOON + timedelta(minutes=30)
PLACED = OrderPlaced(
    **HERE,
    marketplace_id="GB",
    channel="seller",
    buyer=Buyer(buyer_id="b-1"),
    placed_at=NOON,
    hold_until=OVER,
    lines=(PlacedLine(line=1, **dict(a_line())),),
)
DAY = NOON.date()
RELEASED = OrderReleased(
    **HERE, released_at=OVER, ship_by=DAY, deliver_from=DAY, deliver_until=DAY, confirm_by=OVER + timedelta(days=30)
)
RESERVED = StockReserved(**HERE, lines=(held(1, 3),))
HOLD_ENDED = HoldEnded(seller_id=HERE["seller_id"], object_id=HERE["order_id"], generation=NO_ID, due_at=OVER)

Step = tuple[Message, datetime, Sequence[Message]]
CHECKOUT: Step = (an_order(), NOON, [PLACED])
STOCK: Step = (RESERVED, NOON, [])
PAYMENT: Step = (verified(), NOON, [])
RELEASE: Step = (HOLD_ENDED, OVER, [RELEASED])


def canceled(*, by: str = "seller", confirmed: bool = True, quantity: int = 3) -> OrderCanceled:
    return OrderCanceled(**HERE, lines=(units(1, quantity),), reason="NoInventory", by=by, confirmed=confirmed)


def shipped(quantity: int) -> PackageShipped:
    package = Package(package_id="p", carrier="Post", tracking_number="T", shipped_at=OVER, lines=(units(1, quantity),))
    return PackageShipped(**HERE, package=package)


def found(*steps: Step) -> list[str]:
    stage = stage_of(0, Scheduler(Random(0)), ALL_IN, WHOLE)
    for number, (message, now, facts) in enumerate(steps):
        about: dict[str, Any] = {"message": message, "id": UUID(int=number), "subject": SUBJECT, "facts": tuple(facts)}
        stage.history.events.append(Decided(service="orders", now=now, at=now, **about))
    return list(clerk_problems(stage))


def test_an_order_that_goes_as_it_should_is_fine() -> None:
    assert (
        found(PAYMENT, CHECKOUT, STOCK, RELEASE, (an_order(), OVER, [shipped(2)]), (an_order(), OVER, [canceled(quantity=1)]))
        == []
    )


WRONG: dict[str, tuple[str, Sequence[Step]]] = {
    "unpaid": ("was released", [CHECKOUT, STOCK, RELEASE]),
    "without stock": ("was released", [CHECKOUT, PAYMENT, RELEASE]),
    "in the hold": ("was released", [CHECKOUT, PAYMENT, (RESERVED, NOON, [RELEASED])]),
    "not at once": ("nothing stood against", [CHECKOUT, STOCK, PAYMENT, (HOLD_ENDED, OVER, [])]),
    "not paid early": ("nothing stood against", [PAYMENT, CHECKOUT, (HOLD_ENDED, OVER, []), (RESERVED, OVER, [])]),
    "placed twice": ("was placed twice", [CHECKOUT, CHECKOUT]),
    "shipped unreleased": ("before it was released", [CHECKOUT, (an_order(), OVER, [shipped(3)])]),
    "shipped ended": (
        "after its end",
        [CHECKOUT, (an_order(), NOON, [canceled(confirmed=False)]), (an_order(), OVER, [shipped(3)])],
    ),
    "ended twice": ("ended twice", [CHECKOUT, (an_order(), NOON, [canceled(confirmed=False), canceled(confirmed=False)])]),
    "too late a buyer": ("the buyer canceled", [CHECKOUT, (an_order(), OVER, [canceled(by="buyer", confirmed=False)])]),
    "no confirmation": ("says otherwise", [CHECKOUT, (an_order(), NOON, [canceled(confirmed=True)])]),
    "too many units": ("that were not open", [CHECKOUT, (an_order(), NOON, [canceled(confirmed=False, quantity=4)])]),
    "units left": (
        "neither shipped nor were canceled",
        [CHECKOUT, (an_order(), NOON, [canceled(confirmed=False, quantity=2)])],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_order_that_does_what_none_may_is_seen(what: str) -> None:
    sentence, steps = WRONG[what]
    assert any(sentence in problem for problem in found(*steps))


def test_units_canceled_one_by_one_count() -> None:
    items = ItemsCanceled(**HERE, lines=(units(1, 2),), reason="NoInventory", by="seller")
    rest = canceled(confirmed=False, quantity=1)
    assert found(CHECKOUT, (an_order(), NOON, [items]), (PaymentDelayed(**HERE), NOON, [rest])) == []
