"""The largest removals: what the contract lets in is held or refused, and every fact about it fits into a record."""

from collections.abc import Sequence

import pytest

from chassis.outbox import FACT_BYTES_MAX
from contracts.envelope import Message
from contracts.inventory import LEGEND, TOO_MANY_PLACES, UnitsHeld, UnitsRefused, UnitsRemoved
from contracts.removals import (
    ITEMS_MAX,
    LINES_MAX,
    PORTIONS_MAX,
    Method,
    Recipient,
    RemovalLine,
    RemovalPick,
    RemovalPlaced,
    RemovalRefused,
    RemovalShortage,
    ShipTo,
    UnavailableUnits,
)
from contracts.values import Address
from inventory.domain.removal_hold import Refused, Shortage, hold
from inventory.domain.reservation import Line, Reservation, Status
from inventory.domain.stock import Bucket, Item

from support.inventory import LEEDS, NOON, SELLER, YORK, Warehouse, of_kind, units
from support.inventory_removals import BAD, GOOD, called_off, out, requested, sent_out

CENTERS = tuple(f"network:GB:{name * 20}" for name in "ABCDEFG")
SKUS = tuple(f"{number:03}" + "\U0001f4e6" * 37 for number in range(ITEMS_MAX))
"""As long as can be, of characters that take the most bytes."""
EACH = 142_857
"""Units in each place: as many digits as can be."""
TORN = Bucket.DISTRIBUTOR_DAMAGED
"""The bucket with the longest name."""


def stocked() -> Warehouse:
    """Units of every item in seven centers, in both conditions."""
    warehouse = Warehouse(skus=SKUS)
    for sku in SKUS:
        balances = {(center, bucket): EACH for center in CENTERS for bucket in (Bucket.AVAILABLE, TORN)}
        warehouse.books.items[SELLER, sku] = Item(balances=balances)
    return warehouse


def lines(portions: int) -> tuple[RemovalLine, ...]:
    """The most lines that a removal may have, over so many places together."""
    least, more = divmod(portions, LINES_MAX)
    return tuple(
        out(number + 1, EACH * (least + (number < more)), (GOOD, BAD)[number % 2], SKUS[number // 2])
        for number in range(LINES_MAX)
    )


def placed(held: UnitsHeld) -> RemovalPlaced:
    longest = "\U0001f4e6" * 100
    address = Address(
        name=longest,
        line1=longest,
        line2=longest,
        city=longest,
        region=longest,
        postal_code="9" * 20,
        country="GB",
        phone="9" * 30,
    )
    return RemovalPlaced(
        seller_id=SELLER,
        removal_id="r" * 40,
        marketplace_id="GB",
        method=Method.SHIP_TO,
        ship_to=ShipTo(recipient=Recipient.THIRD_PARTY, address=address),
        lines=tuple(RemovalPick(**line.model_dump(), condition=BAD) for line in held.lines),
        leave_by=NOON,
    )


def fits(fact: Message) -> bool:
    return len(fact.model_dump_json().encode()) < FACT_BYTES_MAX


def test_the_largest_hold_and_what_the_warehouse_hears_of_it_fit_into_a_record() -> None:
    (held,) = of_kind(stocked().tell(requested("r-1", *lines(PORTIONS_MAX))), UnitsHeld)
    assert len(held.lines) == PORTIONS_MAX
    assert fits(held)
    assert fits(placed(held))


def test_a_hold_over_more_places_is_refused_for_that_reason_and_holds_nothing() -> None:
    warehouse = stocked()
    (refused,) = warehouse.tell(requested("r-1", *lines(PORTIONS_MAX + 5)))
    (short,) = of_kind([refused], UnitsRefused)[0].missing
    assert (short.line, short.quantity) == (LINES_MAX, EACH * 5)
    assert [(reason.code, reason.quantity) for reason in short.unavailable] == [(TOO_MANY_PLACES, EACH * 5)]
    assert all(warehouse.held(sku) == 0 for sku in SKUS)


def test_the_largest_refusal_fits_into_a_record() -> None:
    reasons = tuple(UnavailableUnits(code=code, quantity=1_000_000) for code in LEGEND)
    missing = tuple(
        RemovalShortage(**line.model_dump(exclude={"quantity"}), quantity=1_000_000, unavailable=reasons)
        for line in lines(LINES_MAX)
    )
    assert fits(UnitsRefused(seller_id=SELLER, removal_id="r" * 40, missing=missing))
    assert fits(RemovalRefused(seller_id=SELLER, removal_id="r" * 40, missing=missing))


SPREAD = Item(
    balances={(LEEDS, Bucket.CUSTOMER_DAMAGED): 1, (LEEDS, TORN): 2, (YORK, Bucket.CUSTOMER_DAMAGED): 2, (YORK, TORN): 4}
)


@pytest.mark.parametrize(
    ("portions_max", "taken"),
    [
        (3, [(LEEDS, Bucket.CUSTOMER_DAMAGED, 1), (YORK, Bucket.CUSTOMER_DAMAGED, 2), (LEEDS, TORN, 2)]),
        (2, [(YORK, TORN, 4), (YORK, Bucket.CUSTOMER_DAMAGED, 1)]),
    ],
)
def test_when_the_usual_places_are_too_many_the_fullest_give_their_units(
    portions_max: int, taken: Sequence[tuple[str, Bucket, int]]
) -> None:
    held = hold([out(1, 5, BAD)], {"mug": SPREAD}, "GB", portions_max)
    assert not isinstance(held, Refused)
    assert [(portion.location_id, portion.bucket, portion.quantity) for portion in held] == taken


def test_what_is_short_and_what_is_in_too_many_places_are_told_together() -> None:
    refused = hold([out(1, 9, BAD), out(2, 3)], {"mug": SPREAD}, "GB", 2)
    reasons = {TOO_MANY_PLACES: 3}
    assert refused == Refused((Shortage(1, "mug", BAD, 3, reasons), Shortage(2, "mug", GOOD, 3, {})))


def test_late_units_from_more_places_than_a_fact_can_name_are_told_in_parts() -> None:
    warehouse = stocked()
    wanted = lines(LINES_MAX * len(CENTERS))
    ended = tuple(
        Line(line.line, CENTERS[0], line.sku, 1, 1, 0, TORN if line.condition == BAD else Bucket.AVAILABLE) for line in wanted
    )
    warehouse.books.reservations[called_off("r-1").subject] = Reservation(Status.ENDED, "GB", "network", ended)
    facts = warehouse.tell(sent_out("r-1", *(units(line.line, line.quantity, line.sku) for line in wanted)))
    parts = of_kind(facts, UnitsRemoved)
    assert [len(part.lines) for part in parts] == [PORTIONS_MAX, LINES_MAX * len(CENTERS) - PORTIONS_MAX]
    assert all(fits(part) for part in parts)
    assert all(units == 0 for sku in SKUS for units in warehouse.item(sku).balances.values())
